"""Native training beside PyTorch, JAX, scikit-learn and static C: ratios, all in one run.

    python benchmarks/native.py [--rounds 7] [--compile] [nets digits threads sweep first]

A round times every contender once, one after the other; what is printed is the shortest time of each over the rounds,
and its ratio to ours. For the nets ours is the compiled loop of the captured training; `digits` and `first` time the
public `chainrule.train` with all that belongs to it. One core, except for `threads`. --compile adds torch.compile,
which takes a minute.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import native_others as others
import numpy as np
import torch
from torch import nn

import chainrule
from chainrule.capturing import Parts
from chainrule.native.choose import machine
from chainrule.native.compiled import Task
from chainrule.native.job import prepare
from chainrule.native.memory import Memory
from chainrule.native.panel_machine import cores
from chainrule.native.swarm import SwarmMachine, SwarmMemory
from chainrule.rules.optimizers import numbers
from chainrule.sweeping import whole_block
from chainrule.training import Settings, checked

# sizes, batch, steps of the compiled loops, steps of the others
NETS: list[tuple[tuple[int, ...], int, int, int]] = [
    ((2, 1), 4, 400_000, 500),
    ((2, 8, 1), 4, 200_000, 500),
    ((2, 16, 1), 200, 10_000, 500),
    ((64, 32, 10), 32, 10_000, 500),
    ((784, 128, 10), 64, 300, 60),
    ((784, 512, 512, 10), 128, 20, 8),
]
SECOND = 1e6  # microseconds
XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def seconds(train: Callable[[int], object], steps: int) -> float:
    start = time.perf_counter()
    train(steps)
    return time.perf_counter() - start


def ours(sizes: Sequence[int], batch: int, steps: int) -> Callable[[int], object]:
    """The compiled loop, ready to make so many steps at once."""
    X, y = others.numbers(sizes, batch)
    model = others.perceptron(sizes)
    optimizer = torch.optim.SGD(model.parameters(), others.RATE)
    parts = Parts(model, nn.MSELoss(), optimizer, (X,), y, checked(X, y, Settings(steps))[1])
    parts.eager_step(None)
    job = prepare(parts.captures(None), parts.whole, parts.parameters, optimizer, machine)
    scalars = job.hosts[batch].table([[numbers(group) for group in optimizer.param_groups]], [2], steps)
    memory = Memory(job.arrays, scalars, np.empty(steps))
    return lambda count: job.machines[batch].run(memory, 0, count)


@contextmanager
def on_cores(count: int) -> Iterator[None]:
    """This process on so many cores, torch with as many threads."""
    allowed, threads = os.sched_getaffinity(0), torch.get_num_threads()
    os.sched_setaffinity(0, sorted(allowed)[-count:])
    torch.set_num_threads(count)
    yield
    os.sched_setaffinity(0, allowed)
    torch.set_num_threads(threads)


def compare(title: str, contenders: dict[str, tuple[Callable[[int], object], int]], rounds: int) -> None:
    """Print each contender's shortest time for a step, and how many times ours that is."""
    best = dict.fromkeys(contenders, float("inf"))
    for train, steps in contenders.values():
        train(steps)  # compiles
    for _ in range(rounds):
        for name, (train, steps) in contenders.items():
            best[name] = min(best[name], seconds(train, steps) / steps)
    shown = [f"{name} {best[name] * SECOND:.4g} µs ({best[name] / best['ours']:.3g})" for name in contenders]
    print(f"{title}: {', '.join(shown)}", flush=True)


