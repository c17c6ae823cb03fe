"""Several processes that train together: each is recorded, nothing changes, and their average is proved."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from test_changes_nothing import Result, faults, run
from torch import distributed, nn

from chainrule.api import Run, load, watch
from chainrule.run.all_reduce import compare
from chainrule.step import Backward, Exchange, ParameterUpdate, Step, Update, Value

PROCESSES = Path(__file__).parent / "processes"
STEPS = 3  # of each way of training
# What becomes of the gradient in each way; None where the step itself cannot be recorded.
WAYS = {
    "ddp": "backward",
    "views": "backward",
    "accumulation": "backward",
    "clip": "backward",
    "hook": "other",
    "by_hand": "script",
    "alone": "none",
    "sharded": None,
}
SHARDED = "the step was not recorded: its parameters are sharded over several processes"
TORCHRUN = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
WATCHED = ["-m", "chainrule", "run", "-o", "run", "--every", "1", "--check", "all"]

pytestmark = pytest.mark.skipif(
    not distributed.is_available() or not distributed.is_gloo_available() or sys.platform != "linux",
    reason="needs torch.distributed with gloo",
)


def alone_and_watched(alone: list[str], under_watch: list[str], folder: Path) -> tuple[Result, Result]:
    """One training in two processes, written to alone/ and to watched/."""
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(run, command, folder) for command in (alone, under_watch)]
        return done[0].result(), done[1].result()


def learnt(folder: Path) -> list[str]:
    """What each process printed at its end: hashes of its weights and random states."""
    return [(folder / f"{rank}.txt").read_text() for rank in (0, 1)]


def spawned(method: str, ways: list[str], folder: Path) -> tuple[Result, Result]:
    script = str(PROCESSES / "spawns.py")
    return alone_and_watched([script, "alone", method, *ways], [*WATCHED, script, "watched", method, *ways], folder)


def outcomes(of: Run) -> list[str | None]:
    return [None if step.all_reduce is None else step.all_reduce.how for step in of]


def test_processes_that_the_script_spawns_are_joined_and_proved(tmp_path):
    plain, watched = spawned("spawn", list(WAYS), tmp_path)
    assert (plain.status, watched.status) == (0, 0), plain.err + watched.err
    assert learnt(tmp_path / "alone") == learnt(tmp_path / "watched")
    joined = load(tmp_path / "run")
    assert "2 processes" in repr(joined)
    assert joined.losses == joined.ranks[0].losses
    assert len(joined.ranks) == 2
    for rank, recorded in enumerate(joined.ranks):
        assert (recorded.about["rank"], recorded.about["ranks"]) == (rank, 2)
        assert recorded.about["ended"] == "finished"
        assert outcomes(recorded) == [how for how in WAYS.values() for _ in range(STEPS)]
        assert set(faults(recorded.path)) == {SHARDED}
        for step in recorded:
            assert step.loss == recorded.losses[step.index]
            assert not step.all_reduce or not step.all_reduce.errors
            assert not step.all_reduce or step.all_reduce.how == "other" or not step.all_reduce.worst > 1e-6
    assert "✓ all-reduced over 2 processes: .grad is the average of our gradients" in watched.err
    assert "run   2 processes" in watched.err


def test_forked_processes_are_followed_too(tmp_path):
    plain, watched = spawned("fork", ["ddp"], tmp_path)
    assert (plain.status, watched.status) == (0, 0), plain.err + watched.err
    assert learnt(tmp_path / "alone") == learnt(tmp_path / "watched")
    recorded = load(tmp_path / "run").ranks
    assert [outcomes(one) for one in recorded] == 2 * [STEPS * ["backward"]]
    assert not [fault for one in recorded for fault in faults(one.path)]


def test_of_ranks_that_are_started_twice_the_first_are_recorded(tmp_path):
    script = str(PROCESSES / "starts.py")
    plain, watched = alone_and_watched([script, "alone", "twice"], [*WATCHED, script, "watched", "twice"], tmp_path)
    assert (plain.status, watched.status) == (0, 0), plain.err + watched.err
    for name in ("first", "second"):
        assert learnt(tmp_path / "alone" / name) == learnt(tmp_path / "watched" / name)
    assert [len(one.losses) for one in load(tmp_path / "run").ranks] == [STEPS, STEPS]


def test_ranks_that_the_script_starts_as_programs_are_not_watched(tmp_path):
    script = str(PROCESSES / "starts.py")
    plain, watched = alone_and_watched(
        [script, "alone", "programs"], [*WATCHED, script, "watched", "programs"], tmp_path
    )
    assert (plain.status, watched.status) == (0, 0), plain.err + watched.err
    assert learnt(tmp_path / "alone") == learnt(tmp_path / "watched")
    assert load(tmp_path / "run").ranks == []


def test_a_process_that_fails_is_recorded_up_to_there(tmp_path):
    plain, watched = spawned("fork", ["fails"], tmp_path)
    assert plain.status == watched.status == 1
    recorded = load(tmp_path / "run").ranks
    assert "exception" in {one.about.get("ended") for one in recorded}
    assert {len(one.losses) for one in recorded} == {1}


def test_processes_that_torchrun_starts_are_joined(tmp_path):
    script = str(PROCESSES / "launched.py")
    plain, watched = alone_and_watched(
        [*TORCHRUN, script, "alone", "ddp"], [*TORCHRUN, *WATCHED, script, "watched", "ddp"], tmp_path
    )
    assert (plain.status, watched.status) == (0, 0), plain.err + watched.err
    assert learnt(tmp_path / "alone") == learnt(tmp_path / "watched")
    assert [outcomes(one) for one in load(tmp_path / "run").ranks] == 2 * [STEPS * ["backward"]]
    assert watched.err.count("∂ chainrule") == 2  # the first process's first line, and its report


def test_in_python_each_launched_process_watches_into_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    layer = nn.Linear(2, 1)
    for rank in ("1", "0"):
        monkeypatch.setenv("RANK", rank)
        with watch(tmp_path / "run") as recorded:
            layer(torch.ones(1, 2)).sum().backward()
        assert recorded.path.name == f"rank{rank}"
        assert len(recorded) == 1
    assert len(load(tmp_path / "run").ranks) == 2


# ---------------------------------------------------------------- the check itself, seen to fail


def member(own: list[float], in_grad: list[float], used: list[float] | None = None, by: str = "ddp") -> Step:
    """A step of one of two processes, with a single parameter of two numbers."""
    weight = torch.zeros(2)
    value = Value(0, (2,), weight.dtype, weight, True, "parameter", "w")
    step = Step(
        0, values=[value], gradients={0: torch.tensor(own, dtype=torch.float32)}, backwards=[Backward([], [], [])]
    )
    change = ParameterUpdate(weight, torch.tensor(used or in_grad, dtype=torch.float32), {}, {})
    step.updates = [Update("SGD", {0: change})]
    step.exchange = Exchange(by, (0, 1), {0: torch.tensor(in_grad, dtype=torch.float32)})
    return step


@pytest.mark.parametrize(
    ("first", "second", "how", "errors"),
    [
        (member([1, 4], [2, 2]), member([3, 0], [2, 2]), "backward", 0),
        (member([1, 4], [2, 2.01]), member([3, 0], [2, 2.01]), "other", 1),
        (member([1, 4], [2, 2.01], by=""), member([3, 0], [2, 2.01]), "other", 0),
        (member([1, 4], [1, 4], [2, 2]), member([3, 0], [3, 0], [2, 2]), "script", 0),
        (member([1, 4], [1, 4], [2, 2.01]), member([3, 0], [3, 0], [2, 2.01]), "none", 0),
        (member([1, 4], [0, 0]), member([-1, -4], [0, 0]), "backward", 0),
    ],
)
def test_the_average_is_told_from_what_is_none(first, second, how, errors):
    found = compare(first, [first, second])
    assert (found.how, len(found.errors)) == (how, errors)


def test_without_every_process_nothing_is_claimed(tmp_path):
    first, second = member([1, 4], [2, 2]), member([3, 0], [2, 2])
    second.gradients.clear()
    assert compare(first, [first, second]).how == "unknown"
