"""The writer of a run: a folder, readable at any moment, whose steps are there whole or not at all.

    run.json                    what was run; rewritten when the run ends
    losses.f64                  the loss of every step (losses.py)
    steps.jsonl                 a line per recorded step, with the norms of its parameters; a line per thinning
    steps/000123.safetensors    everything of one recorded step (codec.py)
    broken-off.safetensors      what there was of the step in which the script raised an exception

Nothing is synced to the disk: kill -9 loses the step in flight, a power failure what the kernel still held.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import platform
import zlib
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from chainrule.errors import NotARun, OutputNotWritable, RunExists
from chainrule.run.codec import encode, encode_agreement
from chainrule.run.losses import LossLog
from chainrule.run.ranks import rank_folders
from chainrule.run.tensorfile import to_bytes
from chainrule.step import ParameterUpdate, Step

FORMAT = 1
ABOUT, LOSSES, ROWS, STEPS = "run.json", "losses.f64", "steps.jsonl", "steps"
BROKEN_OFF = "broken-off.safetensors"
_BINARY = getattr(os, "O_BINARY", 0)  # Windows
_MOST_PROBLEMS = 100


def step_file(path: Path | str, index: int) -> Path:
    """Where a recorded step lies; nothing in the run itself can say otherwise."""
    return Path(path) / STEPS / f"{index:06d}.safetensors"


@dataclass(slots=True)
class _Kept:
    """A step file on disk."""

    index: int
    bytes: int
    event: bool


class Recording:
    """A run while it is written. After it is created no method raises: what goes wrong is noted in the run.

    about        what goes into run.json: script, command, argv, model outline, settings, … (JSON-able)
    max_bytes    bound on the step files together. When it is reached every second step is deleted, except the first,
                 the last, and (as long as others are left) events. Losses take 8 bytes a step, and a recorded step
                 some 100 bytes for each parameter in steps.jsonl; they stay.
    step_bytes   bound on the tensors of one step, by default an eighth of max_bytes; the smallest are kept
    overwrite    replace a run of the same name
    on_thin      called after each thinning, e.g. Schedule.coarser

    loss(value)  logs the loss of one training step; call it for every step, in order

    Raises RunExists, NotARun (overwrite, and `path` is some other folder), OutputNotWritable.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        about: dict[str, Any],
        max_bytes: int = 64 << 20,
        step_bytes: int | None = None,
        overwrite: bool = False,
        on_thin: Callable[[], None] | None = None,
    ) -> None:
        self.path = Path(path)
        self.problems: list[str] = []
        self.thinned: list[int] = []
        self._max_bytes = max_bytes
        self._step_bytes = max_bytes // 8 if step_bytes is None else step_bytes
        self._on_thin = on_thin
        self._kept: list[_Kept] = []
        self._bytes = 0
        self._writing = True
        self._process = os.getpid()
        self._about = _versions() | about | {"format": FORMAT, "max_bytes": max_bytes}
        _prepare(self.path, overwrite)
        try:
            (self.path / STEPS).mkdir(parents=True, exist_ok=True)
            self._write_about()
            self._rows = os.open(self.path / ROWS, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | _BINARY, 0o666)
            self._losses = LossLog(self.path / LOSSES)
        except OSError as error:
            raise OutputNotWritable(self.path, error.strerror or str(error)) from error
        self.loss = self._losses.append

    @property
    def tape(self) -> LossLog | None:
        """Where the watch may write losses itself; None once logging has stopped."""
        return None if self._losses.problem or not self._writing else self._losses

    @property
    def steps(self) -> list[int]:
        """The steps on disk."""
        return [kept.index for kept in self._kept]

    def write(self, step: Step, event: bool | str = False) -> None:
        """Keep a step; `event` says that (or what) something happened, which protects it from thinning."""
        if not self._is_writing():
            return
        try:
            self._write(step, event)
        except OSError as error:
            self._stop(f"recording ended at step {step.index}: {error.strerror or error}")
        except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
            self.problem(f"step {step.index} was not written: {type(error).__name__}: {error}")

    def broken_off(self, step: Step) -> None:
        """Keep what an exception left of a step; it is none of the recorded steps."""
        if not self._is_writing():
            return
        try:
            encoded = encode(step, self._step_bytes)
            _put(self.path / BROKEN_OFF, to_bytes(encoded.text, encoded.tensors))
        except (OSError, ValueError, TypeError, RuntimeError, NotImplementedError) as error:
            self.problem(f"what there was of step {step.index} was not written: {type(error).__name__}: {error}")

    def problem(self, text: str) -> None:
        """Note what went wrong; the first 100 are kept."""
        if len(self.problems) >= _MOST_PROBLEMS:
            return
        self.problems.append(text)
        if self._is_writing():
            try:
                self._append({"problem": text})
            except Exception as error:  # whatever it is: who notes a failure must not fail
                self._stop(f"recording ended: {getattr(error, 'strerror', None) or error}")

    def close(self, ended: str, **more: Any) -> None:
        """End the run: "finished", "exception" or "interrupted"; `more` goes into run.json too."""
        if self._process != os.getpid() or "ended" in self._about:
            return
        self._losses.close()
        os.close(self._rows)
        self._writing = False
        if self._losses.problem:
            self.problem(self._losses.problem)
        self._about |= {
            "ended": ended,
            "end": _now(),
            "steps": self._losses.count,
            "recorded": len(self._kept),
            "thinned": len(self.thinned),
            "problems": self.problems,
            **more,
        }
        try:
            self._write_about()
        except Exception as error:  # the training is over, and its script goes on
            self.problem(f"{ABOUT} could not be completed: {getattr(error, 'strerror', None) or error}")

    def _is_writing(self) -> bool:
        """Not after a failure or the end, and not in a fork of the process that records."""
        return self._writing and self._process == os.getpid()

    def _stop(self, why: str) -> None:
        self._writing = False
        self.problem(why)

    def _write(self, step: Step, event: bool | str) -> None:
        encoded = encode(step, self._step_bytes)
        data = to_bytes(encoded.text, encoded.tensors)
        if len(data) > self._max_bytes // 2:
            self.problem(f"step {step.index} was not kept: its {len(data)} bytes are half of the run's bound or more")
            return
        _put(step_file(self.path, step.index), data)
        self._append(_row(step, data, event, encoded.problems))
        insort(self._kept, _Kept(step.index, len(data), bool(event)), key=lambda kept: kept.index)
        self._bytes += len(data)
        while self._bytes > self._max_bytes:
            self._thin()

    def _thin(self) -> None:
        """Delete every second step between the first and the last; events only when nothing else is left."""
        between = self._kept[1:-1]
        going = ([kept for kept in between if not kept.event] or between)[::2]
        for kept in going:
            step_file(self.path, kept.index).unlink(missing_ok=True)
            self._bytes -= kept.bytes
            self._kept.remove(kept)
        gone = [kept.index for kept in going]
        self.thinned += gone
        self._append({"thinned": gone})
        self._about["thinned"] = len(self.thinned)
        self._write_about()
        if self._on_thin is not None:
            self._on_thin()

    def _append(self, row: dict[str, Any]) -> None:
        """One line, in one write."""
        line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        if os.write(self._rows, line) < len(line):
            raise OSError("the disk is full")

    def _write_about(self) -> None:
        _put(self.path / ABOUT, json.dumps(self._about, indent=1, default=repr).encode())


