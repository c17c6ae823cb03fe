"""Trains thousands of initialisations of one small network at once, each as PyTorch would have trained it alone."""

from __future__ import annotations

import copy
import os
import pickle
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from chainrule.errors import BadOption
from chainrule.native.compiled import Task
from chainrule.native.graph import CannotLower
from chainrule.native.hoist import Host
from chainrule.native.interpreter import Interpreter
from chainrule.native.job import DTYPES, data, whole_step
from chainrule.native.memory import Array, Memory
from chainrule.native.program import Program
from chainrule.native.swarm import SwarmMachine, SwarmMemory
from chainrule.rules.optimizers import numbers
from chainrule.run.schedule import Schedule
from chainrule.training.alike import kind, named, need_same_kind
from chainrule.training.parts import Parts
from chainrule.training.settings import Inputs, Settings, checked

Tensor = torch.Tensor
BLOCK = 4096  # networks that one worker trains at a time, at most; results do not depend on it
SMALLEST = 256  # of them: below, what a block costs by itself counts


@dataclass(frozen=True)
class Sweep:
    """Many trainings of one network from different first weights.

    seeds    network i was made after torch.manual_seed(seeds[i])
    steps    at which the losses were kept, the last step among them
    losses   (steps, networks), in the network's dtype
    weights  {parameter: (networks, *shape)} after the last step, and buffers, where they were trained in PyTorch
    by       "swarm", or "PyTorch" and why
    model    makes a network
    """

    seeds: tuple[int, ...]
    steps: tuple[int, ...]
    losses: Array
    weights: dict[str, Array]
    by: str
    model: Callable[[], nn.Module]

    def __len__(self) -> int:
        return len(self.seeds)

    def solved(self, below: float) -> Array:
        """(networks,) whether the last loss lies below this."""
        found: Array = self.losses[-1] < below
        return found

    def stuck(self, below: float, apart: float = 0.005) -> list[tuple[float, int]]:
        """Where the networks that did not solve it ended: (mean loss, how many), the most frequent first.

        Losses that lie less than `apart` from the next one belong together.
        """
        rest = np.sort(self.losses[-1][~self.solved(below)].astype(np.float64))
        rest = rest[np.isfinite(rest)]
        groups = np.split(rest, np.flatnonzero(np.diff(rest) > apart) + 1) if rest.size else []
        return sorted(((float(group.mean()), len(group)) for group in groups), key=lambda pair: (-pair[1], pair[0]))

    def network(self, index: int) -> nn.Module:
        """Network `index` with its weights after the training. torch's random state stays as it was."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seeds[index])
            net = self.model()
        with torch.no_grad():
            for name, part in named(net).items():
                if name in self.weights:
                    part.copy_(torch.from_numpy(self.weights[name])[index])
        return net

    def __repr__(self) -> str:
        return f"<chainrule sweep: {len(self):,} networks, {self.steps[-1] + 1:,} steps, by {self.by}>"


# ---------------------------------------------------------------- a block of networks, in any process


@dataclass(frozen=True)
class Block:
    """Networks that one worker trains.

    own      {parameter or state: (*shape, networks)}, written
    shared   {data or tensor: numbers}
    scalars  (steps, scalars)
    steps    at which the losses are kept
    """

    program: Program
    batch: int
    dtype: str
    own: dict[str, Array]
    shared: dict[str, Array]
    scalars: Array
    steps: tuple[int, ...]


def train_block(block: Block) -> tuple[Array, dict[str, Array]]:
    """The losses (steps, networks), and {parameter: (networks, *shape)} after the last step. Raises CannotLower."""
    machine = SwarmMachine(Task(block.program, block.batch, block.dtype))
    networks = next(iter(block.own.values())).shape[-1]
    missing = -networks % machine.lanes  # a vector is filled up with copies of the last network
    own = {
        name: np.ascontiguousarray(np.concatenate([a, *[a[..., -1:]] * missing], axis=-1))
        for name, a in block.own.items()
    }
    memory = SwarmMemory(own | block.shared, block.scalars, np.empty(networks + missing, block.dtype))
    losses = np.empty((len(block.steps), networks), block.dtype)
    done = 0
    for row, step in enumerate(block.steps):
        machine.run(memory, done, step + 1 - done)
        losses[row] = memory.losses[:networks]
        done = step + 1
    names = [leaf["name"] for leaf in block.program.leaves("parameter")]
    return losses, {name: np.moveaxis(own[name][..., :networks], -1, 0).copy() for name in names}


def train_sent(block: bytes) -> tuple[Array, dict[str, Array]]:
    """A block that was sent: as bytes, since an executor that looks into it to name its task (Dask) would follow every
    way through the graph of a step."""
    return train_block(pickle.loads(block))


def need_same_step(block: Block) -> None:
    """Compares one step of the first network with NumPy's. Raises CannotLower; what is allowed is √eps."""
    first = {name: array[..., :1] for name, array in block.own.items()}
    losses, ours = train_block(Block(block.program, block.batch, block.dtype, first, block.shared, block.scalars, (0,)))
    arrays = {name: array[..., 0].copy() for name, array in first.items()} | block.shared
    memory = Memory(arrays, block.scalars, np.empty(1))
    Interpreter(block.program, np.dtype(block.dtype)).run(memory, 0, 1)
    near = float(np.sqrt(np.finfo(block.dtype).eps))
    pairs = [(losses[0, 0], memory.losses[0]), *((ours[name][0], arrays[name]) for name in ours)]
    for mine, numpys in pairs:
        if not np.allclose(mine, numpys, rtol=near, atol=near, equal_nan=True):
            raise CannotLower("the compiled step differs from NumPy's")


