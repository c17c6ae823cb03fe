"""Watching changes nothing: every script of scripts/ prints, writes and returns under watch what it does under python.

The scripts end by printing hashes of all their weights and of the random states, so equal output is equal training, bit
for bit. Each runs as a user runs it: in a process of its own, under plain python and under `chainrule run`.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from chainrule import load

HERE = Path(__file__).parent / "scripts"
SOURCE = Path(__file__).parents[2] / "src"
# How many training steps each script makes. exits.py leaves in its fourth, after the backward pass.
STEPS = {
    "accumulation": 5,
    "arguments": 2,
    "attention": 4,
    "autocast": 5,
    "beside_a_thread": 30,
    "checkpoints": 6,
    "clip_schedule": 8,
    "closure": 4,
    "cnn": 6,
    "complex_numbers": 5,
    "custom_function": 5,
    "devices": 5,
    "eval_between": 5,
    "exits": 4,
    "float64": 6,
    "functional": 4,
    "gan": 5,
    "grad_by_hand": 5,
    "grad_without_optimizer": 5,
    "gradient_penalty": 5,
    "half": 4,
    "hooks": 5,
    "language_model": 4,
    "lbfgs": 4,
    "manual": 6,
    "manual_data": 5,
    "mlp_loader": 12,
    "nesterov": 6,
    "only_in_threads": 0,
    "optimizer_in_backward": 5,
    "raises": 3,
    "raises_in_backward": 2,
    "several_judgements": 41,
    "sparse_embedding": 5,
    "sparse_matrix": 4,
    "spawned_workers": 3,
    "super_step": 6,
    "threads": 6,
    "tied": 5,
    "transformer": 4,
    "two_losses": 5,
    "views": 5,
    "workers": 8,
    "xor": 30,
}
NOT_FINITE = {"threads"}  # its loss becomes NaN
WARNS = {
    "transformer",
    "sparse_matrix",
}  # torch warns in a recorded step, and the warning names our file: docs/limits.md
ARGUMENTS = {"arguments": ["--steps", "2", "-o", "mine", "--", "--report"]}
REGIMES = {"default": [], "all": ["--every", "1", "--check", "all"], "some": ["--steps", "1,3"]}
# The other regimes for all scripts are slow; by default the first ten steps are recorded: little else than "all".
IN_ALL_REGIMES = {
    "beside_a_thread",
    "checkpoints",
    "cnn",
    "exits",
    "gan",
    "mlp_loader",
    "raises",
    "transformer",
    "workers",
    "xor",
}


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


def run(command: list[str], folder: Path) -> Result:
    # One thread, since two processes run at a time; hashes of strings fixed, as in any comparison of two processes.
    settings = {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=os.environ | settings, capture_output=True, timeout=600
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def watched(script: Path, arguments: list[str], regime: str, folder: Path) -> Result:
    command = ["-m", "chainrule.cli", "run", "-o", regime, *REGIMES[regime], str(script), *arguments]
    return run(command, folder)


def in_regimes(
    script: Path, arguments: list[str], regimes: list[str], folder: Path
) -> tuple[Result, dict[str, Result]]:
    """The script under plain python, and under regimes of the watch; two processes at a time."""
    with ThreadPoolExecutor(2) as pool:
        plain = pool.submit(run, [str(script), *arguments], folder)
        others = {regime: pool.submit(watched, script, arguments, regime, folder) for regime in regimes}
        return plain.result(), {regime: other.result() for regime, other in others.items()}


def differences(plain: Result, other: Result) -> list[str]:
    """What tells the watched run from the plain one; of its stderr, our first line and our report are taken away."""
    found = [name for name in ("status", "out") if getattr(plain, name) != getattr(other, name)]
    first, _, rest = other.err.partition("\n")
    theirs, report, _ = rest.partition("\n∂ chainrule")
    if not first.startswith("∂ chainrule") or not report or theirs != plain.err:
        found.append("err")
    return found


def faults(folder: Path) -> list[str]:
    """Every disagreement and every problem of a run."""
    recorded = load(folder)
    found = list(recorded.about["problems"])
    for step in recorded:
        found += step.problems + list(step.agreement.errors)
    return found


def test_every_script_is_in_the_table():
    assert {path.stem for path in HERE.glob("*.py")} == STEPS.keys() | {"fingerprint"}


@pytest.mark.parametrize("name", STEPS)
def test_a_watched_script_does_exactly_what_it_does_alone(name, tmp_path):
    judge(name, list(REGIMES) if name in IN_ALL_REGIMES else ["all"], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS.keys() - IN_ALL_REGIMES)
def test_it_does_so_in_every_regime(name, tmp_path):
    judge(name, list(REGIMES), tmp_path)


def judge(name: str, regimes: list[str], tmp_path: Path) -> None:
    plain, others = in_regimes(HERE / f"{name}.py", ARGUMENTS.get(name, []), regimes, tmp_path)
    assert "results" in plain.out, plain.err
    allowed = {"err"} if name in WARNS else set()
    told = {regime: set(differences(plain, other)) - allowed for regime, other in others.items()}
    assert not any(told.values()), told
    for regime in others:
        recorded = load(tmp_path / regime)
        assert len(recorded.losses) == STEPS[name], regime
        assert all(map(math.isfinite, recorded.losses)) or name in NOT_FINITE, regime
        assert not faults(tmp_path / regime), regime
    assert load(tmp_path / "all").steps == list(range(STEPS[name]))
    if "some" not in regimes:
        return
    some = load(tmp_path / "some").steps
    chosen = [step for step in (1, 3) if step in load(tmp_path / "all").steps]
    assert some == chosen or (name in NOT_FINITE and set(chosen) < set(some))  # the step after the first NaN too


def test_the_loss_that_is_logged_is_not_that_of_another_thread(tmp_path):
    """Steps that are only counted, each with a backward pass of another thread before the optimizer's step."""
    plain, _ = in_regimes(HERE / "beside_a_thread.py", [], ["some"], tmp_path)
    printed = [float(line.split()[1]) for line in plain.out.splitlines() if line[0].isdigit()]
    assert load(tmp_path / "some").losses == printed


