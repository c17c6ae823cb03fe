"""Commands in processes of their own: scripts under plain python and under `chainrule run`; what sets them apart."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LAUNCH = [sys.executable, str(Path(__file__).with_name("launch.py"))]
SOURCE = Path(__file__).parents[2] / "src"
SETTINGS = {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
TRAINING = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
X, y = torch.randn(4, 2), torch.randn(4, 1)


def step():
    optimizer.zero_grad()
    loss = ((model(X) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


"""


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


def environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return kept | SETTINGS | settings


def execute(
    command: list[str], folder: Path, given: str = "", settings: dict[str, str] | None = None, **more: Any
) -> Result:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(**(settings or {})),
        input=given.encode(),
        capture_output=True,
        timeout=120,
        **more,
    )
    return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def chainrule(words: list[str], folder: Path, **more: Any) -> Result:
    return execute([*LAUNCH, *words], folder, **more)


def both(words: list[str], folder: Path, run: str = "out.run", **more: Any) -> tuple[Result, Result]:
    """The script under plain python and under `chainrule run`, side by side."""
    with ThreadPoolExecutor(2) as pool:
        plain = pool.submit(execute, [sys.executable, *words], folder, **more)
        watched = pool.submit(chainrule, ["run", "-o", run, *words], folder, **more)
        return plain.result(), watched.result()


def theirs(err: str) -> str:
    """The script's own stderr: without our line at the start and our report at the end."""
    first, _, rest = err.partition("\n")
    if not first.startswith("∂ chainrule  watching "):
        return f"NO FIRST LINE OF OURS\n{err}"
    rest = "\n" + rest
    ends = [place for mark in ("\nchainrule: ", "\n\n∂ chainrule   ") if (place := rest.find(mark)) >= 0]
    return rest[1 : min(ends) + 1] if ends else f"NO REPORT OF OURS\n{err}"


def differences(plain: Result, watched: Result) -> dict[str, tuple[object, object]]:
    """What the user of a script would notice."""
    pairs = {
        "status": (plain.status, watched.status),
        "out": (plain.out, watched.out),
        "err": (plain.err, theirs(watched.err)),
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
