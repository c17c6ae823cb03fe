"""The reader of a run: what is whole is read, whatever has happened to the rest, and also while it is written.

Nothing in a run is trusted: JSON is read by type, tensors by safetensors' own reader, file names are derived from step
numbers, and nothing is evaluated. Every failure is an error of chainrule.errors that names the file.
"""

from __future__ import annotations

import json
import re
import zlib
from array import array
from pathlib import Path
from typing import Any

from chainrule.errors import NotARun, RunDamaged, RunMissing, RunTooNew, StepDamaged, StepMissing
from chainrule.run.codec import decode, decode_agreement
from chainrule.run.fields import entry, texts
from chainrule.run.losses import read_losses
from chainrule.run.ranks import rank_folders
from chainrule.run.references import LeftOut
from chainrule.run.store import ABOUT, BROKEN_OFF, FORMAT, LOSSES, ROWS, STEPS, step_file
from chainrule.run.tensorfile import from_bytes
from chainrule.step import Step

_STEP_NAME = re.compile(r"([0-9]{6,18})\.safetensors")


class History:
    """A run on disk, as it was when it was opened or last refreshed.

    about     run.json: "script", "command", "model", … as the writer gave them, and "ended" when the run has ended
    losses    of every training step; of a damaged file the intact prefix
    steps     the recorded steps that are on disk, sorted
    rows      {step: its line in steps.jsonl}, also of steps that were thinned out; see `_row` for what is sure in it
    damaged   the steps whose file has not the size that was written
    thinned   the steps that were deleted to keep the run's size
    problems  what the writer noted, and what could not be read here

    Raises RunMissing, NotARun, RunTooNew, RunDamaged.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.refresh()

    def refresh(self) -> None:
        """Read again what another process may have added."""
        self.about = _read_about(self.path)
        self.losses = _read_losses(self.path / LOSSES)
        self._read_rows()
        there = _step_numbers(self.path / STEPS)
        self.steps = [index for index in there if self._has_its_size(index)]
        self.damaged = sorted(set(there) - set(self.steps))
        if self.damaged:
            self.problems.append(f"the files of {len(self.damaged)} recorded steps are damaged: {self.damaged[:5]}")

    @property
    def ended(self) -> str:
        """ "finished", "exception", "interrupted", or "" while it is written and where the process was killed."""
        ended = self.about.get("ended")
        return ended if isinstance(ended, str) else ""

    def read(self, index: int) -> Step:
        """A recorded step, as it was when it was written. Raises StepMissing, StepDamaged."""
        return self.read_all(index)[0]

    def left_out(self, index: int) -> dict[str, LeftOut]:
        """The tensors of a step that were too large to keep, by the names of codec.py. Raises as `read`."""
        return self.read_all(index)[1]

    def read_all(self, index: int) -> tuple[Step, dict[str, LeftOut]]:
        """`read` and `left_out` at once."""
        if index in self.damaged:
            raise StepDamaged(step_file(self.path, index), index, "it has another size than was written")
        if index not in self.steps:
            raise StepMissing(index, self.steps)
        path = step_file(self.path, index)
        try:
            data = path.read_bytes()
            if index in self.rows and self.rows[index]["crc32"] != zlib.crc32(data):
                raise ValueError("its bytes are not those that were written")
            step, left_out = decode(*from_bytes(data))
            if step.index != index:
                raise ValueError(f"it says that it is step {step.index}")
        except FileNotFoundError as error:  # thinned meanwhile
            self.steps.remove(index)
            raise StepMissing(index, self.steps) from error
        except (OSError, ValueError) as error:
            raise StepDamaged(path, index, str(error)) from error
        return step, left_out

    def broken_off(self) -> Step | None:
        """What there was of the step in which the script raised an exception; None where that is not known."""
        try:
            return decode(*from_bytes((self.path / BROKEN_OFF).read_bytes()))[0]
        except (OSError, ValueError):
            return None

    def _read_rows(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.thinned: set[int] = set()
        self.problems: list[str] = []
        unreadable = 0
        for line in _lines(self.path / ROWS):
            try:
                self._add(json.loads(line))
            except (ValueError, RecursionError):
                unreadable += 1
        if unreadable:
            self.problems.append(f"{unreadable} lines of {ROWS} cannot be read")

    def _add(self, raw: Any) -> None:
        """One line of steps.jsonl. Raises ValueError."""
        match raw:
            case {"thinned": list(steps)}:
                self.thinned |= {step for step in steps if type(step) is int}
            case {"problem": str(text)}:
                self.problems.append(text)
            case _:
                row = _row(raw)
                self.rows[row["step"]] = row

    def _has_its_size(self, index: int) -> bool:
        """Whether the step's file is there in the size its row states, if there is a row."""
        try:
            size = step_file(self.path, index).stat().st_size
        except OSError:
            return False
        return index not in self.rows or self.rows[index]["bytes"] == size