def _prepare(path: Path, overwrite: bool) -> None:
    """Make sure that nothing is in the way. A folder that is empty is not."""
    try:
        there = path.is_dir() and any(path.iterdir())
        if path.exists() and not path.is_dir():
            raise RunExists(path) if not overwrite else NotARun(path)
        if not there:
            return
        if not overwrite:
            raise RunExists(path)
        if not (path / ABOUT).is_file() or not _states_format(path / ABOUT):
            raise NotARun(path)
        # Unlinked, never truncated: another process may have them mapped.
        for run in (path, *rank_folders(path).values()):
            ours = (run / ABOUT, run / ROWS, run / LOSSES, run / BROKEN_OFF)
            for old in itertools.chain(ours, (run / STEPS).glob("*.safetensors"), (run / STEPS).glob("*.tmp")):
                old.unlink(missing_ok=True)
    except OSError as error:
        raise OutputNotWritable(path, error.strerror or str(error)) from error


def _states_format(path: Path) -> bool:
    try:
        about = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(about, dict) and type(about.get("format")) is int


def _put(path: Path, data: bytes) -> None:
    """The file, whole or not at all."""
    part = f"{path}.tmp"
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.replace(part, path)
    except OSError:
        os.unlink(part)
        raise
    finally:
        os.close(file)


def _versions() -> dict[str, Any]:
    try:
        ours = metadata.version("chainrule")
    except metadata.PackageNotFoundError:  # run from its sources
        ours = ""
    return {"chainrule": ours, "python": platform.python_version(), "torch": str(torch.__version__), "created": _now()}


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def _row(step: Step, data: bytes, event: bool | str, problems: list[str]) -> dict[str, Any]:
    """The line of steps.jsonl about one step."""
    return {
        "step": step.index,
        "loss": float(step.loss),
        "file": f"{STEPS}/{step.index:06d}.safetensors",
        "bytes": len(data),
        "crc32": zlib.crc32(data),
        "event": event,
        "parameters": _norms(step),
        "agreement": encode_agreement(step.agreement),
        "problems": problems,
    }


def _norms(step: Step) -> dict[str, dict[str, float]]:
    """Euclidean norms by parameter: of our gradient, of what the optimizers added in all, of the weight before."""
    rows: dict[str, dict[str, float]] = {}
    for name, value in step.parameters.items():
        row = rows[name] = {}
        updates = [update.parameters[value.index] for update in step.updates if value.index in update.parameters]
        gradient = step.gradients.get(value.index)
        if gradient is not None:
            row["gradient_norm"] = _norm(gradient)
        moved = _moved(updates)
        if moved is not None:
            row["update_norm"] = _norm(moved)
        if value.tensor is not None and not value.overwritten:
            row["weight_norm"] = _norm(value.tensor)
    return rows


def _moved(updates: list[ParameterUpdate]) -> torch.Tensor | None:
    """After the last update minus before the first."""
    if not updates or updates[-1].after is None:
        return None
    return updates[-1].after - updates[0].before


def _norm(tensor: torch.Tensor) -> float:
    """In float64, where float16 would overflow."""
    wide = torch.complex128 if tensor.is_complex() else torch.float64
    dense = tensor if tensor.layout is torch.strided else tensor.to_dense()
    return float(torch.linalg.vector_norm(dense, dtype=wide))
