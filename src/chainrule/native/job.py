"""A training made ready: the programs of its batch sizes, the arrays they share, the machines that run them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from chainrule.native.capture import Batch, Captured
from chainrule.native.clock import Window
from chainrule.native.fading import faded
from chainrule.native.graph import CannotLower
from chainrule.native.hoist import Host
from chainrule.native.interpreter import Interpreter
from chainrule.native.memory import Array, Machine, Memory
from chainrule.native.program import Program, validate
from chainrule.native.updates import Updates, update_rule
from chainrule.step import Step

Tensor = torch.Tensor
DTYPES: dict[torch.dtype, Any] = {torch.float32: np.float32, torch.float64: np.float64}


# ---------------------------------------------------------------- arrays


def shared(tensor: Tensor, name: str) -> Array:
    """The tensor's own memory: what the machine writes is in the torch object at once."""
    if tensor.device.type != "cpu" or not tensor.is_contiguous():
        raise CannotLower(f"{name} is on {tensor.device}, or not contiguous")
    array: Array = tensor.detach().numpy()
    return array


def data(tensor: Tensor) -> Array:
    """The user's rows, as the machine reads them; copied only where they must be."""
    whole = tensor.detach().contiguous()
    array: Array = (whole if whole.dtype.is_floating_point else whole.long()).numpy()
    return array


def in_order(window: Window, found: Mapping[int, Array]) -> Array:
    """(steps, …): what each batch size has for its own steps."""
    whole = np.empty((window.steps, *next(iter(found.values())).shape[1:]))
    for size, rows in found.items():
        whole[window.parts[size].places] = rows
    return whole


# ---------------------------------------------------------------- one program


def whole_step(
    captured: Captured, optimizer: torch.optim.Optimizer, parameters: Mapping[str, Tensor], strict: bool = False
) -> Program:
    """Forward, backward and the update of every parameter that the optimizer has and a gradient reaches.

    Except where `strict`, states that fade away end at 0 (fading.py).
    """
    rule = update_rule(optimizer)
    updates = Updates(captured.graph)
    leaves = {id(parameters[leaf["name"]]): leaf for leaf in captured.gradients}
    for number, group in enumerate(optimizer.param_groups):
        for parameter in group["params"]:
            leaf = leaves.get(id(parameter))
            if leaf is not None:
                state = optimizer.state.get(parameter, {})
                updates.add(rule, number, group, state, leaf, captured.gradients[leaf])
    trained = {leaf: captured.gradients[leaf] for leaf in captured.gradients if leaf in updates.writes}
    program = validate(Program(captured.loss, trained, updates.writes, tuple(updates.scalars.values())))
    return program if strict else validate(faded(program, captured.graph, DTYPES[captured.dtype]))


def steps_of(optimizer: torch.optim.Optimizer) -> list[int]:
    """For each parameter group how many steps it has made. Raises CannotLower where its parameters differ."""
    made = []
    for group in optimizer.param_groups:
        counts = {int(optimizer.state[p]["step"]) for p in group["params"] if "step" in optimizer.state.get(p, {})}
        if len(counts) > 1:
            raise CannotLower("parameters of one group have made different numbers of steps", "optimizer.step")
        made.append(counts.pop() if counts else 0)
    return made


def same_way(first: Captured, second: Captured) -> bool:
    """Whether two batches, perhaps of different sizes, went through the same calls to the same leaves."""
    leaves = [{leaf["name"] for leaf in captured.gradients} for captured in (first, second)]
    return first.calls == second.calls and leaves[0] == leaves[1] and first.masks == second.masks


def need_equal(first: Captured, second: Captured) -> None:
    """Raises CannotLower where what was captured depends on the data."""
    if str(first) != str(second):
        line = next((a for a, b in zip(first.graph.nodes, second.graph.nodes, strict=False) if str(a) != str(b)), None)
        raise CannotLower("two batches went different ways", *((line.op, line.place) if line is not None else ()))
    for name, array in first.fixed.items():
        if not torch.equal(array, second.fixed[name]):
            raise CannotLower(f"an array {tuple(array.shape)} that is no row of the data differs between two batches")


