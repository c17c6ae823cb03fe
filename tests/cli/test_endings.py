"""However a run ends — a signal, kill -9, a full disk, too little room — the training is itself and the run is read."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from shell import LAUNCH, TRAINING, Result, chainrule, environment, execute, theirs

from chainrule.api import load
from chainrule.cli import main

WAITS = (
    "import time, atexit\natexit.register(print, 'bye')\n"
    f"{TRAINING}for i in range(5): step()\nprint('ready', flush=True)\ntime.sleep(100)\n"
)
GOES_ON = f"{TRAINING}i = 0\nwhile True:\n    print(i, repr(step()), flush=True)\n    i += 1\n"


def stopped(command: list[str], folder: Path, number: int) -> Result:
    """The script is sent a signal a moment after it has printed its first line."""
    pipe = subprocess.PIPE
    # Ctrl-C as in a terminal: what is started in the background inherits that it is ignored.
    hears = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=pipe, stderr=pipe, text=True, preexec_fn=hears
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(0.5)  # for it to reach its next line
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return Result(process.returncode, first + out, err)


@pytest.fixture(scope="module")
def endings(tmp_path_factory):
    """{(signal, watched or not): how it ended}, and the folder."""
    folder = tmp_path_factory.mktemp("endings")
    (folder / "waits.py").write_text(WAITS)
    with ThreadPoolExecutor(2) as pool:
        results = {}
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            watched = [*LAUNCH, "run", "-o", number.name, "waits.py"]
            results[number, True] = pool.submit(stopped, watched, folder, number)
            results[number, False] = pool.submit(stopped, [sys.executable, "waits.py"], folder, number)
        return {key: ended.result() for key, ended in results.items()}, folder


def test_ctrl_c_ends_by_the_signal_after_the_traceback_the_report_and_the_exit_handlers(endings):
    results, folder = endings
    plain, watched = results[signal.SIGINT, False], results[signal.SIGINT, True]
    assert plain.status == -signal.SIGINT
    assert (watched.status, watched.out, theirs(watched.err)) == (plain.status, plain.out, plain.err)
    assert plain.out == "ready\nbye\n"
    assert "in 5 steps" in watched.err
    assert load(folder / "SIGINT").about["ended"] == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_that_python_does_not_handle_leaves_the_run_as_it_was(number, endings):
    results, folder = endings
    assert results[number, True].status == results[number, False].status == -number
    assert results[number, True].out == "ready\n"
    assert results[number, True].err.count("\n") == 1
    assert "ended" not in load(folder / number.name).about


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_stopped_run_has_every_step(name, endings, capsys):
    recorded = load(endings[1] / name)
    assert len(recorded.losses) == 5
    assert recorded.steps == [0, 1, 2, 3, 4]
    assert all(step.agreement.holds for step in recorded)
    assert main(["explain", str(recorded.path), "--step", "-1"]) == 0
    assert capsys.readouterr().out.startswith("STEP 4 ")


def test_a_run_is_read_while_it_is_written_and_after_kill_9_has_all_but_the_step_in_flight(tmp_path, capsys):
    (tmp_path / "script.py").write_text(GOES_ON)
    command = [*LAUNCH, "run", "-o", "run", "--every", "1", "script.py"]
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=out, stderr=subprocess.DEVNULL)
        try:
            run, seen = tmp_path / "run", []
            until = time.monotonic() + 60
            while len(seen) < 8 and time.monotonic() < until:
                if not (run / "steps.jsonl").exists() or not load(run).steps:
                    time.sleep(0.01)
                    continue
                seen.append(len(load(run).losses))
                assert main(["explain", str(run), "--weight", "weight[0,1]"]) == 0
                assert main(["explain", str(run), "--step", "-1", "--format", "json"]) == 0
            assert process.poll() is None
        finally:
            process.kill()
            process.wait()
    assert len(seen) == 8
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]
    assert capsys.readouterr().err == ""
    printed = [line.split() for line in (tmp_path / "out").read_text().splitlines(keepends=True) if line.endswith("\n")]
    recorded = load(run)
    assert len(printed) <= len(recorded.losses) <= len(printed) + 1
    assert recorded.losses[: len(printed)] == [float(loss) for _, loss in printed]
    assert recorded.steps[: len(printed)] == list(range(len(printed)))
    assert len(recorded.steps) <= len(recorded.losses) + 1  # a step is written before its loss is counted
    last = recorded[recorded.steps[: len(recorded.losses)][-1]]
    assert last.loss == recorded.losses[last.index]
    assert last.agreement is not None
    assert last.agreement.holds


# ---------------------------------------------------------------- no room


WIDE = """\
import hashlib, sys, torch
from torch import nn

