"""The recorder: a torch function mode that writes down every differentiable call of one step.

A value's identity is its edge in autograd's graph, (grad_fn, output_nr); a leaf is itself. In-place writes, views and
shared results need no bookkeeping beyond that: a write gives a tensor a new edge, hence a new Value.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import nn
from torch._C import _autograd
from torch._C._functorch import is_functorch_wrapped_tensor as is_transformed  # inside torch.func's grad, vmap, …
from torch.overrides import TorchFunctionMode

from chainrule.rules import SPELLINGS, Bound, Rule, part_of, through_view
from chainrule.step import Call, Line, Step, Value, arguments_of, map_argument
from chainrule.watching.beside.asides import COMPARES, DATA
from chainrule.watching.beside.frozen import FREEZES
from chainrule.watching.beside.notes import Notes
from chainrule.watching.beside.pairs import Pairs
from chainrule.watching.beside.writes import SET_GRADIENT
from chainrule.watching.functions import FUNCTIONS, is_attribute, name_of, tensors_in, writes_in_place
from chainrule.watching.opening import body_of, can_open
from chainrule.watching.place import Owners, Places, caller
from chainrule.watching.sharded import SHARDED, Refused, is_distributed, is_sharded

Tensor = torch.Tensor
Edge = tuple[int, int]  # (id of an autograd node, which of its outputs)
sequence_number = _autograd._get_sequence_nr

# Values that no rule reads are kept for display only, up to this many bytes in one step.
DISPLAY_BYTES = 64 << 20
# Forward calls that no backward pass has used by then are forgotten: the script may be evaluating with gradients on.
MOST_CALLS = 20_000
MOST_BYTES = 4 << 30
REGISTER_HOOK = Tensor.register_hook


@lru_cache(FUNCTIONS)
def is_of_no_interest(function: Callable[..., Any]) -> bool:
    """Attributes that are read or written and tell nothing, and marks that torch's optimizers make for its profiler."""
    if getattr(function, "__module__", "") == "torch._ops.profiler":
        return True
    noted = function in (DATA, SET_GRADIENT) or function in FREEZES
    return is_attribute(function) and function not in SPELLINGS and not noted