# ---------------------------------------------------------------- the call


def sweep(
    model: Callable[[], nn.Module],
    loss_fn: Callable[..., Tensor],
    optimizer: Callable[[Iterable[Tensor]], torch.optim.Optimizer],
    X: Inputs,
    y: Tensor,
    seeds: int | Sequence[int],
    epochs: int,
    *,
    steps: Sequence[int] | None = None,
    executor: Executor | None = None,
) -> Sweep:
    """Train a network from many first weights, on all samples at every step.

    model      makes the network: `lambda: nn.Sequential(…)`; called after torch.manual_seed(seed) for each seed
    optimizer  makes the optimizer: `lambda parameters: torch.optim.SGD(parameters, lr=1.0)`
    seeds      so many, from 0, or these
    steps      at which losses are kept; by default densely at first, then ever more rarely, and the last
    executor   any of concurrent.futures, also those of loky or Dask; None: a thread for each processor. The results
               do not depend on it.

    What has no native form trains in PyTorch, one network after the other. torch's random state stays as it was.
    Raises BadOption, or what PyTorch raises.
    """
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not chosen:
        raise BadOption("seeds", seeds, "wanted: at least one")
    inputs, order = checked(X, y, Settings(epochs))
    kept = tuple(sorted(set(usual_steps(epochs) if steps is None else steps) | {epochs - 1}))
    if kept[0] < 0 or kept[-1] >= epochs:
        raise BadOption("steps", list(kept), f"the steps are 0 to {epochs - 1}")
    random = torch.get_rng_state()
    try:
        torch.manual_seed(chosen[0])
        net = model()
        parts = Parts(net, loss_fn, optimizer(net.parameters()), inputs, y, order)
        try:
            block = whole_block(parts, model, optimizer, chosen, epochs, kept)
            need_same_step(block)
        except CannotLower as error:
            return one_by_one(model, loss_fn, optimizer, inputs, y, order, chosen, epochs, kept, str(error))
    finally:
        torch.set_rng_state(random)
    size = min(BLOCK, max(SMALLEST, -(-len(chosen) // processors())))
    pieces = [piece(block, start, min(start + size, len(chosen))) for start in range(0, len(chosen), size)]
    if executor is not None:
        found = list(executor.map(train_sent, [pickle.dumps(part) for part in pieces]))
    else:
        with ThreadPoolExecutor(processors()) as threads:
            found = list(threads.map(train_block, pieces))
    losses = np.concatenate([losses for losses, _ in found], axis=1)
    weights = {name: np.concatenate([part[name] for _, part in found]) for name in found[0][1]}
    return Sweep(chosen, kept, losses, weights, "swarm", model)


def processors() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usual_steps(epochs: int) -> list[int]:
    """Those that a run records by default."""
    schedule, found = Schedule(), [0]
    while (step := schedule.next_after(found[-1])) < epochs:
        found.append(step)
    return found


def whole_block(
    parts: Parts,
    model: Callable[[], nn.Module],
    make_optimizer: Callable[[Iterable[Tensor]], torch.optim.Optimizer],
    seeds: Sequence[int],
    epochs: int,
    steps: tuple[int, ...],
) -> Block:
    """All networks in one block, before their first step; the network of `parts` makes one to be captured."""
    optimizer, parameters = parts.optimizer, parts.parameters
    fresh = {id(p): copy.deepcopy(state) for p, state in optimizer.state.items()}  # Adagrad's sums may start above 0
    settings = [numbers(group) for group in optimizer.param_groups]
    if any(group.get("momentum") and group.get("dampening") for group in optimizer.param_groups):
        raise CannotLower("its first step differs from the others", "SGD with dampening")
    assert isinstance(parts.model, nn.Module)
    alike = kind(parts.model, optimizer)
    parts.eager_step(None)
    (captured,) = parts.captures(None).values()
    if captured.masks:
        raise CannotLower("its random numbers would be the same for all networks", "F.dropout")
    program = whole_step(captured, optimizer, parameters)
    dtype = np.dtype(DTYPES[captured.dtype])
    own: dict[str, Array] = {}
    names = [leaf["name"] for leaf in program.leaves("parameter")]
    weights = first_weights(model, make_optimizer, seeds, names, alike)
    for leaf in program.leaves("parameter"):
        own[leaf["name"]] = weights[leaf["name"]]
    for leaf in program.leaves("state"):
        kept, _, name = leaf["name"].partition(":")
        start = fresh.get(id(parameters[name]), {}).get(kept)
        own[leaf["name"]] = np.zeros((*leaf.shape, len(seeds)), dtype)
        if start is not None:
            own[leaf["name"]] += start.numpy()[..., None]
    shared = {leaf["name"]: data({**parts.whole, **captured.derived}[leaf["name"]]) for leaf in program.leaves("data")}
    shared |= {
        leaf["name"]: captured.fixed[leaf["name"]].to(captured.dtype).numpy() for leaf in program.leaves("tensor")
    }
    scalars = Host(program.scalars).table([settings], [1] * len(settings), epochs)
    return Block(program, parts.order.samples, dtype.name, own, shared, scalars, steps)


def first_weights(
    model: Callable[[], nn.Module],
    make_optimizer: Callable[[Iterable[Tensor]], torch.optim.Optimizer],
    seeds: Sequence[int],
    names: Sequence[str],
    alike: dict[str, Any],
) -> dict[str, Array]:
    """{parameter: (*shape, networks)}. Raises CannotLower where a network is of another kind than `alike`."""
    found: dict[str, list[Array]] = {name: [] for name in names}
    for seed in seeds:
        torch.manual_seed(seed)
        net = model()
        need_same_kind(alike, kind(net, make_optimizer(net.parameters())), (seeds[0], seed))
        parameters = dict(net.named_parameters())
        for name in names:
            if name not in parameters:
                raise CannotLower(f"{name} is no parameter of the model")
            found[name].append(parameters[name].detach().numpy())
    return {name: np.stack(arrays, axis=-1) for name, arrays in found.items()}


def piece(block: Block, start: int, stop: int) -> Block:
    own = {name: array[..., start:stop] for name, array in block.own.items()}
    return Block(block.program, block.batch, block.dtype, own, block.shared, block.scalars, block.steps)


def one_by_one(
    model: Callable[[], nn.Module],
    loss_fn: Callable[..., Tensor],
    optimizer: Callable[[Iterable[Tensor]], torch.optim.Optimizer],
    inputs: tuple[Tensor, ...],
    target: Tensor,
    order: Any,
    seeds: tuple[int, ...],
    epochs: int,
    steps: tuple[int, ...],
    reason: str,
) -> Sweep:
    """The same in PyTorch."""
    losses, weights = [], []
    for seed in seeds:
        torch.manual_seed(seed)
        net = model()
        parts = Parts(net, loss_fn, optimizer(net.parameters()), inputs, target, order)
        all_losses = [parts.eager_step(None) for _ in range(epochs)]
        losses.append([all_losses[step] for step in steps])
        weights.append({name: part.detach().numpy() for name, part in named(net).items()})
    shapes = [{name: part.shape for name, part in one.items()} for one in weights]
    other = next((seed for seed, shape in zip(seeds, shapes, strict=True) if shape != shapes[0]), None)
    if other is not None:
        raise BadOption("model", f"of another shape for seed {other}", "wanted: the same parameters for all seeds")
    stacked = {name: np.stack([one[name] for one in weights]) for name in weights[0]}
    return Sweep(seeds, steps, np.array(losses).T, stacked, f"PyTorch: {reason}", model)
