"""Fixes are tried on the script: what helps is confirmed, what does not is not, and the script stays as it is."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.cli import main
from chainrule.diagnose import Finding, Intervention, Where, diagnose
from chainrule.diagnose.diagnosis import Diagnosis
from chainrule.diagnose.intervention import KINDS
from chainrule.diagnose.progress import is_better
from chainrule.errors import CannotTry
from chainrule.run.history import open_run
from chainrule.trial import try_fixes
from chainrule.watching.interventions import INTERVENTIONS

FAULTS = sorted((Path(__file__).parent / "faults").glob("*.py"))
CONFIRMED = 0.85  # of the fixes that can be tried
QUICK = ["bottleneck", "cleared_gradients", "no_graph_no_grad", "not_separable", "other_loss", "unused_output_of_two"]
RUNS_A_FAULT = """
import importlib.util
import sys

spec = importlib.util.spec_from_file_location("fault", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.train(False)
"""


def recorded(folder, script, *arguments):
    """A run of the script by the command, in a process of its own."""
    (folder / "train.py").write_text(script)
    command = [sys.executable, "-m", "chainrule", "run", "-o", "the.run", "train.py", *map(str, arguments)]
    subprocess.run(command, cwd=folder, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False)
    return open_run(folder / "the.run")


def first_tried(folder, fault):
    history = recorded(folder, RUNS_A_FAULT, fault)
    found = try_fixes(history, diagnose(history), seconds=60)
    return found.findings[0].tried if found.findings else None


@pytest.mark.parametrize("name", QUICK)
def test_the_fix_of_a_fault_is_confirmed(name, tmp_path):
    (fault,) = [path for path in FAULTS if path.stem == name]
    before = fault.read_bytes()
    tried = first_tried(tmp_path, fault)
    assert tried is not None
    assert tried.better
    assert tried.steps > 0
    assert fault.read_bytes() == before


@pytest.mark.slow
def test_most_fixes_are_confirmed(tmp_path):
    """All faults, one after the other: 10 minutes."""
    made = {}
    for fault in FAULTS:
        (folder := tmp_path / fault.stem).mkdir()
        made[fault.stem] = first_tried(folder, fault)
    tried = {name: one for name, one in made.items() if one is not None}
    failed = [f"{name}: {one.change}" for name, one in tried.items() if not one.better]
    assert len(tried) - len(failed) >= CONFIRMED * len(tried), failed


def test_a_change_that_does_not_help_is_not_called_better(tmp_path):
    (fault,) = [path for path in FAULTS if path.stem == "broadcast_loss"]
    history = recorded(tmp_path, RUNS_A_FAULT, fault)
    wrong = Finding("wrong", "", Where(), (0, 1), {}, "", "", attempts=(Intervention("rate", {"factor": 0.5}),))
    found = try_fixes(history, Diagnosis((wrong,), (), 1), seconds=60)
    tried = found.findings[0].tried
    assert tried is not None
    assert tried.steps == len(history.losses)
    assert not tried.better


def test_a_script_that_does_not_end_is_stopped(tmp_path):
    """The first run ends by itself; with a file that says so, the second does not."""
    script = """
import pathlib, time, torch
again = pathlib.Path("again")
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    model(torch.ones(4, 2)).square().mean().backward()
    optimizer.step()
time.sleep(600 if again.exists() else 0)
again.touch()
"""
    history = recorded(tmp_path, script)
    finding = Finding("any", "", Where(), (0, 1), {}, "", "", attempts=(Intervention("rate", {"factor": 0.5}),))
    tried = try_fixes(history, Diagnosis((finding,), (), 1), seconds=8).findings[0].tried
    assert tried is not None
    assert not tried.better
    assert tried.after["ended"] == "stopped after 8 s"


def test_a_step_that_was_not_recorded_is_recorded_to_find_the_first_call_that_is_not_finite(tmp_path):
    script = """
import torch
w = torch.nn.Parameter(torch.tensor(1.3))
optimizer = torch.optim.SGD([w], lr=0.022)
for _ in range(60):
    root = torch.sqrt(w)  # negative after some steps
    optimizer.zero_grad()
    (root + 2 * w).backward()
    optimizer.step()
"""
    history = recorded(tmp_path, script)
    at = next(i for i, loss in enumerate(history.losses) if not math.isfinite(loss))
    assert at not in history.steps
    (finding,) = diagnose(history).findings
    assert finding.missing == (at - 1, at)
    (found,) = try_fixes(history, diagnose(history), seconds=60).findings
    assert (found.slug, found.where.call, found.where.line) == ("not-finite", "torch.sqrt", 6)


def test_what_was_not_made_by_the_command_cannot_be_tried(tmp_path):
    history = recorded(tmp_path, "import torch\ntorch.ones(2, requires_grad=True).sum().backward()")
    (tmp_path / "train.py").unlink()
    with pytest.raises(CannotTry, match=r"train\.py is not in"):
        try_fixes(history, diagnose(history))
    del history.about["folder"]
    with pytest.raises(CannotTry, match="not made by"):
        try_fixes(history, diagnose(history))


def test_the_command_tells_what_was_tried(tmp_path, capsys):
    (fault,) = [path for path in FAULTS if path.stem == "broadcast_loss"]
    recorded(tmp_path, RUNS_A_FAULT, fault)
    assert main(["diagnose", str(tmp_path / "the.run"), "--try", "--format", "json"]) == 1
    shown = capsys.readouterr()
    (finding,) = json.loads(shown.out)["findings"]
    tried = finding["tried"]
    assert set(tried) == {"change", "steps", "before", "after", "better"}
    assert tried["better"] is True
    assert tried["after"]["last loss"] < tried["before"]["last loss"]
    assert "trying broadcast-loss: the target in the shape of the prediction" in shown.err
    assert "attempts" not in finding


def test_every_kind_can_be_done_and_says_what_it_does():
    assert set(KINDS) == set(INTERVENTIONS)
    with pytest.raises(ValueError, match="no intervention is called"):
        Intervention("wish")


def run(first=1.0, last=1.0, explained=None, ended="finished", endless=False):
    facts = {"first loss": first, "last loss": last, "explained": explained, "ended": ended}
    return facts | {"falls for ever": endless, "rises for ever": False}


@pytest.mark.parametrize(
    ("before", "after", "better"),
    [
        (run(last=0.9), run(last=0.5), True),
        (run(last=0.9), run(last=0.85), False),  # less than a tenth
        (run(explained=0.1, last=0.1), run(explained=0.9, last=5.0), True),  # another loss has another unit
        (run(explained=0.5), run(explained=0.52), False),
        (run(), run(last=-1e9, endless=True), False),
        (run(last=-50, endless=True), run(last=-1e9, endless=True), False),
        (run(last=-50, endless=True), run(last=0.5), True),  # the loss is higher, and has a least value
        (run(last=math.nan), run(last=0.5), True),
        (run(last=0.9), run(last=math.nan), False),
        (run(last=0.9), run(last=0.1, ended="exception"), False),
        (run(last=0.9), run(last=0.1, ended="stopped after 8 s"), False),
        (run(ended="exception"), run(last=0.9), True),
        (run(ended="exception"), run(last=1.1), False),
        (run(first=-1.0, last=-1.0), run(first=-1.0, last=-2.0), True),
        (run(first=-1.0, last=-2.0), run(first=-1.0, last=-1.0), False),
    ],
)
def test_better_is_what_learns_more(before, after, better):
    assert is_better(before, after) is better