class Recorder(TorchFunctionMode):
    """Records the calls of one step into `step`. Failures of ours are noted in step.problems, never raised.

    `display_bytes` is how much is kept of what no rule reads; None is DISPLAY_BYTES. `origin_of` knows where a module
    was made, `owners` and `pairs` are kept from step to step, `trained` knows whether a weight had gradients in an
    earlier training.
    """

    def __init__(
        self,
        index: int,
        display_bytes: int | None,
        origin_of: Callable[[nn.Module], Line],
        owners: Owners,
        pairs: Pairs,
        trained: Callable[[Tensor], bool],
    ) -> None:
        super().__init__()
        self.step = Step(index)
        self._trained = trained
        self._owners = owners
        self._pairs = pairs
        self.places = Places(origin_of, owners)
        self.closed = False
        self.hooked: set[Edge] = set()  # values whose gradient a hook of the user may change
        self.producer: dict[Edge, Call] = {}
        self.unruled: list[tuple[int, int, Call]] = []  # (first, last) sequence number of a call without a rule
        self.nodes: dict[int, Any] = {}  # holds every node met: a freed node's id would be used again
        self.edges: dict[int, tuple[Any, int]] = {}  # value index -> (node, output_nr)
        self.leaves: dict[int, Tensor] = {}  # value index -> the tensor itself, for leaves and data
        self._by_edge: dict[Edge, Value] = {}
        self._by_tensor: dict[int, tuple[Value, Any]] = {}  # of leaves and data, with the state read
        self._by_storage: dict[int, list[Value]] = {}
        self._fresh: list[Value] = []  # kept since the last write: not yet in _by_storage
        self._copied: set[int] = set()  # values whose memory was written to, or memory beside theirs
        self._display_bytes = DISPLAY_BYTES if display_bytes is None else display_bytes
        self.kept_bytes = 0
        self._tokens: list[Tensor] = []
        self._opening: set[Callable[..., Any]] = set()
        self._roots_seen = 0
        self._notes = Notes(self._pairs, self._trained)

    # ------------------------------------------------------------ torch calls us here

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if self.closed or is_of_no_interest(func):
            return func(*args, **kwargs)
        if func == DATA:
            return self._data(func, args)
        tensors: list[Tensor] = []
        begun = None
        try:
            tensors += tensors_in((args, kwargs))
            body = self._opened(func, tensors)
            if body is not None:
                return self._inside(func, body, args, kwargs)
            begun = self._begin(func, args, kwargs, tensors)
        except Refused as refused:
            self.refuse(str(refused))
        except Exception as error:
            self._problem(func, error)
        out = func(*args, **kwargs)
        if begun is not None or not torch.is_grad_enabled() or func in COMPARES:
            try:
                if begun is None or not self._finish(func, begun, out):
                    self._notes.aside(func, args, kwargs, tensors, out, self.places, self._number_of)
            except Refused as refused:
                self.refuse(str(refused))
            except Exception as error:
                self._problem(func, error)
        with contextlib.suppress(Exception):  # what a diagnosis asks for, and nothing else depends on
            if begun is None:
                self._notes.without_gradient(func, args, kwargs, tensors, out)
            self._notes.called(func, args, kwargs, self.places, self.leaves)
        return out

    def _opened(self, func: Callable[..., Any], tensors: list[Tensor]) -> Callable[..., Any] | None:
        """The body of a function that is to be recorded call by call, or None."""
        if func in SPELLINGS or func in self._opening or not torch.is_grad_enabled():
            return None
        if not can_open(func, tensors) or not any(t.requires_grad for t in tensors):
            return None
        return body_of(func)

    def _inside(
        self, func: Callable[..., Any], body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        self._opening.add(func)
        try:
            with self:
                return body(*args, **kwargs)
        finally:
            self._opening.discard(func)

    def _problem(self, func: Callable[..., Any], error: Exception) -> None:
        name, where = "a call", ""
        with contextlib.suppress(Exception):
            name = name_of(func)
        with contextlib.suppress(Exception):
            _, file, line = self.places.here(caller(2))
            where = f" at {file}:{line}" if file else ""
        self.step.problems.append(f"{name}{where} was not recorded: {type(error).__name__}: {error}")

    # ------------------------------------------------------------ before and after the call

    def _begin(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor]
    ) -> Begun | None:
        """What must be read before the call runs; None when it is not one to record."""
        writes = writes_in_place(func)
        if kwargs and (kwargs.get("inplace") or kwargs.get("out") is not None):
            writes = True
        if not writes and not torch.is_grad_enabled():
            return None
        if any(map(is_transformed, tensors)):
            return None
        target = None
        if tensors and writes:
            target = next(tensors_in(kwargs["out"])) if kwargs.get("out") is not None else tensors[0]
        if not torch.is_grad_enabled() or not any(t.requires_grad for t in tensors):
            if target is not None:
                self.before_write(target)
            return None
        if func is REGISTER_HOOK:
            node = args[0].grad_fn
            if node is not None:
                self.hooked.add((id(node), args[0].output_nr))
            return None
        for tensor in tensors:
            if tensor._base is not None:
                self._look_again(tensor)
        base = target._base if target is not None else None
        spelling = SPELLINGS.get(func)
        candidates: list[tuple[Rule | None, dict[str, Any]]] = []
        reason = "no rule for this function"
        if kwargs.get("out") is not None:
            reason = "written to out="
        elif spelling is not None:
            given = {name: a for name, a in kwargs.items() if name != "out"}  # torch itself passes out=None on
            for rule, bound in spelling.bind(args, given):
                if base is not None and target is not None:
                    part = part_of(base, target)
                    if part is None or bound.get("input") is not target:
                        reason = "written through a view that is no part of its base in order"
                        continue
                    rule, bound = through_view(rule), {**bound, "input": base, "part": part}
                arguments = {name: self._argument(a, name in rule.keeps) for name, a in bound.items()}
                candidates.append((rule, arguments))
        if not candidates:
            values = [self.value_of(t, keep=False) for t in tensors]
            candidates = [(None, {"inputs": values})]
        if target is not None:
            self.before_write(target)
        before = {value.index for _, bound in candidates for a in bound.values() for value in arguments_of(a)}
        autocast = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None
        return Begun(candidates, before, autocast, sequence_number(), target, reason)

    def _look_again(self, view: Tensor) -> None:
        """A view whose base was written since has a new place in autograd's graph, as_strided of the base as it is."""
        node, base = view.grad_fn, view._base
        if node is None or base is None or (id(node), view.output_nr) in self._by_edge:
            return
        part = part_of(base, view)
        if part is None or node.name() != "AsStridedBackward0" or node.next_functions[0][0] is not base.grad_fn:
            return
        size, stride, offset = part
        arguments = {"input": self.value_of(base, keep=False), "size": size, "stride": stride, "storage_offset": offset}
        value = self.value_of(view, keep=False)
        module, file, line = self.places.here(caller(3))
        call = Call(len(self.step.calls), "Tensor.as_strided", "as_strided", module, file, line, arguments, [value])
        self.step.calls.append(call)
        self.producer[id(node), view.output_nr] = call

    def _argument(self, argument: Any, keep: bool) -> Any:
        return map_argument(lambda part: self.value_of(part, keep) if isinstance(part, Tensor) else part, argument)

    def _data(self, func: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """tensor.data is read. Of a leaf that took part it is only handed on: so a script writes its weights itself."""
        out = func(*args)
        self._notes.writes.alias(args[0], out)
        if args[0].grad_fn is not None or (args[0].requires_grad and self._number_of(args[0]) is None):
            try:
                self._notes.aside(func, args, {}, [args[0]], out, self.places, self._number_of)
            except Exception as error:
                self._problem(func, error)
        return out

    def _number_of(self, tensor: Tensor) -> int | None:
        """The number of a tensor's Value, if it has one."""
        if tensor.grad_fn is not None:
            value = self._by_edge.get((id(tensor.grad_fn), tensor.output_nr))
            return None if value is None else value.index
        return self._by_tensor[id(tensor)][0].index if id(tensor) in self._by_tensor else None

    def _finish(self, func: Callable[..., Any], begun: Begun, out: Any) -> bool:
        """Write the call down; whether its result can have a gradient."""
        target = begun.target  # an item assignment returns nothing, a write through a view is one into its base
        results = list(tensors_in(out if target is None else target if target._base is None else target._base))
        if any(map(is_transformed, results)):
            return True
        outputs = [self.value_of(t, keep=False) for t in results]
        if not any(v.requires_grad and v.index not in begun.before for v in outputs):
            # nothing new: dropout in eval mode, .contiguous() on a contiguous tensor, an in-place view write
            return False
        module, file, line = self.places.here(caller(2))
        if len(self.places.roots) > self._roots_seen:
            self._roots_seen = len(self.places.roots)
            if is_sharded(self.places.roots[-1]):
                self.refuse(SHARDED)
                return True
        call = Call(len(self.step.calls), name_of(func), None, module, file, line, {}, outputs, autocast=begun.autocast)
        call.made = self.places.made(module)
        call.reason = begun.reason
        for rule, arguments in begun.candidates:
            call.arguments = arguments
            if rule is None:
                break
            if "part" in arguments and target is not None and part_of(results[0], target) != arguments["part"]:
                reason = "the view itself was changed"  # squeeze_, transpose_
            else:
                reason = self._declined(rule, call, results)
            if not reason:
                call.rule, call.reason = rule.name, ""
                break
            call.reason = reason
        if not self.step.backwards and (len(self.step.calls) >= MOST_CALLS or self.kept_bytes > MOST_BYTES):
            self.forget()
            return True
        self.step.calls.append(call)
        if call.rule is None:
            call.arguments = {"inputs": call.values}
            self.unruled.append((begun.sequence, sequence_number(), call))
            return True
        for tensor, value in zip(results, outputs, strict=True):
            if value.requires_grad and value.index not in begun.before and tensor.grad_fn is not None:
                self.producer.setdefault((id(tensor.grad_fn), tensor.output_nr), call)
        return True

    def _declined(self, rule: Rule, call: Call, results: list[Tensor]) -> str:
        """Why the rule does not cover this call, or ""; saves what the rule needs from the moment of the call."""
        bound = Bound(call)
        with torch._C.DisableTorchFunction(), torch.no_grad():
            reason = rule.declines(bound)
            if not reason:
                saved = rule.save(bound, results[0])
                if saved is None:
                    return "its random numbers cannot be read back"
                call.saved = saved
        if not reason and "output" in rule.keeps:
            for tensor, value in zip(results, call.outputs, strict=True):
                self._keep(value, tensor)
        return reason

    # ------------------------------------------------------------ values

    def value_of(self, tensor: Tensor, keep: bool) -> Value:
        """The Value of a tensor as it is now; `keep` when a rule reads its numbers."""
        if is_distributed(tensor):
            raise Refused(SHARDED)
        node = tensor.grad_fn if tensor.requires_grad else None
        if node is not None:
            edge = (id(node), tensor.output_nr)
            value = self._by_edge.get(edge)
            if value is None:
                value = self._new(tensor, "result")
                self._by_edge[edge] = value
                self.edges[value.index] = (node, tensor.output_nr)
                self.nodes[edge[0]] = node
                if isinstance(node, torch._C._FunctionBase):
                    self._tokens.append(tensor)  # a Python node does not keep its C++ graph alive
        else:
            state = state_of(tensor)
            value, seen = self._by_tensor.get(id(tensor), (None, None))
            unchanged = value is not None and seen == state and value.requires_grad == tensor.requires_grad
            if value is None or not unchanged or self._rewritten(value, tensor):
                value = self._new(tensor, "parameter" if tensor.requires_grad else "data")
                self._by_tensor[id(tensor)] = (value, state)
                self.leaves[value.index] = tensor
                value.name = "" if self._owners.named(tensor) else self.places.variable_name(tensor, caller(3))
        if value.tensor is None:
            size = tensor.numel() * tensor.element_size()
            if keep or size <= self._display_bytes:
                if not keep:
                    self._display_bytes -= size
                self._keep(value, tensor)
        return value

    def _keep(self, value: Value, tensor: Tensor) -> None:
        if value.tensor is None:
            value.tensor = tensor.detach()
            self._fresh.append(value)
            self.kept_bytes += tensor.numel() * tensor.element_size()
            value.version = None if tensor.is_inference() else tensor._version

    def _new(self, tensor: Tensor, kind: Any) -> Value:
        value = Value(len(self.step.values), tuple(tensor.shape), tensor.dtype, None, tensor.requires_grad, kind)
        self.step.values.append(value)
        return value

    def value_at(self, node: Any, output_nr: int) -> Value:
        """The Value at an edge of the graph; one without numbers where no recorded call made it."""
        edge = (id(node), output_nr)
        value = self._by_edge.get(edge)
        if value is None:
            about = node._input_metadata[output_nr]
            shape = tuple(about.shape) if not about.is_nested_tensor else ()
            value = Value(len(self.step.values), shape, about.dtype, None, True, "result")
            self.step.values.append(value)
            self._by_edge[edge] = value
            self.edges[value.index] = (node, output_nr)
            self.nodes[edge[0]] = node
        return value

    def value_of_leaf(self, leaf: Tensor) -> Value:
        return self.value_of(leaf, keep=True)

    # ------------------------------------------------------------ writes

    def before_write(self, target: Tensor) -> None:
        """Copy the kept values that share the target's memory: it is about to be overwritten."""
        for value in self._fresh:
            if value.tensor is not None and value.tensor.layout is torch.strided:
                self._by_storage.setdefault(value.tensor.untyped_storage()._cdata, []).append(value)
        self._fresh.clear()
        if target.layout is not torch.strided:
            return
        for value in self._by_storage.pop(target.untyped_storage()._cdata, ()):
            if value.tensor is not None and not value.overwritten:
                value.tensor = value.tensor.clone()
                value.version = value.tensor._version
                self._copied.add(value.index)

    def _rewritten(self, value: Value, tensor: Tensor) -> bool:
        """Whether a tensor that seems to be unchanged was written through its `.data`, which leaves no trace in it."""
        if value.index not in self._copied or value.tensor is None:
            return False
        self._copied.discard(value.index)
        with torch._C.DisableTorchFunction():
            return not torch.equal(value.tensor, tensor)

    def knows(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether one of the optimizer's parameters took part in a recorded call."""
        return any(id(p) in self._by_tensor for group in optimizer.param_groups for p in group["params"])

    def known(self, leaves: Iterable[Tensor]) -> Iterator[int]:
        """The numbers of the Values of those that took part, be it beside the graph."""
        for leaf in leaves:
            if id(leaf) in self._by_tensor:
                yield self._by_tensor[id(leaf)][0].index
            elif self._notes.asides.takes(leaf):
                yield self.value_of(leaf, keep=True).index

    def preserved(self, leaf: Tensor) -> tuple[Value, Tensor]:
        """The leaf's Value, and its numbers where no write can reach them any more."""
        value = self.value_of(leaf, keep=True)
        self.before_write(leaf)
        assert value.tensor is not None
        return value, value.tensor

    def name_parameters(self) -> None:
        """Give parameters and buffers their names in their module, and a number to parameters without any name.

        A parameter that was written within the step has a Value for each of its states: "w" and "w#2".
        """
        names = self.places.parameter_names()
        used = {value.index for backward in self.step.backwards for call in backward.calls for value in call.values}
        used |= {index for update in self.step.updates for index in update.parameters}
        idle = {index for update in self.step.updates for index in update.idle}
        idle -= {value.index for call in self.step.calls for value in call.values} if idle else set()

        def waiting(leaf: Tensor) -> tuple[int, str] | None:
            value, _ = self._by_tensor.get(id(leaf), (None, None))
            return None if value is None or value.index not in idle else (value.index, names.get(id(leaf), value.name))

        self.step.asides = self._notes.asides.all(self._number_of, used, waiting)
        self._notes.fill(self.step, self.leaves, names)
        taken: dict[str, int] = {}
        owned: list[Tensor] = []
        unnamed = 0
        for index, leaf in self.leaves.items():
            value = self.step.values[index]
            value.owned = id(leaf) in names
            if value.owned:
                owned.append(leaf)
            value.name = names.get(id(leaf), value.name)
            if value.kind != "parameter":
                continue
            if index not in used:
                value.name = ""
                continue
            unnamed += not value.name
            name = value.name or f"parameter{unnamed}"
            again = taken[name] = taken.get(name, 0) + 1
            value.name = name if again == 1 else f"{name}#{again}"
        self._owners.note(owned)

    def forget(self) -> None:
        """Let go of the calls so far: what depends on them is left to autograd."""
        for part in (self.step.calls, self.step.values, self.producer, self.unruled, self.nodes, self.edges):
            part.clear()
        self._notes = Notes(self._pairs, self._trained)
        for more in (self.leaves, self._by_edge, self._by_tensor, self._by_storage, self._tokens, self._fresh):
            more.clear()
        self.kept_bytes = 0

    def refuse(self, why: str) -> None:
        """Nothing of this step can be recorded truly: it keeps its loss, and says why."""
        self.closed = True
        self.forget()
        self.step.problems.append(why)

    def close(self) -> None:
        """Stop recording and let go of the graph."""
        self.closed = True
        for part in (self.producer, self.unruled, self.nodes, self.edges, self.leaves, self._by_edge, self._tokens):
            part.clear()
        self._by_tensor.clear()
        self._by_storage.clear()
        self._fresh.clear()
        self.places.clear()  # torch modules imported meanwhile may hold the recorder: stack.unnoticed


class Begun:
    """What was read before a call: the rules that may cover it, its input values, autocast, sequence number, the
    tensor it writes to, and why it has no rule if it has none."""

    __slots__ = ("autocast", "before", "candidates", "reason", "sequence", "target")

    def __init__(
        self,
        candidates: list[tuple[Rule | None, dict[str, Any]]],
        before: set[int],
        autocast: torch.dtype | None,
        sequence: int,
        target: Tensor | None,
        reason: str,
    ) -> None:
        self.candidates, self.before, self.autocast, self.sequence = candidates, before, autocast, sequence
        self.target, self.reason = target, reason


def state_of(tensor: Tensor) -> Any:
    """Differs once the tensor has other numbers: written in place, or exchanged by `.data =` as in model.double()."""
    version = None if tensor.is_inference() else tensor._version
    return version, tensor.dtype, tensor.shape, tensor.data_ptr() if tensor.layout is torch.strided else 0