def need_agreement(captured: Captured, step: Step, batch: Batch) -> None:
    """Compares the captured graph with what PyTorch computed for loss and gradients. Raises CannotLower.

    A fault of structure shows in the first digits, rounding in the last: what is allowed is √eps of the largest
    gradient, and rounding of numbers of the size of the loss where the gradients cancel (64·eps).
    """
    program = validate(Program(captured.loss, captured.gradients, {}))
    dtype = np.dtype(DTYPES[captured.dtype])
    arrays = {name: data(rows) for name, rows in {**batch.rows, **captured.derived}.items()}
    arrays |= {name: parameter.detach().numpy() for name, parameter in batch.parameters.items()}
    arrays |= {name: array.to(captured.dtype).numpy() for name, array in captured.fixed.items()}
    drawn = [call.saved["factor"] for call in step.backwards[0].calls if call.rule == "dropout"]
    masks = {name: factor[None].numpy() for name, factor in zip(captured.masks, drawn, strict=True)}
    with np.errstate(all="ignore"):
        memory = Memory(arrays, np.zeros((1, 0)), np.zeros(1), masks=masks)
        values = Interpreter(program, dtype).values(memory, 0)
    eps = np.finfo(dtype).eps
    loss = step.loss
    received = {
        value.name: g for value in step.values if (g := step.backwards[0].received.get(value.index)) is not None
    }
    by_pointer = {value.tensor.data_ptr(): step.backwards[0].received.get(value.index)
                  for value in step.values if value.kind == "parameter" and value.tensor is not None}  # fmt: skip
    pairs = [(float(values[program.loss]), torch.tensor(loss, dtype=torch.float64), "the loss")]
    for leaf, node in captured.gradients.items():
        theirs = by_pointer.get(batch.parameters[leaf["name"]].data_ptr(), received.get(leaf["name"]))
        if theirs is not None:
            pairs.append((values[node], theirs, f"the gradient of {leaf['name']}"))
    largest = max([float(theirs.abs().max()) for _, theirs, _ in pairs[1:]], default=0.0)
    for ours, theirs, what in pairs:
        reference = theirs.double().numpy()
        if not np.isfinite(reference).all():
            continue
        size = abs(loss) if what == "the loss" else largest
        allowed = math.sqrt(eps) * size + 64 * eps * (1 + abs(loss))
        difference = float(np.abs(np.asarray(ours, dtype=np.float64) - reference).max())
        if not difference <= allowed:
            raise CannotLower(f"{what} differs from PyTorch's by {difference:.2g}, where {allowed:.2g} is rounding")


# ---------------------------------------------------------------- all of them

# of a program, batch size, dtype, strict, norms, gathered: see choose.machine
Choose = Callable[[Program, int, str, bool, bool, bool], Machine]


