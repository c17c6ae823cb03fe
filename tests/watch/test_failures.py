"""A failure of ours, wherever it happens, changes nothing in the training and is named in the run."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from chainrule.api import load, watch
from chainrule.rules import RULES
from chainrule.watching.graph import Graph

MISTAKE = "a mistake of ours"
# Every stage of a recorded step. Some are reached once a call, some once a step, some once a run.
STAGES = [
    "chainrule.watching.recorder:Recorder._begin",
    "chainrule.watching.recorder:Recorder._finish",
    "chainrule.watching.recorder:Recorder._declined",
    "chainrule.watching.recorder:Recorder.value_of",
    "chainrule.watching.recorder:Recorder.value_of_leaf",
    "chainrule.watching.recorder:Recorder.before_write",
    "chainrule.watching.recorder:Recorder.preserved",
    "chainrule.watching.recorder:Recorder.name_parameters",
    "chainrule.watching.place:Places.here",
    "chainrule.watching.place:Places.variable_name",
    "chainrule.watching.place:Places.parameter_names",
    "chainrule.watching.graph:Graph.__init__",
    "chainrule.watching.graph:Graph._walk",
    "chainrule.watching.graph:Graph.hook",
    "chainrule.watching.graph:Graph.unhook",
    "chainrule.watching.graph:Graph.finish",
    "chainrule.watching.graph:Graph._deliver_alone",
    "chainrule.watching.watcher:Watcher._snapshot",
    "chainrule.watching.watcher:Update",
    "chainrule.rules.table:Spelling.bind",
    "chainrule.rules.rule:Signature.bind",
    "chainrule.watching.recorder:can_open",
    "chainrule.watching.recorder:tensors_in",
    "chainrule.watching.recorder:name_of",
    "chainrule.watching.place:is_users",
    "chainrule.session:propagate",
    "chainrule.breakdown.backward:reverse",
    "chainrule.breakdown.backward:sent",
    "chainrule.breakdown.verify:check_call",
    "chainrule.breakdown.verify:_update",
    "chainrule.session:verify",
    "chainrule.session:Session.first",
    "chainrule.session:Session.loss",
    "chainrule.session:Session.checks",
    "chainrule.session:Session.step",
    "chainrule.run.schedule:Schedule.notice",
    "chainrule.run.schedule:Schedule.next_after",
    "chainrule.run.store:Recording.write",
    "chainrule.run.store:encode",
    "chainrule.run.store:to_bytes",
    "chainrule.run.store:_put",
    "chainrule.run.store:Recording._append",
    "chainrule.run.losses:LossLog.append",
    "chainrule.step.step:Step.clear",
]
# Reached only when the watch begins, before anything is trained: these may raise, and do.
AT_THE_START = {
    "chainrule.session:Session.first",
    "chainrule.run.schedule:Schedule.next_after",
    "chainrule.run.store:_put",
}


def train(steps: int = 5) -> list[object]:
    """A training with an in-place call, a hook, dropout and an optimizer with a state; its bits."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Linear(6, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    x, y = torch.randn(8, 4), torch.randint(0, 2, (8,))
    losses = []
    for _ in range(steps):
        hidden = model[:3](x)
        hidden.register_hook(lambda g: g * 0.9)
        loss = nn.functional.cross_entropy(model[3](hidden), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    weights = [p.detach().numpy().tobytes() for p in model.parameters()]
    return [losses, weights, torch.get_rng_state().numpy().tobytes()]


@contextmanager
def failing(stage: str, monkeypatch: pytest.MonkeyPatch, first: int) -> Iterator[list[int]]:
    """The stage raises from its call number `first` on; gives the number of its calls."""
    module, _, path = stage.partition(":")
    owner = importlib.import_module(module)
    owner = sys.modules[module] if not hasattr(owner, "__name__") else owner
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original, calls = getattr(owner, name), []

    def fails(*args: object, **kwargs: object) -> object:
        calls.append(len(calls))
        if len(calls) > first:
            raise RuntimeError(MISTAKE)
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fails)
        yield calls


def untouched() -> list[object]:
    """Everything of torch that the watch replaces while it is on."""
    return [
        torch.autograd._engine_run_backward,
        torch.autograd.backward,
        torch.autograd.grad,
        torch.Tensor.backward,
        torch.optim.Optimizer.__init__,
        torch.utils.data.DataLoader.__iter__,
        torch.overrides.has_torch_function,
        torch._C._len_torch_function_stack(),
        len(_global_optimizer_pre_hooks),
        len(_global_optimizer_post_hooks),
    ]


def noted(folder: Path) -> str:
    """Everything the run says about failures: at its end, as they happened, and in its steps."""
    run = load(folder)
    as_they_happened = [line for line in (folder / "steps.jsonl").read_text().splitlines() if '{"problem"' in line]
    return "\n".join([*run.about.get("problems", ()), *as_they_happened, *(p for step in run for p in step.problems)])


@pytest.mark.parametrize("first", [0, 1, 3])
@pytest.mark.parametrize("stage", STAGES)
def test_training_is_bit_identical_and_the_run_names_the_problem(stage, first, monkeypatch, tmp_path):
    if stage in AT_THE_START and first == 0:
        pytest.skip("raises where the watch begins, before anything is trained")
    plain, torch_before = train(), untouched()
    with failing(stage, monkeypatch, first) as calls, watch(tmp_path / "run", every=1, check="all"):
        found = train()
    assert found == plain
    assert untouched() == torch_before
    assert train() == plain
    if len(calls) <= first:
        pytest.skip(f"called {len(calls)} times only")
    assert MISTAKE in noted(tmp_path / "run")