def open_run(path: Path | str) -> History:
    """The run; of several processes that trained together, that of the first. Raises RunMissing, NotARun, RunTooNew,
    RunDamaged."""
    first = next(iter(rank_folders(path).values()), None)
    if first is None or not (first / ABOUT).is_file():
        return History(path)
    if not (Path(path) / ABOUT).is_file():  # a launcher started them
        return History(first)
    own = History(path)
    return own if own.losses else History(first)


def _read_about(path: Path) -> dict[str, Any]:
    file = path / ABOUT
    try:
        text = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise (NotARun if path.exists() else RunMissing)(path) from error
    except (OSError, ValueError) as error:  # ValueError: a zero in the name
        raise RunDamaged(file, str(error)) from error
    try:
        about = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunDamaged(file, str(error)) from error
    if not isinstance(about, dict) or type(about.get("format")) is not int:
        raise NotARun(path)
    if about["format"] > FORMAT:
        raise RunTooNew(path, about["format"], FORMAT)
    return about


def _read_losses(path: Path) -> array[float]:
    try:
        return read_losses(path)
    except OSError as error:
        raise RunDamaged(path, str(error)) from error


def _lines(path: Path) -> list[bytes]:
    """The complete lines; the last one may be in the writing. No file, no lines."""
    try:
        return [line for line in path.read_bytes().split(b"\n")[:-1] if line]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunDamaged(path, str(error)) from error


def _step_numbers(folder: Path) -> list[int]:
    """Of the step files in the folder, in order."""
    try:
        names = [_STEP_NAME.fullmatch(file.name) for file in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunDamaged(folder, str(error)) from error
    return sorted({int(name[1]) for name in names if name and step_file("", int(name[1])).name == name[0]})


def _row(raw: Any) -> dict[str, Any]:
    """A line about a recorded step, with these entries and types only:

    step, bytes, crc32  int
    loss                float
    event               what happened at the step before, or ""
    parameters          {name: {"gradient_norm" | "update_norm" | "weight_norm": float}}
    agreement           Agreement | None
    problems            list[str]

    Raises ValueError.
    """
    index = entry(raw, "step", int)
    if index < 0:
        raise ValueError(f"there is no step {index}")
    event = entry(raw, "event", str, bool)
    return {
        "step": index,
        "bytes": entry(raw, "bytes", int),
        "crc32": entry(raw, "crc32", int),
        "loss": entry(raw, "loss", float),
        "event": event if isinstance(event, str) else "event" * event,
        "parameters": {name: _floats(part) for name, part in entry(raw, "parameters", dict).items()},
        "agreement": decode_agreement(entry(raw, "agreement", dict, type(None))),
        "problems": texts(entry(raw, "problems", list)),
    }


def _floats(raw: Any) -> dict[str, float]:
    if not isinstance(raw, dict) or not all(type(part) is float for part in raw.values()):
        raise ValueError("norms are numbers by name")
    return raw
