"""chainrule.train: an ordinary PyTorch model, trained in one native loop and recorded as a run."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch

from chainrule.api import Run
from chainrule.native.order import Shuffle
from chainrule.run.schedule import Schedule
from chainrule.training.loop import train_into
from chainrule.training.settings import Inputs, Settings

Tensor = torch.Tensor


def train(
    model: Callable[..., Tensor],
    loss_fn: Callable[..., Tensor],
    optimizer: torch.optim.Optimizer,
    X: Inputs,
    y: Tensor,
    epochs: int,
    batch_size: int | None = None,
    shuffle: Shuffle = False,
    *,
    generator: torch.Generator | None = None,
    scheduler: Any = None,
    every: int | None = None,
    steps: Sequence[int] | None = None,
    path: Path | str | None = None,
    strict: bool = False,
    norms: bool = False,
    progress: bool | None = None,
    max_bytes: int = 64 << 20,
    overwrite: bool = False,
) -> Run:
    """Train a PyTorch model in one native loop made from our rules; weights, optimizer state and random state are left
    as PyTorch's own loop would leave them, up to rounding (docs/native.md).

    model, loss_fn  loss_fn(model(X), y) is the loss; several inputs in a tuple are given to the model one by one
    X, y            with a row for each sample
    batch_size      None: all samples at every step; else the batches of a DataLoader
    shuffle         True: in a DataLoader's order; "randperm": in that of torch.randperm, drawn before each epoch
    generator       that the order is drawn from; None for torch's default
    scheduler       its step() is called after every epoch
    every, steps    which steps to record; by default densely at first, then ever more rarely
    path            where the run is written; None: a temporary folder, removed together with the Run
    strict          additions in the order in which they are written, and no fused multiplication and addition
    norms           keep the norm of every gradient at every step: run.gradient_norms
    progress        a bar on stderr; None: for long work, on a terminal
    max_bytes, overwrite   as for watch

    What has no native form trains in PyTorch, and run.native says which function at which line, and why. The training
    ends early where a loss is not finite; Ctrl-C ends it with the Run of what was done.

    Raises what PyTorch raises, with the model as it was; BadOption, RunExists, OutputNotWritable.
    """
    settings = Settings(epochs, batch_size, shuffle, generator, scheduler, strict, norms, progress)
    schedule = Schedule(every=every, steps=steps)
    folder = Path(mkdtemp(prefix="chainrule-") if path is None else path)
    try:
        train_into(
            folder, model, loss_fn, optimizer, X, y, settings, schedule, max_bytes=max_bytes, overwrite=overwrite
        )
    except BaseException:
        if path is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    run = Run(folder)
    if path is None:
        weakref.finalize(run, shutil.rmtree, folder, True)
    return run
