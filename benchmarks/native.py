"""Native training beside PyTorch, JAX, scikit-learn and static C: one table, all measured side by side in one run.

    python benchmarks/native.py [--quick] [--compile] [nets crossover digits threads sweep first]

A round times every contender once, one after the other; what counts is the shortest time of each over the rounds. A row
gives our time, and how many times as long the others take. For the nets ours is the compiled loop of the captured
training; `digits` and `first` time the public `chainrule.train` with all that belongs to it. Every part is a process of
its own on one core, `threads` on one and on two: JAX takes the number of its threads from the cores that it finds at
its start. --compile adds torch.compile, which takes half a minute for each net; --quick takes 3 rounds in place of 9.
"""

from __future__ import annotations

import argparse
import copy
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import native_others as others
import numpy as np
import torch
from torch import nn

import chainrule
from chainrule.native import jit
from chainrule.native.choose import machine
from chainrule.native.compiled import Task, address_of
from chainrule.native.ir import Builder
from chainrule.native.job import Job, prepare
from chainrule.native.memory import Memory
from chainrule.native.panel_machine import TIMED, work
from chainrule.native.swarm import SwarmMachine, SwarmMemory
from chainrule.rules.optimizers import numbers
from chainrule.training.parts import Parts
from chainrule.training.settings import Settings, checked
from chainrule.training.sweeping import whole_block

Trains = Callable[[int], object]  # so many steps
COLUMNS = ("PyTorch", "torch.compile", "JAX", "scikit-learn", "C")


@dataclass(frozen=True)
class Net:
    """A perceptron on random data: steps of the compiled loops and of the others in one round, and what we promise."""

    sizes: tuple[int, ...]
    batch: int
    long: int
    few: int
    goal: str

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, batch {self.batch}"


NETS = (
    Net((2, 1), 4, 400_000, 500, "PyTorch 2000, JAX 1, C 0.83"),
    Net((2, 8, 1), 4, 200_000, 500, "PyTorch 1000, JAX 15"),
    Net((2, 16, 1), 200, 10_000, 500, "PyTorch 70, JAX 4"),
    Net((64, 32, 10), 32, 10_000, 500, "PyTorch 55, JAX 3.5"),
    Net((784, 128, 10), 64, 300, 60, "PyTorch 3.5, JAX 1.2, 85 % of peak"),
    Net((784, 512, 512, 10), 128, 20, 8, "PyTorch 2.5, JAX 1.15, 85 % of peak"),
)
SWARMS = (((2, 1), (1_024, 102_400, 1_024_000), 1.0), ((2, 8, 1), (1_024, 102_400), 8.0))
SWARM_STEPS = 200  # at least: reading and writing the weights once costs as much as a step or two
SQUARES = [((n, n, n, 10), batch) for n in (64, 256, 1024, 4096) for batch in (32, 512)]
DENSE = [*SQUARES, *(((784, 128, 10), batch) for batch in (512, 2048, 8192, 20_000))]
IMAGES = (  # channels, side, batch
    *(((1, 8, 16), 28, batch) for batch in (1, 4, 32, 256)),
    *(((1, 16, 32), 28, batch) for batch in (1, 2)),
    *(((3, 32, 64), 32, batch) for batch in (1, 4, 8, 32)),
    *(((3, 8, 16), 128, batch) for batch in (1, 8)),
    *(((n, n, n), 8, 16) for n in (64, 128, 256)),
)
TURN = 0.02  # seconds of each of a pair, if a step is not longer: the shorter, the likelier without another program
MOST_IN_TURN = 10_000  # steps
STILL = 0.3  # seconds until the threads of the last contender no longer spin
XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]

# ---------------------------------------------------------------- measuring