def nets(rounds: int, with_compile: bool, chosen: Sequence[tuple[tuple[int, ...], int, int, int]] = NETS) -> None:
    for sizes, batch, long, few in chosen:
        found = {
            "PyTorch": others.eager(sizes, batch),
            "torch.compile": others.compiled(sizes, batch) if with_compile else None,
            "JAX": others.jax_scan(sizes, batch),
            "scikit-learn": others.scikit_learn(sizes, batch),
            "C": others.static_c(sizes, batch) if cores() == 1 else None,
        }
        quick = {"JAX": max(few, long // 20), "C": max(few, long // 20)}
        contenders = {"ours": (ours(sizes, batch, long), long)}
        contenders |= {name: (train, quick.get(name, few)) for name, train in found.items() if train is not None}
        compare(f"{'-'.join(map(str, sizes))}, batch {batch}", contenders, rounds)


def digits(rounds: int) -> None:
    X, y = others.digits()

    def train(epochs: int) -> object:
        model = others.classifier()
        optimizer = torch.optim.Adam(model.parameters())
        return chainrule.train(
            model, nn.CrossEntropyLoss(), optimizer, X, y, epochs, batch_size=32, shuffle=True, steps=[]
        )

    contenders = {"ours": (train, 1000), "PyTorch": (others.loader_loop, 2)}
    jax = others.jax_digits()
    if jax is not None:
        contenders["JAX"] = (jax, 20)
    compare("digits 64-32-10, Adam, an epoch of 57 batches (JAX: 56)", contenders, rounds)


def threads(rounds: int) -> None:
    for net in NETS[-2:]:
        for count in (1, 2):
            with on_cores(count):
                print(f"{count} threads: ", end="")
                nets(rounds, False, [net])


def swarm(sizes: Sequence[int], networks: int, steps: int) -> Callable[[int], object]:
    """Random networks on the data of XOR, without the time to draw their weights."""
    X, y = torch.tensor(XOR), torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = others.perceptron(sizes)
    parts = Parts(
        model, nn.MSELoss(), torch.optim.SGD(model.parameters(), 0.5), (X,), y, checked(X, y, Settings(steps))[1]
    )
    block = whole_block(parts, lambda: model, [0], steps, (steps - 1,))
    nets = SwarmMachine(Task(block.program, block.batch, block.dtype))
    draw = np.random.default_rng(0)
    own = {name: draw.uniform(-1, 1, (*a.shape[:-1], networks)).astype(a.dtype) for name, a in block.own.items()}
    memory = SwarmMemory(own | block.shared, block.scalars, np.empty(networks, block.dtype))
    return lambda steps: nets.run(memory, 0, steps)


def sweep(rounds: int) -> None:
    """Nanoseconds for each network and epoch, on one core."""
    for sizes, all_networks in (((2, 1), (1_024, 102_400, 1_024_000)), ((2, 8, 1), (1_024, 102_400))):
        for networks in all_networks:
            steps = max(10, 200_000_000 // networks // sum(sizes) ** 2)
            contenders = {"ours": swarm(sizes, networks, steps), "JAX vmap": others.jax_swarm(sizes, networks)}
            found = {}
            for name, train in contenders.items():
                if train is not None:
                    train(steps)
                    best = min(seconds(train, steps) for _ in range(rounds))
                    found[name] = best / steps / networks * 1e9
            shown = [f"{name} {each:.3g} ns ({each / found['ours']:.3g})" for name, each in found.items()]
            print(f"sweep {'-'.join(map(str, sizes))}, {networks:,} networks: {', '.join(shown)}", flush=True)


FIRST = """
import time, torch
start = time.perf_counter()
import chainrule
from torch import nn
X, y = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[0.0], [1], [1], [0]])
model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
chainrule.train(model, nn.MSELoss(), torch.optim.SGD(model.parameters(), 0.5), X, y, 10_000)
print(time.perf_counter() - start)
"""


def first(rounds: int) -> None:
    """A new process, torch imported: import to result, 10,000 epochs; without and with the cache on disk."""
    for cached, cache in (("nothing cached", ""), ("cached", None)):
        where = {**os.environ, **({} if cache is None else {"CHAINRULE_CACHE": cache})}
        found = [
            float(subprocess.run([sys.executable, "-c", FIRST], env=where, capture_output=True, check=True).stdout)
            for _ in range(rounds)
        ]
        print(f"first call, {cached}: {min(found):.3f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["nets", "digits", "threads", "sweep", "first"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    for part in options.parts:
        if part == "threads":
            threads(options.rounds)
            continue
        with on_cores(1):
            nets(options.rounds, options.compile) if part == "nets" else globals()[part](options.rounds)


if __name__ == "__main__":
    main()
