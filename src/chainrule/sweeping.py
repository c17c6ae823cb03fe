"""Trains thousands of initialisations of one small network at once, each as PyTorch would have trained it alone."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import nn

from chainrule.alike import traits
from chainrule.capturing import Parts
from chainrule.errors import BadOption
from chainrule.native.compiled import Task
from chainrule.native.graph import CannotLower
from chainrule.native.hoist import Host
from chainrule.native.interpreter import Interpreter
from chainrule.native.job import DTYPES, data, whole_step
from chainrule.native.memory import Array, Memory
from chainrule.native.order import Order
from chainrule.native.program import Program
from chainrule.native.swarm import SwarmMachine, SwarmMemory
from chainrule.rules.optimizers import numbers
from chainrule.run.schedule import Schedule
from chainrule.training import Inputs, Settings, checked

Tensor = torch.Tensor
BLOCK = 4096  # networks that one worker trains at a time; results do not depend on it


@dataclass(frozen=True)
class Sweep:
    """Many trainings of one network from different first weights.

    seeds    network i was made after torch.manual_seed(seeds[i])
    steps    at which the losses were kept, the last step among them
    losses   (steps, networks), in the network's dtype
    weights  {parameter: (networks, *shape)} after the last step
    by       "swarm", or "PyTorch" and why; both where the networks differ in more than their weights
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
        """Network `index` with its weights after the training."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seeds[index])
            net = self.model()
        named = dict(net.named_parameters())
        with torch.no_grad():
            for name, numbers in self.weights.items():
                named[name].copy_(torch.from_numpy(numbers[index]))
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


def need_same_step(block: Block, first_losses: Sequence[float]) -> None:
    """Compares every network's first loss with PyTorch's, and one step of the first network with NumPy's.

    Raises CannotLower; what is allowed is √eps.
    """
    near = float(np.sqrt(np.finfo(block.dtype).eps))
    losses, _ = train_block(replace(block, steps=(0,)))
    if not np.allclose(losses[0], first_losses, rtol=near, atol=near, equal_nan=True):
        raise CannotLower("not all networks go the same way")
    first = {name: array[..., :1] for name, array in block.own.items()}
    losses, ours = train_block(replace(block, own=first, steps=(0,)))
    arrays = {name: array[..., 0].copy() for name, array in first.items()} | block.shared
    memory = Memory(arrays, block.scalars, np.empty(1))
    Interpreter(block.program, np.dtype(block.dtype)).run(memory, 0, 1)
    pairs = [(losses[0, 0], memory.losses[0]), *((ours[name][0], arrays[name]) for name in ours)]
    for mine, numpys in pairs:
        if not np.allclose(mine, numpys, rtol=near, atol=near, equal_nan=True):
            raise CannotLower("the compiled step differs from NumPy's")


# ---------------------------------------------------------------- what is trained


@dataclass(frozen=True)
class Asked:
    """What `sweep` was given. `steps` are those at which losses are kept."""

    model: Callable[[], nn.Module]
    loss_fn: Callable[..., Tensor]
    optimizer: Callable[[Iterable[Tensor]], torch.optim.Optimizer]
    inputs: tuple[Tensor, ...]
    target: Tensor
    order: Order
    epochs: int
    steps: tuple[int, ...]

    def made(self, seed: int) -> Parts:
        torch.manual_seed(seed)
        net = self.model()
        return Parts(net, self.loss_fn, self.optimizer(net.parameters()), self.inputs, self.target, self.order)

    def made_again(self, seed: int, like: Hashable) -> Parts:
        """Raises BadOption where it has become another one."""
        parts = self.made(seed)
        if traits(parts.model, parts.optimizer) != like:
            reason = f"what it makes, or its optimizer, changes from call to call with the same seed {seed}"
            raise BadOption("model", getattr(self.model, "__name__", "model"), reason)
        return parts


@dataclass
class Group:
    """Networks that differ in nothing but their first weights.

    places   in the sweep's seeds
    weights  {parameter: an array for each network}, before the first step
    losses   of the first step, in PyTorch
    """

    places: list[int] = field(default_factory=list)
    weights: dict[str, list[Array]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)

    def add(self, place: int, parts: Parts) -> None:
        self.places.append(place)
        for name, parameter in named_parameters(parts).items():
            self.weights.setdefault(name, []).append(parameter.detach().numpy())
        self.losses.append(float(parts.loss_fn(parts.model(*parts.inputs), parts.target).detach()))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: arrays[0].shape for name, arrays in self.weights.items()}


def named_parameters(parts: Parts) -> dict[str, Tensor]:
    """Of the model alone."""
    return dict(parts.model.named_parameters()) if isinstance(parts.model, nn.Module) else {}


def groups(asked: Asked, seeds: Sequence[int]) -> dict[Hashable, Group]:
    """{traits: the networks that have them}. Raises BadOption where the weights have no common shapes."""
    found: dict[Hashable, Group] = {}
    for place, seed in enumerate(seeds):
        parts = asked.made(seed)
        found.setdefault(traits(parts.model, parts.optimizer), Group()).add(place, parts)
    first, *others = found.values()
    for other in others:
        if other.shapes != first.shapes:
            name = next(n for n in first.shapes | other.shapes if first.shapes.get(n) != other.shapes.get(n))
            shapes = [group.shapes.get(name, "missing") for group in (first, other)]
            reason = (
                f"{name} is {shapes[0]} with seed {seeds[first.places[0]]}, {shapes[1]} with {seeds[other.places[0]]}"
            )
            raise BadOption("model", "networks of several shapes", f"{reason}; sweep each shape by itself")
    return found


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

    model      makes the network: `lambda: nn.Sequential(…)`; called after torch.manual_seed(seed) for each seed, and
               again: nothing but the seed may change what it makes
    optimizer  makes the optimizer: `lambda parameters: torch.optim.SGD(parameters, lr=1.0)`
    seeds      so many, from 0, or these
    steps      at which losses are kept; by default densely at first, then ever more rarely, and the last
    executor   any of concurrent.futures, also those of loky or Dask; None: a thread for each processor. The results
               do not depend on it.

    Networks that differ in more than their weights (an activation or a learning rate drawn by the seed) are compiled
    once for each kind. What has no native form trains in PyTorch, one network after the other. torch's random state
    stays as it was. Raises BadOption, also where parameters differ in shape, or what PyTorch raises.
    """
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not chosen:
        raise BadOption("seeds", seeds, "wanted: at least one")
    inputs, order = checked(X, y, Settings(epochs))
    kept = tuple(sorted(set(usual_steps(epochs) if steps is None else steps) | {epochs - 1}))
    if kept[0] < 0 or kept[-1] >= epochs:
        raise BadOption("steps", list(kept), f"the steps are 0 to {epochs - 1}")
    asked = Asked(model, loss_fn, optimizer, inputs, y, order, epochs, kept)
    pieces: list[Block] = []
    places: list[int] = []  # of the networks of `pieces`, then of those that PyTorch trained
    slow: list[int] = []
    trained: list[tuple[Array, dict[str, Array]]] = []
    reasons: list[str] = []
    with torch.random.fork_rng(devices=[]):
        for like, group in groups(asked, chosen).items():
            own = [chosen[place] for place in group.places]
            try:
                block = whole_block(asked.made_again(own[0], like), group, asked)
                need_same_step(block, group.losses)
            except CannotLower as error:
                trained.append(one_by_one(asked, own, like))
                reasons.append(str(error))
                slow += group.places
            else:
                pieces += [piece(block, start, min(start + BLOCK, len(own))) for start in range(0, len(own), BLOCK)]
                places += group.places
    if executor is not None:
        found = list(executor.map(train_block, pieces))
    else:
        with ThreadPoolExecutor(processors()) as threads:
            found = list(threads.map(train_block, pieces))
    found += trained
    back = np.argsort(places + slow)
    losses = np.concatenate([losses for losses, _ in found], axis=1)[:, back]
    names = [name for name in found[0][1] if all(name in weights for _, weights in found)]
    weights = {name: np.concatenate([part[name] for _, part in found])[back] for name in names}
    by = "swarm" if not slow else f"PyTorch: {reasons[0]}"
    if slow and places:
        by = f"swarm, {len(slow):,} of them by {by}"
    return Sweep(chosen, kept, losses, weights, by, model)