@dataclass
class Job:
    """Runs windows of steps.

    machines   {batch size: machine}
    arrays     shared by them, those of parameters and optimizer state with the torch objects
    trained    the parameters that the updates write
    """

    captured: Captured
    programs: dict[int, Program]
    machines: dict[int, Machine]
    arrays: dict[str, Array]
    trained: list[Tensor]
    optimizer: torch.optim.Optimizer
    norms: bool

    def __post_init__(self) -> None:
        hosts = {program.scalars: Host(program.scalars) for program in self.programs.values()}
        self.hosts = {size: hosts[program.scalars] for size, program in self.programs.items()}
        self._proved: set[int] = set()
        self._made = steps_of(self.optimizer)
        states = [self.optimizer.state[parameter] for parameter in self.trained if parameter in self.optimizer.state]
        self._counters = [state["step"] for state in states if "step" in state]

    def run(self, window: Window) -> tuple[Array, Array | None]:
        """The losses of the steps made, and the norms where they were asked for; fewer than the window where one of
        the losses is not finite."""
        memories = {size: self._memory(window, size) for size in window.parts}
        for size, memory in memories.items():
            if size not in self._proved:
                self._prove(size, memory)
                self._proved.add(size)
        made = self._train(window, memories)
        self._made = [before + made for before in self._made]
        for counter in self._counters:
            counter += made
        losses = {size: memory.losses for size, memory in memories.items()}
        norms = {size: memory.norms for size, memory in memories.items() if memory.norms is not None}
        return in_order(window, losses)[:made], in_order(window, norms)[:made] if norms else None

    def _memory(self, window: Window, size: int) -> Memory:
        """Of the window's steps with batches of this size."""
        program, part = self.programs[size], window.parts[size]
        first = [made + 1 for made in self._made]
        scalars = self.hosts[size].table(window.settings, first, window.steps)[part.places]
        norms = np.empty((len(scalars), len(program.gradients))) if self.norms else None
        return Memory(self.arrays, scalars, np.empty(len(scalars)), part.order, part.masks, norms)

    def _train(self, window: Window, memories: Mapping[int, Memory]) -> int:
        """How many steps were made, the last of which may have a loss that is not finite."""
        done = dict.fromkeys(memories, 0)
        for size, steps in window.stretches:
            made = self.machines[size].run(memories[size], done[size], steps)
            done[size] += made
            if made < steps or not math.isfinite(memories[size].losses[done[size] - 1]):
                break
        return sum(done.values())

    def _prove(self, size: int, memory: Memory) -> None:
        """Make the window's first step on the side, and compare it with NumPy's. Raises CannotLower where they differ.

        What is allowed is √eps of the largest number written, as in need_agreement. Adam divides by the gradient's own
        size, so that one of pure rounding moves its weight as far as any other: those are left out.
        """
        program = self.programs[size]
        dtype = np.dtype(DTYPES[self.captured.dtype])
        before = {leaf["name"]: self.arrays[leaf["name"]].copy() for leaf in program.writes}
        with np.errstate(all="ignore"):
            values = Interpreter(program, dtype).values(memory, 0)
        try:
            self.machines[size].run(memory, 0, 1)
            ours = {name: self.arrays[name].copy() for name in before}
        finally:
            for name, array in before.items():
                self.arrays[name][...] = array
        near = math.sqrt(np.finfo(dtype).eps)
        slopes = {leaf["name"]: np.abs(values[node]) for leaf, node in program.gradients.items()}
        steepest = max((float(slope.max(initial=0)) for slope in slopes.values()), default=0.0)
        pairs = [("the loss", memory.losses[0], values[program.loss], True)]
        pairs += [
            (
                leaf["name"],
                ours[leaf["name"]],
                values[node],
                slopes[leaf["name"].partition(":")[2] or leaf["name"]] > near * steepest,
            )
            for leaf, node in program.writes.items()
        ]
        for name, mine, numpys, counts in pairs:
            if not np.isfinite(numpys).all():
                continue
            differs = np.where(counts, np.abs(np.subtract(mine, numpys, dtype=np.float64)), 0.0)
            if not differs.max(initial=0) <= near * (1 + np.abs(numpys).max(initial=0)):
                raise CannotLower(f"the compiled step differs from NumPy's in {name}, by {differs.max():.2g}")


def prepare(
    captures: Mapping[int, Captured],
    whole: Mapping[str, Tensor],
    parameters: Mapping[str, Tensor],
    optimizer: torch.optim.Optimizer,
    choose: Choose,
    strict: bool = False,
    norms: bool = False,
    gathered: bool = False,
) -> Job:
    """The job of a training whose optimizer has made its first step. Raises CannotLower.

    captures   {batch size: the graph}
    whole      {name: the user's array}; what was derived from them is in the captures, for all samples
    """
    first = next(iter(captures.values()))
    if first.dtype not in DTYPES:
        raise CannotLower(f"the loss is {first.dtype}")
    for other in captures.values():
        if not same_way(first, other):
            raise CannotLower("a shorter batch goes another way")
    programs = {size: whole_step(captured, optimizer, parameters, strict) for size, captured in captures.items()}
    program = next(iter(programs.values()))
    arrays: dict[str, Array] = {}
    for leaf in program.nodes:
        match leaf.op:
            case "parameter":
                arrays[leaf["name"]] = shared(parameters[leaf["name"]], leaf["name"])
            case "state":
                kept, _, name = leaf["name"].partition(":")
                arrays[leaf["name"]] = shared(optimizer.state[parameters[name]][kept], leaf["name"])
            case "tensor":
                arrays[leaf["name"]] = np.ascontiguousarray(first.fixed[leaf["name"]].to(first.dtype).numpy())
            case "data":
                arrays[leaf["name"]] = data({**whole, **first.derived}[leaf["name"]])
    dtype = np.dtype(DTYPES[first.dtype])
    if any(arrays[leaf["name"]].dtype != dtype for leaf in program.leaves("state")):
        raise CannotLower("the optimizer keeps its state in another dtype")
    machines = {size: choose(made, size, dtype.name, strict, norms, gathered) for size, made in programs.items()}
    trained = [parameters[leaf["name"]] for leaf in program.gradients]
    return Job(first, programs, machines, arrays, trained, optimizer, norms)