torch.manual_seed(0)
width = int(sys.argv[1])
model = nn.Sequential(nn.Linear(64, width), nn.Tanh(), nn.Linear(width, 10))
x, y = torch.randn(64, 64), torch.randn(64, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(20):
    optimizer.zero_grad()
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    print(loss.item())
print(hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in model.parameters())).hexdigest())
"""
DISKS = {
    "full at once": (1_000, "cannot be written: File too large"),
    "full at the first step": (100_000, "! recording ended at step 0: File too large"),
}


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """The script's folder, and what it does alone."""
    folder = tmp_path_factory.mktemp("wide")
    (folder / "wide.py").write_text(WIDE)
    return folder, execute([sys.executable, "wide.py", "64"], folder)


@pytest.mark.parametrize("how", DISKS)
def test_on_a_full_disk_the_training_goes_on_bit_for_bit(how, wide):
    """A file may grow to so many bytes only; writing on gives an error, as on a full disk."""
    folder, plain = wide
    room, said = DISKS[how]
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room))
    done = chainrule(["run", "-o", how, "wide.py", "64"], folder, preexec_fn=limit)
    assert (done.status, done.out) == (plain.status, plain.out)
    assert said in done.err
    assert "Traceback" not in done.err
    if how != "full at once":
        assert load(folder / how).losses == [float(line) for line in plain.out.splitlines()[:-1]]


def test_on_a_disk_that_fills_up_what_was_written_is_kept(wide):
    """A file system of its own with a megabyte of room."""
    folder, plain = wide
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not permitted here")
    try:
        done = chainrule(["run", "--every", "1", "-o", "disk/run", "wide.py", "64"], folder)
        recorded = load(disk / "run")
        assert (done.status, done.out) == (plain.status, plain.out)
        assert recorded.losses == [float(line) for line in plain.out.splitlines()[:-1]]
        assert 0 < len(recorded.steps) < 20
        assert f"! recording ended at step {recorded.steps[-1] + 1}: No space left on device" in done.err
        assert all(step.agreement.holds for step in recorded)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_run_with_too_little_room_keeps_its_bound_and_says_what_it_left_out(wide):
    folder, plain = wide
    done = chainrule(["run", "--every", "1", "--max-size", "1MB", "-o", "small", "wide.py", "64"], folder)
    assert (done.status, done.out) == (plain.status, plain.out)
    recorded = load(folder / "small")
    assert sum(path.stat().st_size for path in (folder / "small" / "steps").iterdir()) <= 1 << 20
    gone = json.loads((folder / "small" / "run.json").read_text())["thinned"]
    assert gone > 0
    assert recorded.steps[0] == 0
    assert f"! {gone} recorded steps were deleted to keep the run within its --max-size" in done.err
    assert "were not kept: too large for the step's share of the run" in done.err


def test_a_report_that_fails_is_said_to_have_and_changes_nothing(tmp_path):
    """The script itself breaks it: no one else is in that process."""
    breaks = "import chainrule.show.report\nchainrule.show.report.report_of = None\n"
    (tmp_path / "plain.py").write_text(f"{TRAINING}print(step())")
    (tmp_path / "script.py").write_text(f"{TRAINING}print(step())\n{breaks}raise SystemExit(3)")
    done = chainrule(["run", "-o", "run", "script.py"], tmp_path)
    plain = execute([sys.executable, "plain.py"], tmp_path)
    assert (done.status, done.out) == (3, plain.out)
    assert "chainrule: there is no report, by a fault of its own: TypeError: " in done.err
    assert load(tmp_path / "run").steps == [0]