HERE = r"test_failures\.py:\d+"


@pytest.mark.parametrize(
    ("stage", "named"),
    [
        ("chainrule.watching.recorder:Recorder._begin", rf"F\.linear at \S+{HERE} was not recorded"),
        ("chainrule.watching.recorder:Recorder._finish", rf"F\.linear at \S+{HERE} was not recorded"),
        ("chainrule.rules.table:Spelling.bind", rf"F\.linear at \S+{HERE} was not recorded"),
        ("chainrule.rules.rule:Signature.bind", rf"F\.linear at \S+{HERE} was not recorded"),
        ("chainrule.watching.graph:Graph.finish", "the backward pass was not recorded"),
        ("chainrule.watching.watcher:Watcher._snapshot", "the update was not recorded"),
        ("chainrule.session:verify", "step 0 was not kept"),
        ("chainrule.run.store:encode", "step 0 "),
    ],
)
def test_what_failed_is_named_with_its_call_and_the_user_s_line(stage, named, monkeypatch, tmp_path):
    with failing(stage, monkeypatch, 0), watch(tmp_path / "run", every=1, check="all"):
        train()
    assert re.search(named, noted(tmp_path / "run")), noted(tmp_path / "run")


def test_a_rule_that_fails_makes_its_call_opaque_and_names_it(monkeypatch, tmp_path):
    def fails(*args: object) -> object:
        raise RuntimeError(MISTAKE)

    plain = train()
    monkeypatch.setattr(RULES["linear"], "vjp", fails)
    with watch(tmp_path / "run", every=1, check="all") as run:
        assert train() == plain
    reasons = {call.reason for call in run[0].calls if call.name == "F.linear"}
    assert len(reasons) == 1
    assert MISTAKE in reasons.pop()
    assert run[0].agreement.holds


def test_a_training_that_is_disturbed_is_seen(monkeypatch, tmp_path):
    """The comparison above, seen to fail: a stage that draws a random number."""
    finish = Graph.finish
    monkeypatch.setattr(Graph, "finish", lambda graph: (torch.rand(1), finish(graph))[1])
    plain = train()
    with watch(tmp_path / "run", every=1):
        assert train() != plain


def test_without_a_failure_nothing_is_noted(tmp_path):
    with watch(tmp_path / "run", every=1, check="all"):
        train()
    assert noted(tmp_path / "run") == ""


def test_a_full_disk_ends_the_recording_and_not_the_training(monkeypatch, tmp_path):
    plain = train()
    with watch(tmp_path / "run", every=1):
        monkeypatch.setattr(os, "write", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        try:
            assert train() == plain
        finally:
            monkeypatch.undo()


FORKS = """
import os, sys, torch
from pathlib import Path
from torch import nn
from chainrule.api import watch

def train(steps, seed):
    torch.manual_seed(seed)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(4, 3)).square().mean().backward()
        optimizer.step()
    return model.weight.tolist()

def sizes():
    return {path: path.stat().st_size for path in sorted(folder.rglob("*"))}

def in_a_child(work):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]

folder = Path(sys.argv[1])
plain = train(3, 7)
layer = nn.Linear(2, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
with watch(folder, every=1) as run:
    for step in range(3):
        loss = layer(torch.ones(3, 2)).square().mean()
        if step == 1:
            before = sizes()
            print("child", in_a_child(lambda: train(3, 7) == plain), sizes() == before)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(run.steps, len(run.losses), all(s.agreement.holds and not s.problems for s in run), run.about["problems"])
"""


def test_a_forked_child_trains_as_ever_and_writes_nothing(tmp_path):
    """Forked between forward and backward, with the recorder on torch's stack. A DataLoader's worker is such a child:
    scripts/workers.py. In a process of its own, with one thread: a forked child cannot use its parent's."""
    settings = {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", FORKS, str(tmp_path / "run")]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=60)
    assert done.stdout == "child 0 True\n[0, 1, 2] 3 True []\n", done.stdout + done.stderr


def test_an_error_of_the_scripts_own_hook_is_passed_on_unchanged(tmp_path):
    layer = nn.Linear(2, 1)
    layer.register_full_backward_hook(lambda *a: 1 / 0)
    state = untouched()
    with pytest.raises(ZeroDivisionError), watch(tmp_path / "run"):
        layer(torch.ones(3, 2, requires_grad=True)).sum().backward()
    assert untouched() == state
    assert load(tmp_path / "run").about["ended"] == "exception"


def test_the_watch_can_begin_and_end_in_the_middle_of_a_step(tmp_path):
    plain = train(3)
    torch.manual_seed(1)
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    loss = layer(torch.ones(3, 2)).square().mean()
    with watch(tmp_path / "run", every=1) as run:
        loss.backward()
        optimizer.step()
        loss = layer(torch.ones(3, 2)).square().mean()
    loss.backward()
    optimizer.step()
    assert noted(tmp_path / "run") == ""
    assert all(step.agreement.holds for step in run)
    assert train(3) == plain
