"""NaN and infinity, in weights, data or loss, are shown like other numbers, in every format; so are the very small."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import nn

from chainrule.api import load, watch
from chainrule.cli import main
from chainrule.run.history import open_run
from chainrule.show.report import report_of
from chainrule.show.terminal import show

nan, inf = math.nan, math.inf
CASES = {
    "a weight is NaN": {"weight": nan},
    "a weight is infinite": {"weight": inf},
    "a sample is infinite": {"data": inf},
    "a sample is NaN": {"data": nan},
    "a target is infinite": {"target": -inf},
    "the loss is NaN": {"factor": nan},
    "the loss is infinite": {"factor": inf},
    "the loss overflows": {"factor": 1e38},
    "the loss is denormal": {"factor": 1e-44},
    "the loss is zero": {"factor": 0.0},
}


@pytest.fixture(scope="module", params=CASES)
def run(request, tmp_path_factory):
    case = CASES[request.param]
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x, y = torch.randn(4, 2), torch.randn(4, 1)
    x[1, 1], y[2] = case.get("data", x[1, 1]), case.get("target", y[2])
    with torch.no_grad():
        model[0].weight[0, 0] = case.get("weight", 0.5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    path = tmp_path_factory.mktemp("not_finite") / "run"
    with watch(path):
        for _ in range(12):
            optimizer.zero_grad()
            (((model(x) - y) ** 2).mean() * case.get("factor", 1.0)).backward()
            optimizer.step()
    return path


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.mark.parametrize("name", ["0.weight[0,0]", "0.bias[2]", "2.weight[0,1]"])
@pytest.mark.parametrize("step", ["0", "-1"])
def test_a_weight_is_explained_in_every_format(step, name, run, capsys):
    for kind in ("text", "md", "tex", "json"):
        assert main(["explain", str(run), "--step", step, "--weight", name, "--format", kind]) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        assert name.split("[")[0] in shown.out
        if kind == "json":
            json.loads(shown.out, parse_constant=refuse)


def test_the_report_and_every_step_are_shown(run, capsys):
    show(report_of(open_run(run)))
    recorded = load(run)
    for index in recorded.steps:
        assert main(["explain", str(run), "--step", str(index)]) == 0
        assert main(["explain", str(run), "--step", str(index), "--format", "json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    bad = next((index for index, loss in enumerate(recorded.losses) if not math.isfinite(loss)), None)
    if bad is not None:
        assert f"The loss is not finite since step {bad}." in shown.out


def test_the_training_is_that_of_torch_alone_and_proved(run):
    """NaN agrees with NaN; nothing of ours disagrees only because a number is not finite."""
    recorded = load(run)
    assert recorded.about["problems"] == []
    assert all(step.problems == [] for step in recorded)
    assert [error for step in recorded for error in step.agreement.errors] == []
