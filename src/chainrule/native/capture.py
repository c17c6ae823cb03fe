"""From a recorded step to the graph of its forward pass, and to the gradients of its parameters.

The step was recorded with the batch as a leaf that requires grad, so that also what is done to the data alone is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from chainrule.native.differentiate import Recorded, gradients
from chainrule.native.forms.site import Site
from chainrule.native.forms.table import form_of
from chainrule.native.graph import CannotLower, Graph, Node, Over, Shape
from chainrule.step import Call, Step, Value

Tensor = torch.Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """What the step was recorded with.

    rows        {name: (samples, …)} the tensors that were given to the model and the loss
    whole       {name: (all samples, …)} the user's arrays of which they are rows
    parameters  {name: tensor} all that may be trained
    made        tensors that the script made of the rows and of nothing else
    detached    tensors without a gradient that it made of something with one
    """

    rows: Mapping[str, Tensor]
    whole: Mapping[str, Tensor]
    parameters: Mapping[str, Tensor]
    made: Sequence[Tensor] = ()
    detached: Sequence[Tensor] = ()

    @property
    def samples(self) -> int:
        return len(next(iter(self.rows.values())))


@dataclass(slots=True)
class Captured:
    """The graph of a forward and backward pass.

    loss        over one, shape ()
    gradients   {parameter leaf: its gradient}
    fixed       {leaf name: array} that never change: buffers, frozen parameters, constants
    masks       {leaf name: (shape inside a sample, p)} of dropout, in the order in which they are drawn
    derived     {leaf name: (samples, …)} what the script made of the data by functions that are not recorded: whole
                numbers have no gradient. Their leaves are data, too
    calls       what was recorded, with the shape of each result inside a sample
    dtype       of every floating-point number
    """

    graph: Graph
    loss: Node
    gradients: dict[Node, Node]
    fixed: dict[str, Tensor]
    masks: dict[str, tuple[Shape, float]]
    derived: dict[str, Tensor]
    calls: list[tuple[str, str, Shape, Over]]
    dtype: torch.dtype

    def __str__(self) -> str:
        lines = [*map(str, self.graph.nodes), self.loss.name]
        return "\n".join([*lines, *(f"{leaf.name}: {g.name}" for leaf, g in self.gradients.items())])


def capture(step: Step, batch: Batch) -> Captured:
    """The graph of a recorded step. Raises CannotLower, naming the call."""
    return Capture(step, batch).captured()


@dataclass
class Capture:
    """Walks the recorded calls in order; the leaves are made when a call first asks for them."""

    step: Step
    batch: Batch
    graph: Graph = field(default_factory=Graph)
    nodes: dict[int, Node] = field(default_factory=dict)  # by the index of the Value
    fixed_arrays: dict[str, Tensor] = field(default_factory=dict)
    masks: dict[str, tuple[Shape, float]] = field(default_factory=dict)
    derived: dict[str, Tensor] = field(default_factory=dict)
    calls: list[tuple[str, str, Shape, Over]] = field(default_factory=list)

    def captured(self) -> Captured:
        if len(self.step.backwards) != 1:
            raise CannotLower(f"the loss had {len(self.step.backwards)} backward passes")
        (backward,) = self.step.backwards
        if backward.hooked:
            raise CannotLower("a hook may change a gradient")
        if len(backward.roots) != 1 or backward.roots[0].numel != 1:
            raise CannotLower("the backward pass does not start from one number")
        root = backward.roots[0]
        recorded = [self._record(call) for call in backward.calls]
        if root.index not in self.nodes:
            raise CannotLower("what the loss was made of was not seen")
        loss = self.nodes[root.index]
        if loss.over != "one":
            raise CannotLower("the loss is that of one sample")
        flows = gradients(self.graph, recorded, root.index)
        found: dict[Node, Node] = {}
        for value in self.step.values:
            leaf = self.nodes.get(value.index)
            if leaf is not None and leaf.op == "parameter" and value.index in flows:
                g = self.graph("broadcast", flows[value.index], shape=leaf.shape)
                found[leaf] = self.graph("add", found[leaf], g) if leaf in found else g
        self.graph.place = ""
        loss = self.graph("reshape", loss, shape=())
        return Captured(self.graph, loss, found, self.fixed_arrays, self.masks, self.derived, self.calls, root.dtype)

    # ------------------------------------------------------------ calls

    def _record(self, call: Call) -> Recorded:
        self.graph.place = call.where
        if call.rule is None:
            raise CannotLower(call.reason or "there is no rule for it", call.name, call.where)
        if call.autocast is not None:
            raise CannotLower("autocast changes its dtype", call.name, call.where)
        form = form_of(call.rule)
        if form is None or len(call.outputs) != 1:
            raise CannotLower("it has no native form yet", call.name, call.where)
        for value in (*call.values, call.output):
            if value.dtype.is_floating_point and value.dtype != self.step.backwards[0].roots[0].dtype:
                raise CannotLower(f"{value.dtype} meets another dtype", call.name, call.where)
        site = Site(self.graph, call, self.batch.samples, self._node_of, self)
        try:
            node, adjoint = form(site)
        except ValueError as error:
            raise CannotLower(str(error), call.name, call.where) from error
        except CannotLower as error:
            raise CannotLower(error.reason, error.function or call.name, error.place or call.where) from error
        shape = (self.batch.samples, *node.shape) if node.over == "batch" else node.shape
        if shape != tuple(call.output.shape):
            raise CannotLower(f"its result {tuple(call.output.shape)} was read as {shape}", call.name, call.where)
        self.nodes[call.output.index] = node
        self.calls.append((call.name, call.where, node.shape, node.over))
        return Recorded(call, adjoint)

    # ------------------------------------------------------------ leaves

    def _node_of(self, value: Value) -> Node:
        if value.index not in self.nodes:
            if value.kind == "result":
                raise CannotLower("an input comes from a function that was not recorded")
            self.nodes[value.index] = self._leaf(value)
        return self.nodes[value.index]

    def _leaf(self, value: Value) -> Node:
        kind: Any = "float" if value.dtype.is_floating_point else "index"
        for name, tensor in self.batch.rows.items():
            if matches(value, tensor):
                return self.graph.leaf("data", name, value.shape[1:], kind)
        for name, tensor in self.batch.parameters.items():
            if value.kind == "parameter" and (matches(value, tensor) or (value.tensor is None and value.name == name)):
                return self.graph.leaf("parameter", name, value.shape)
        if value.tensor is None:
            raise CannotLower(f"the numbers of {value.name or 'a tensor'} were not kept")
        if value.kind == "parameter":
            raise CannotLower(f"{value.name or 'a tensor'} requires grad and belongs neither to model nor optimizer")
        if any(value.tensor.data_ptr() == t.data_ptr() for t in self.batch.detached):
            raise CannotLower("an input changes with the weights and has no gradient")
        whole_numbers = kind == "index"
        if value.shape[:1] == (self.batch.samples,) and any(matches(value, t) for t in self.batch.made):
            if whole_numbers and value.dtype not in (torch.int64, torch.int32):
                raise CannotLower(f"{value.dtype} made of the data")
            name = f"derived{len(self.derived)}"
            self.derived[name] = value.tensor.clone()
            return self.graph.leaf("data", name, value.shape[1:], kind)
        if whole_numbers:
            raise CannotLower("whole numbers that are no rows of the data")
        return self.fixed(f"fixed{len(self.fixed_arrays)}", value.tensor)

    def fixed(self, name: str, numbers: Tensor) -> Node:
        self.fixed_arrays[name] = numbers.detach().clone()
        return self.graph.leaf("tensor", name, tuple(numbers.shape))

    def mask(self, shape: Shape, p: float) -> Node:
        name = f"mask{len(self.masks)}"
        self.masks[name] = (shape, p)
        return self.graph.leaf("mask", name, shape)

    def whole(self, leaf: Node) -> Tensor:
        if leaf.op != "data":
            raise CannotLower("its indices are not those of the batch")
        name = leaf["name"]
        return self.derived[name] if name in self.derived else self.batch.whole[name]


def matches(value: Value, tensor: Tensor) -> bool:
    """Whether the value is this tensor, unchanged."""
    seen = value.tensor
    return (
        seen is not None
        and value.dtype == tensor.dtype
        and tuple(value.shape) == tuple(tensor.shape)
        and seen.data_ptr() == tensor.data_ptr()
        and seen.stride() == tensor.stride()
        and bool(tensor.numel())
    )
