"""From the recorded calls and autograd's graph to the calls of one backward pass, and what autograd sent along it.

The vertices are recorded calls that have a rule, and single autograd nodes (*opaque* calls) for everything else: custom
functions, other threads, earlier steps. Autograd runs once, by the user's own backward; hooks on its nodes note what
it sent.
"""

from __future__ import annotations

from typing import Any

import torch

from chainrule.rules import RULES
from chainrule.step import Backward, Call, Value, arguments_of
from chainrule.watching.recorder import Edge, Recorder

Tensor = torch.Tensor
Node = Any  # torch.autograd.graph.Node


class Graph:
    """The graph under the roots of one backward pass.

    check   whether to note autograd's gradients at every node, so that each rule can be checked alone
    """

    def __init__(self, recorder: Recorder, roots: list[Tensor], seeds: list[Tensor], check: bool) -> None:
        self.recorder = recorder
        self.check = check
        self.banned: dict[Call, str] = {}
        self.sent: dict[int, tuple[Tensor | None, ...]] = {}
        self.arrived: dict[int, tuple[Tensor | None, ...]] = {}
        self.received: dict[int, Tensor] = {}
        self._handles: list[Any] = []
        values = [recorder.value_of(root, keep=True) for root in roots]
        self._ban_what_cannot_be_trusted()
        while True:
            self.calls: list[Call] = []
            self.opaque: dict[int, Node] = {}  # call index -> its node
            self.leaves: dict[int, Tensor] = {}
            self._opaque_of: dict[int, Call] = {}
            self._walk(values)
            if not self._ban_shared_nodes():
                break
        self.backward = Backward(values, seeds, self.calls)
        for call in self.opaque_calls():
            recorder.step.calls.append(call)

    def opaque_calls(self) -> list[Call]:
        return list(self._opaque_of.values())

    # ------------------------------------------------------------ which calls to use

    def _ban_what_cannot_be_trusted(self) -> None:
        recorder = self.recorder
        for call in set(recorder.producer.values()):
            rule = RULES[call.rule or ""]
            for name, argument in call.arguments.items():
                if name in rule.keeps and any(value.overwritten for value in arguments_of(argument)):
                    self.banned[call] = f"{name} was overwritten before the backward pass"
            if "output" in rule.keeps and call.outputs[0].overwritten:
                self.banned[call] = "its output was overwritten before the backward pass"
        for edge in recorder.hooked:
            if edge in recorder.producer:
                self.banned[recorder.producer[edge]] = "a hook of the script may change its gradient"

    def _usable(self, edge: Edge) -> Call | None:
        call = self.recorder.producer.get(edge)
        return None if call is None or call in self.banned else call

    def _ban_shared_nodes(self) -> bool:
        """A second derivative can reach a node *inside* a recorded call; what such a node sent is the sum of both
        uses, so the call is left to autograd. True when something was banned and the walk must be done again."""
        if not self.opaque:
            return False
        nodes = {id(node) for node in self.opaque.values()}
        again = False
        for call in self.calls:
            if call.rule is not None and nodes & {id(n) for n in self._inside(call)}:
                self.banned[call] = "a second derivative runs through it"
                again = True
        return again

    def _inside(self, call: Call) -> list[Node]:
        """The autograd nodes that the call made."""
        edges = self.recorder.edges
        stops = {self._edge(value) for value in call.inputs}
        found: dict[int, Node] = {}
        stack = [edges[v.index][0] for v in call.outputs if v.requires_grad and v.index in edges]
        while stack:
            node = stack.pop()
            if id(node) in found:
                continue
            found[id(node)] = node
            for following, output_nr in node.next_functions:
                if following is None or hasattr(following, "variable") or (id(following), output_nr) in stops:
                    continue
                stack.append(following)
        return list(found.values())

    def _edge(self, value: Value) -> Edge | None:
        at = self.recorder.edges.get(value.index)
        return None if at is None else (id(at[0]), at[1])

    # ------------------------------------------------------------ the walk

    def _walk(self, roots: list[Value]) -> None:
        """Depth first from the roots; a call is listed after everything it depends on."""
        done: set[int] = set()
        stack: list[tuple[Call, list[Value]]] = []

        def enter(value: Value) -> None:
            call = self._maker(value)
            if call is not None and call.index not in done:
                done.add(call.index)
                stack.append((call, list(reversed(call.inputs))))

        for root in roots:
            enter(root)
            while stack:
                call, waiting = stack[-1]
                if waiting:
                    enter(waiting.pop())
                else:
                    self.calls.append(call)
                    stack.pop()

    def _maker(self, value: Value) -> Call | None:
        """The call that made a value; None for a leaf."""
        at = self.recorder.edges.get(value.index)
        if at is None:
            self.leaves[value.index] = self.recorder.leaves[value.index]
            return None
        node, output_nr = at
        return self._usable((id(node), output_nr)) or self._opaque(node)

    def _opaque(self, node: Node) -> Call:
        call = self._opaque_of.get(id(node))
        if call is None:
            recorder = self.recorder
            inputs = []
            for following, output_nr in node.next_functions:
                if following is None:
                    continue
                if hasattr(following, "variable"):
                    inputs.append(recorder.value_of_leaf(following.variable))
                else:
                    inputs.append(recorder.value_at(following, output_nr))
            outputs = [recorder.value_at(node, nr) for nr in range(len(node._input_metadata))]
            index = len(recorder.step.calls) + len(self._opaque_of)
            call = Call(index, node.name(), None, "", "", 0, {"inputs": inputs}, outputs)
            self._describe(call, node)
            self._opaque_of[id(node)] = call
            self.opaque[call.index] = node
        return call

    def _describe(self, call: Call, node: Node) -> None:
        """Name the node after the torch call it was made in, where that was recorded."""
        call.reason = "no recorded call made it"
        edge = next(
            ((id(node), nr) for nr in range(len(call.outputs)) if (id(node), nr) in self.recorder.producer), None
        )
        made_by = self.recorder.producer.get(edge) if edge else None
        if made_by is not None:
            call.reason = self.banned.get(made_by, "")
        else:
            number = node._sequence_nr()
            for first, last, recorded in self.recorder.unruled:
                if first <= number < last:
                    made_by, call.reason = recorded, recorded.reason
        if made_by is not None:
            call.name = made_by.name
            call.module, call.file, call.line = made_by.module, made_by.file, made_by.line

    # ------------------------------------------------------------ what autograd sends

    def hook(self) -> None:
        nodes = {id(n): n for n in self.opaque.values()}
        if self.check:
            for call in self.calls:
                if call.rule is not None:
                    nodes.update((id(n), n) for n in self._inside(call))
        for node in nodes.values():
            self._handles.append(node.register_hook(self._note(id(node))))
        for index, leaf in self.leaves.items():
            accumulator = self._accumulator(leaf)
            if accumulator is not None:
                self._handles.append(accumulator.register_prehook(self._note_leaf(index)))

    def _accumulator(self, leaf: Tensor) -> Node | None:
        """The node through which a gradient reaches the leaf. torch finds it by a view, which not every layout has."""
        if leaf.layout is torch.strided:
            return torch.autograd.graph.get_gradient_edge(leaf).node
        stack = [at[0] for root in self.backward.roots if (at := self.recorder.edges.get(root.index)) is not None]
        seen: set[int] = set()
        while stack:
            node = stack.pop()
            if getattr(node, "variable", None) is leaf:
                return node
            fresh = {id(n): n for n, _ in node.next_functions if n is not None and id(n) not in seen}
            seen.update(fresh)
            self.recorder.nodes.update(fresh)  # held: a freed node's id would be used again
            stack.extend(fresh.values())
        return None

    def _note(self, node_id: int) -> Any:
        def note(sent: tuple[Tensor | None, ...], arrived: tuple[Tensor | None, ...]) -> None:
            self.sent[node_id] = tuple(None if g is None else g.detach() for g in sent)
            if self.check:
                self.arrived[node_id] = tuple(None if g is None else g.detach() for g in arrived)

        return note

    def _note_leaf(self, index: int) -> Any:
        def note(arrived: tuple[Tensor | None, ...]) -> None:
            # The tensor itself, not an alias: autograd then sees it is in use and copies it into .grad, so that
            # nothing which later writes to .grad can change what is noted here.
            if arrived[0] is not None:
                self.received[index] = arrived[0]

        return note

    def unhook(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def finish(self) -> Backward:
        """The backward pass with everything autograd sent, after it has run."""
        for call in self.calls:
            node = self.opaque.get(call.index)
            if node is not None:
                self._deliver(call, node)
            elif self.check:
                self._deliver_alone(call)
        self.backward.received = self.received
        self.backward.hooked = {i for i, leaf in self.leaves.items() if getattr(leaf, "_backward_hooks", None)}
        return self.backward

    def _deliver(self, call: Call, node: Node) -> None:
        sent = self.sent.get(id(node), ())
        at = zip(node.next_functions, sent, strict=False)
        call.sent = [g for (following, _), g in at if following is not None] or [None] * len(call.inputs)

    def _deliver_alone(self, call: Call) -> None:
        """Autograd's gradient of the call's outputs, and what its nodes sent to the call's inputs."""
        upstream: list[Tensor | None] = []
        for value in call.outputs:
            at = self.recorder.edges.get(value.index) if value.requires_grad else None
            upstream.append(self.arrived.get(id(at[0]), {at[1]: None})[at[1]] if at else None)
        places = {self._edge(value): place for place, value in enumerate(call.outputs)}
        targets: dict[Any, int] = {}
        inputs = call.inputs
        for value in inputs:
            edge = self._edge(value)
            leaf = self.recorder.leaves.get(value.index)
            targets[edge if edge is not None else id(leaf)] = value.index
        delivered: dict[int, Tensor] = {}
        for node in self._inside(call):
            for (following, output_nr), g in zip(node.next_functions, self.sent.get(id(node), ()), strict=False):
                if following is None or g is None:
                    continue
                place = places.get((id(following), output_nr))
                arrived = None if place is None else upstream[place]
                if place is not None and arrived is not None:  # from one output to another: c of an LSTM cell, by h
                    upstream[place] = arrived - g
                leaf = getattr(following, "variable", None)
                index = targets.get((id(following), output_nr) if leaf is None else id(leaf))
                if index is not None:
                    delivered[index] = delivered[index] + g if index in delivered else g
        if any(g is not None for g in upstream):
            self.backward.upstream[call.index] = upstream
            self.backward.delivered[call.index] = [delivered.get(value.index) for value in inputs]