def seconds(train: Trains, steps: int, clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    train(steps)
    return clock() - start


def shortest(
    contenders: Mapping[str, tuple[Trains, int]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Seconds for a step of each."""
    for train, steps in contenders.values():
        for _ in range(2 * TIMED if torch.get_num_threads() > 1 else 1):
            train(steps)  # compiles, and tries one thread and two
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, (train, steps) in contenders.items():
            time.sleep(STILL if torch.get_num_threads() > 1 else 0.0)
            best[name] = min(best[name], seconds(train, steps, clock) / steps)
    return best


def row(what: str, goal: str, ours: str, times: Mapping[str, float], unit: float = 1.0) -> None:
    """A row of the table: our time in words, and that of the others as multiples of `unit`."""
    cells = [f"{times[name] / unit:,.3g}" if name in times else "" for name in COLUMNS]
    print(f"| {' | '.join([what, goal, ours, *cells])} |", flush=True)


def peak() -> float:
    """Multiplications and additions that this core makes in a second, float32, in chains that fill its pipes."""
    chains, count = 24, 1_000_000
    b = Builder("float32", jit.host().lanes("float32"), jit.host())
    with b.loop("%count") as loop:
        before = [loop.carry(b, "zeroinitializer") for _ in range(chains)]
        after = [b.fma(b.constant(0.5), b.constant(0.25), x) for x in before]
        for pair in zip(before, after, strict=True):
            loop.pass_on(*pair)
    for chain, x in enumerate(after):
        b.store(x, b.address("%out", chain * b.width))
    b.write("ret i64 0")
    run = jit.function(b.module(jit.NAME, ["ptr %out", "i64 %count"]), 1, 1)
    out = np.empty(chains * b.width, np.float32)
    best = min(seconds(lambda steps: run(address_of(out), steps), count) for _ in range(9))
    return 2 * chains * b.width * count / best


# ---------------------------------------------------------------- the parts


def prepared(net: Net) -> Job:
    X, y = others.numbers(net.sizes, net.batch)
    return job_of(others.perceptron(net.sizes), nn.MSELoss(), X, y)


def job_of(model: nn.Module, loss_fn: nn.Module, X: torch.Tensor, y: torch.Tensor) -> Job:
    """Full batch, gradient descent; ours also where `train` leaves it to PyTorch."""
    optimizer = torch.optim.SGD(model.parameters(), others.RATE)
    parts = Parts(model, loss_fn, optimizer, (X,), y, checked(X, y, Settings(2))[1])
    parts.eager_step(None)
    return prepare(parts.captures(None), parts.whole, parts.parameters, optimizer, partial(machine, any_size=True))


def loop_of(batch: int, most: int, job: Job) -> Trains:
    """The compiled loop, of at most so many steps at once."""
    settings = [numbers(group) for group in job.optimizer.param_groups]
    memory = Memory(job.arrays, job.hosts[batch].table([settings], [2], most), np.empty(most))
    return lambda count: job.machines[batch].run(memory, 0, count)


def nets(rounds: int, with_compile: bool, chosen: Sequence[Net] = NETS) -> None:
    threads = torch.get_num_threads()
    most = peak() * threads
    for net in chosen:
        job = prepared(net)
        found = {
            "PyTorch": others.eager(net.sizes, net.batch),
            "torch.compile": others.compiled(net.sizes, net.batch) if with_compile else None,
            "JAX": others.jax_scan(net.sizes, net.batch),
            "scikit-learn": others.scikit_learn(net.sizes, net.batch),
            "C": others.static_c(net.sizes, net.batch) if threads == 1 else None,
        }
        quick = {"JAX": max(net.few, net.long // 20), "C": max(net.few, net.long // 20)}
        contenders = {"ours": (loop_of(net.batch, net.long, job), net.long)}
        contenders |= {name: (train, quick.get(name, net.few)) for name, train in found.items() if train is not None}
        best = shortest(contenders, rounds)
        ours = best.pop("ours")
        share = work(Task(job.programs[net.batch], net.batch, "float32")) / ours / most
        where = "" if threads == 1 else f", {threads} threads"
        row(f"{net}{where}", net.goal, f"{ours * 1e6:.4g} µs a step, {share:.0%} of peak", best, ours)


def crossover(rounds: int) -> None:
    """Where PyTorch's own step is as quick: ever more units, ever more samples in one batch, ever larger images.

    On one thread what counts is the time of the processor, without what other programs take of it.
    """
    for sizes, batch in DENSE:
        X, y = others.numbers(sizes, batch)
        pair(f"{'-'.join(map(str, sizes))}, batch {batch:,}", others.perceptron(sizes), nn.MSELoss(), X, y, rounds)
    for channels, side, batch in IMAGES:
        X, y = others.images(channels, side, batch)
        jax = others.jax_convolutions(channels, side, batch) if batch == 32 else None
        pair(
            pictured(channels, side, batch),
            others.convolutions(channels, side),
            nn.CrossEntropyLoss(),
            X,
            y,
            rounds,
            jax,
        )


def pictured(channels: Sequence[int], side: int, batch: int) -> str:
    return f"convolutions {'-'.join(map(str, channels))}, {batch} images {side}×{side}"


def pair(
    what: str,
    model: nn.Module,
    loss_fn: nn.Module,
    X: torch.Tensor,
    y: torch.Tensor,
    rounds: int,
    jax: Trains | None = None,
) -> None:
    """A row of ours, PyTorch and perhaps JAX, in short turns."""
    theirs = others.loop_of(copy.deepcopy(model), loss_fn, X, y)
    ours = loop_of(len(X), MOST_IN_TURN, job_of(model, loss_fn, X, y))
    contenders = {}
    for name, train in (("ours", ours), ("PyTorch", theirs), *([("JAX", jax)] if jax else [])):
        train(1)
        steps = 1 + int(TURN / min(seconds(train, 1) for _ in range(3)))
        contenders[name] = train, min(MOST_IN_TURN, steps)
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    best = shortest(contenders, 3 * rounds, clock)
    row(what, "", f"{best['ours'] * 1e6:,.4g} µs a step", best, best["ours"])


def digits(rounds: int) -> None:
    X, y = others.digits()

    def train(epochs: int) -> object:
        model = others.classifier()
        optimizer = torch.optim.Adam(model.parameters())
        return chainrule.train(
            model, nn.CrossEntropyLoss(), optimizer, X, y, epochs, batch_size=32, shuffle=True, steps=[]
        )

    contenders: dict[str, tuple[Trains, int]] = {"ours": (train, 1000), "PyTorch": (others.loader_loop, 2)}
    jax = others.jax_digits()
    if jax is not None:
        contenders["JAX"] = (jax, 50)
    best = shortest(contenders, rounds)
    ours = best.pop("ours")
    what = "digits 64-32-10, Adam, 57 batches of a DataLoader (JAX: 56)"
    row(what, "PyTorch 60, JAX 2", f"{ours * 1e6:.4g} µs an epoch", best, ours)


def threads(rounds: int) -> None:
    """The two large nets with all cores that this process has; its caller grants one, then two."""
    nets(rounds, False, NETS[-2:])


def swarm(sizes: Sequence[int], networks: int, steps: int) -> Trains:
    """Random networks on the data of XOR, without the time to draw their weights."""
    X, y = torch.tensor(XOR), torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = others.perceptron(sizes)
    parts = Parts(
        model, nn.MSELoss(), torch.optim.SGD(model.parameters(), 0.5), (X,), y, checked(X, y, Settings(steps))[1]
    )
    block = whole_block(parts, lambda: model, lambda _: parts.optimizer, [0], steps, (steps - 1,))
    nets = SwarmMachine(Task(block.program, block.batch, block.dtype))
    draw = np.random.default_rng(0)
    own = {name: draw.uniform(-1, 1, (*a.shape[:-1], networks)).astype(a.dtype) for name, a in block.own.items()}
    memory = SwarmMemory(own | block.shared, block.scalars, np.empty(networks, block.dtype))
    return lambda steps: nets.run(memory, 0, steps)


def sweep(rounds: int) -> None:
    for sizes, all_networks, goal in SWARMS:
        for networks in all_networks:
            steps = max(SWARM_STEPS, 100_000_000 // networks // sum(sizes) ** 2)
            contenders = {"ours": (swarm(sizes, networks, steps), steps)}
            jax = others.jax_swarm(sizes, networks)
            if jax is not None:
                contenders["JAX"] = (jax, SWARM_STEPS // 10)
            best = shortest(contenders, rounds)
            ours = best.pop("ours")
            what = f"sweep {'-'.join(map(str, sizes))}, {networks:,} networks"
            row(what, f"{goal:g} ns, JAX 8", f"{ours / networks * 1e9:.3g} ns a network and epoch", best, ours)


# PyTorch imports torch._dynamo when the first optimizer of a process is made, whatever trains with it.
FIRST = """
import time, torch
from torch import nn
X, y = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[0.0], [1], [1], [0]])
model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
before = time.perf_counter()
optimizer = torch.optim.SGD(model.parameters(), 0.5)
start = time.perf_counter()
import chainrule
chainrule.train(model, nn.MSELoss(), optimizer, X, y, 10_000)
print(time.perf_counter() - start, start - before)
"""


def first(rounds: int) -> None:
    """A new process that has imported torch: import of chainrule to the run of 10,000 epochs, 40 of them recorded."""
    for cached in (False, True):
        where = {**os.environ, **({} if cached else {"CHAINRULE_CACHE": ""})}
        texts = [
            subprocess.run([sys.executable, "-c", FIRST], env=where, capture_output=True, check=True, text=True).stdout
            for _ in range(rounds)
        ]
        ours, optimizer = (min(map(float, column)) for column in zip(*map(str.split, texts), strict=True))
        what = f"first call, import to result, {'cached on disk' if cached else 'nothing cached'}"
        row(what, "0.3 s", f"{ours:.3f} s, beside {optimizer:.2f} s for torch.optim.SGD(…)", {})
    os.environ["CHAINRULE_CACHE"] = ""
    job, batch, took = prepared(NETS[0]), NETS[0].batch, []
    for _ in range(rounds):
        jit._engine.cache_clear()
        took.append(seconds(lambda batch: machine(job.programs[batch], batch, "float32"), batch))
    row("the tutorial's step, written and compiled", "20 ms", f"{min(took) * 1e3:.3g} ms", {})


# ---------------------------------------------------------------- all of them


def apart(part: str, cores: int, options: argparse.Namespace) -> None:
    """A part in a process of its own, on so many cores, torch with as many threads."""
    allowed = sorted(os.sched_getaffinity(0))
    if cores > len(allowed):
        print(f"{part} on {cores} cores is left out: there are {len(allowed)}")
        return
    command = [sys.executable, __file__, part, "--cores", str(cores), "--rounds", str(options.rounds)]
    chosen = ",".join(map(str, allowed[-cores:]))
    subprocess.run(["taskset", "-c", chosen, *command, *["--compile"] * options.compile], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["nets", "crossover", "digits", "threads", "sweep", "first"])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--cores", type=int, help="run the part in this process, which has so many cores")
    options = parser.parse_args()
    if options.quick:
        options.rounds = 3
    if options.cores:
        torch.set_num_threads(options.cores)
        for part in options.parts:
            nets(options.rounds, options.compile) if part == "nets" else globals()[part](options.rounds)
        return
    print(f"| what | goal | ours | {' | '.join(COLUMNS)} |\n{'| --- ' * (3 + len(COLUMNS))}|", flush=True)
    for part in options.parts:
        for cores in (1, 2) if part == "threads" else (1,):
            apart(part, cores, options)


if __name__ == "__main__":
    main()