def processors() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usual_steps(epochs: int) -> list[int]:
    """Those that a run records by default."""
    schedule, found = Schedule(), [0]
    while (step := schedule.next_after(found[-1])) < epochs:
        found.append(step)
    return found


def whole_block(parts: Parts, group: Group, asked: Asked) -> Block:
    """A group's networks in one block, before their first step; that of `parts` is one of them, to be captured."""
    optimizer, parameters = parts.optimizer, parts.parameters
    fresh = {id(p): copy.deepcopy(state) for p, state in optimizer.state.items()}  # Adagrad's sums may start above 0
    settings = [numbers(group) for group in optimizer.param_groups]
    if any(group.get("momentum") and group.get("dampening") for group in optimizer.param_groups):
        raise CannotLower("its first step differs from the others", "SGD with dampening")
    assert isinstance(parts.model, nn.Module)
    parts.eager_step(None)
    (captured,) = parts.captures(None).values()
    if captured.masks:
        raise CannotLower("its random numbers would be the same for all networks", "F.dropout")
    program = whole_step(captured, optimizer, parameters)
    dtype = np.dtype(DTYPES[captured.dtype])
    own: dict[str, Array] = {}
    for leaf in program.leaves("parameter"):
        if leaf["name"] not in group.weights:
            raise CannotLower(f"{leaf['name']} is no parameter of the model")
        own[leaf["name"]] = np.stack(group.weights[leaf["name"]], axis=-1)
    for leaf in program.leaves("state"):
        kept, _, name = leaf["name"].partition(":")
        start = fresh.get(id(parameters[name]), {}).get(kept)
        own[leaf["name"]] = np.zeros((*leaf.shape, len(group.places)), dtype)
        if start is not None:
            own[leaf["name"]] += start.numpy()[..., None]
    shared = {leaf["name"]: data({**parts.whole, **captured.derived}[leaf["name"]]) for leaf in program.leaves("data")}
    shared |= {
        leaf["name"]: captured.fixed[leaf["name"]].to(captured.dtype).numpy() for leaf in program.leaves("tensor")
    }
    scalars = Host(program.scalars).table([settings], [1] * len(settings), asked.epochs)
    return Block(program, parts.order.samples, dtype.name, own, shared, scalars, asked.steps)


def piece(block: Block, start: int, stop: int) -> Block:
    own = {name: array[..., start:stop] for name, array in block.own.items()}
    return replace(block, own=own)


def one_by_one(asked: Asked, seeds: Sequence[int], like: Hashable) -> tuple[Array, dict[str, Array]]:
    """The same as train_block's, in PyTorch."""
    losses, weights = [], []
    for seed in seeds:
        parts = asked.made_again(seed, like)
        all_losses = [parts.eager_step(None) for _ in range(asked.epochs)]
        losses.append([all_losses[step] for step in asked.steps])
        weights.append({name: p.detach().numpy() for name, p in named_parameters(parts).items()})
    return np.array(losses).T, {name: np.stack([one[name] for one in weights]) for name in weights[0]}