def test_a_watch_that_draws_one_random_number_is_caught(tmp_path):
    """The comparison above, seen to fail."""
    meddle = (
        "import runpy, sys, torch\n"
        "from torch.optim.optimizer import register_optimizer_step_post_hook\n"
        "register_optimizer_step_post_hook(lambda *a: torch.rand(1))\n"
        f"sys.path.insert(0, {str(HERE)!r})\n"
        "print('∂ chainrule', file=sys.stderr)\n"
        f"runpy.run_path({str(HERE / 'nesterov.py')!r})\n"
        "print('\\n∂ chainrule', file=sys.stderr)\n"
    )
    plain = run([str(HERE / "nesterov.py")], tmp_path)
    assert differences(plain, run(["-c", meddle], tmp_path)) == ["out"]
    assert differences(plain, run(["-c", meddle.replace("torch.rand(1)", "None")], tmp_path)) == []


def test_another_status_and_a_changed_traceback_are_caught():
    plain = Result(1, "", "Traceback\n  one\n")
    assert differences(plain, Result(1, "", "∂ chainrule\nTraceback\n  one\n\n∂ chainrule\n")) == []
    changed = Result(0, "", "∂ chainrule\nTraceback\n  ours\n  one\n\n∂ chainrule\n")
    assert differences(plain, changed) == ["status", "err"]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("xor", 3000), ("mlp_loader", 100)])
def test_a_long_training_under_watch_is_the_same_to_the_last_bit(name, size, tmp_path):
    """3,000 steps of XOR, 600 of the classifier."""
    plain, others = in_regimes(HERE / f"{name}.py", [str(size)], list(REGIMES), tmp_path)
    allowed = {"err"} if name in WARNS else set()
    told = {regime: set(differences(plain, other)) - allowed for regime, other in others.items()}
    assert not any(told.values()), told
    for regime in others:
        assert not faults(tmp_path / regime), regime
