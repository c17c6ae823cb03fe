"""Tries a fix on the user's own script: in a process of its own, with a time limit, and nothing of its text changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from chainrule.diagnose import Diagnosis, Finding, Intervention, Tried, diagnose
from chainrule.diagnose.progress import is_better, progress, signed
from chainrule.errors import CannotTry, ChainruleError
from chainrule.run.history import History, open_run

SECONDS = 60.0
TIMES = 3.0  # as long as the run itself took, for a fix makes more steps possible, not fewer


def try_fixes(
    history: History, found: Diagnosis, seconds: float | None = None, say: Callable[[str], None] = lambda text: None
) -> Diagnosis:
    """The diagnosis with what came of each suggested fix that can be tried. `say` is told what is being tried.

    Each attempt of a finding runs the script once, until one makes it better; of several that do not, the first is
    told. Raises CannotTry where the run was not made by `chainrule run`, or its script is gone.
    """
    command = Command(history)
    limit = seconds or max(SECONDS, TIMES * command.seconds)
    tried = (_tried(finding, command, progress(history, finding.steps[1]), limit, say) for finding in found.findings)
    return replace(found, findings=tuple(tried))


def _tried(
    finding: Finding, command: Command, before: dict[str, Any], limit: float, say: Callable[[str], None]
) -> Finding:
    if finding.missing:
        say(f"{finding.slug}: the steps {', '.join(map(str, finding.missing))}, recorded this time")
        finding = command.found_again(finding, limit)
    made: list[Tried] = []
    for attempt in finding.attempts:
        say(f"{finding.slug}: {attempt.text}")
        sign = -1.0 if attempt.kind == "negate" else 1.0  # where the negative loss is tried, that is what must fall
        was = before | _was(attempt)
        meant, after = signed(was, sign), signed(command.run(attempt, limit, finding.steps[1]), sign)
        made.append(Tried(attempt.text, after.pop("steps"), meant, after, is_better(meant, after)))
        if made[-1].better:
            break
    best = next((one for one in made if one.better), made[0] if made else None)
    return replace(finding, tried=best)


def _was(attempt: Intervention) -> dict[str, Any]:
    """How the loss fared that another one is tried instead of; its answers were those of no training."""
    if attempt.kind != "root":
        return {}
    first, last = attempt.settings["was"]
    return {"first loss": first, "last loss": last, "explained": None}


class Command:
    """The script of a run as it was called, to be run again."""

    def __init__(self, history: History) -> None:
        about = history.about
        words, folder = about.get("command"), about.get("folder")
        if not isinstance(words, list) or not words or not isinstance(folder, str):
            raise CannotTry(history.path, "it was not made by `chainrule run`")
        self.words = [str(word) for word in words]
        self.folder = Path(folder)
        self.module = about.get("module") is True
        self.seconds = float(about.get("seconds") or 0.0)
        if not self.folder.is_dir() or not (self.module or (self.folder / self.words[0]).exists()):
            raise CannotTry(history.path, f"{self.words[0]} is not in {folder} any more")

    def run(self, intervention: Intervention, seconds: float, step: int) -> dict[str, Any]:
        """How the training that has this step went with the intervention (diagnose/progress.py)."""
        said = json.dumps({"kind": intervention.kind, "settings": intervention.settings})
        with self._again(["--intervene", said], seconds) as (path, ended):
            try:
                made = progress(open_run(path), step)
            except ChainruleError:  # it ended before anything was recorded
                nan = float("nan")
                nothing = {"steps": 0, "first loss": nan, "last loss": nan, "explained": None, "ended": ""}
                return nothing | {"falls for ever": False, "rises for ever": False}
            return made if ended else {**made, "ended": f"stopped after {seconds:.0f} s"}

    def found_again(self, finding: Finding, seconds: float) -> Finding:
        """The finding as the same training shows it when its missing steps are recorded; the same where it does not."""
        with self._again(["--steps", ",".join(map(str, finding.missing))], seconds) as (path, _):
            try:
                found = diagnose(open_run(path)).findings
            except ChainruleError:
                return finding
        return next((one for one in found if one.slug == finding.slug and not one.missing), finding)

    @contextmanager
    def _again(self, options: list[str], seconds: float) -> Iterator[tuple[Path, bool]]:
        """Run the script once more, with these options of `chainrule run`: the run, and whether it ended by itself."""
        with tempfile.TemporaryDirectory(prefix="chainrule-") as place:
            path = Path(place) / "trial.run"
            options = ["run", "-o", str(path), "--check", "none", *options, *(["-m"] if self.module else [])]
            yield path, _finishes([sys.executable, "-m", "chainrule", *options, *self.words], self.folder, seconds)


def _finishes(command: list[str], folder: Path, seconds: float) -> bool:
    """Whether it ends by itself; what it prints is thrown away, and what it starts is stopped with it."""
    started = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name == "posix",
        env=dict(_environment()),
    )
    try:
        started.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        if started.poll() is None:
            if os.name == "posix":
                os.killpg(started.pid, 9)
            started.kill()
            started.wait()


def _environment() -> Iterator[tuple[str, str]]:
    """Without a display: a script that shows a figure does not wait for somebody to close it."""
    yield from os.environ.items()
    yield "MPLBACKEND", "Agg"
