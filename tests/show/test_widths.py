"""What the terminal shows has at most 88 columns, no blanks at its ends, and commands that can be copied."""

from __future__ import annotations

import re
import shlex

import pytest
from rich.cells import cell_len
from shown_runs import PROBLEMS, record

from chainrule.api import load
from chainrule.cli import main, parser, weight
from chainrule.run.history import open_run
from chainrule.show.report import report_of
from chainrule.show.terminal import show


@pytest.fixture(scope="module", params=PROBLEMS)
def run(request, tmp_path_factory):
    # As long a name as a first user's: runs/xor_one_layer-20261124-125144
    return record(PROBLEMS[request.param], tmp_path_factory.mktemp("widths") / f"{request.param}-20261124-125144")


def report(run, capsys) -> str:
    show(report_of(open_run(run), run.relative_to(run.parents[1])), stderr=True)
    return capsys.readouterr().err


def assert_fits(text: str) -> None:
    lines = text.splitlines()
    assert lines
    assert [line for line in lines if cell_len(line) > 88] == []
    assert [line for line in lines if line != line.rstrip()] == []


def test_the_report_fits(run, capsys):
    assert_fits(report(run, capsys))


def test_every_recorded_step_fits(run, capsys):
    for index in load(run).steps:
        assert main(["explain", str(run), "--step", str(index)]) == 0
        assert_fits(capsys.readouterr().out)


@pytest.mark.parametrize("step", ["0", "-1"])
def test_the_derivation_of_a_weight_of_every_parameter_fits(step, run, capsys):
    for name, parameter in load(run)[0].parameters.items():
        places = ",".join("0" for _ in parameter.value.shape)
        assert main(["explain", str(run), "--step", step, "--weight", f"{name}[{places}]"]) == 0
        assert_fits(capsys.readouterr().out)


def test_the_commands_that_the_report_suggests_are_whole_and_work(run, capsys, monkeypatch):
    monkeypatch.chdir(run.parents[1])
    shown = report(run, capsys).replace("\\\n", "")  # as the shell joins lines
    commands = [shlex.split(found) for found in re.findall(r"^    chainrule (.*)$", shown, re.MULTILINE)]
    assert [words[0] for words in commands if words[0] != "diagnose"] == ["explain", "report", "explain"]
    for words in commands:
        options = parser().parse_args(words)
        if words[0] == "diagnose":  # suggested where something was found; this run has no script to try a fix on
            assert "✗" in shown
            assert options.tries
            continue
        assert words[0] == "report" or options.step is not None or weight(options.weight)
        assert main(words) == 0
    assert capsys.readouterr().err == ""


def test_a_line_too_long_is_seen():
    with pytest.raises(AssertionError):
        assert_fits("x" * 89)
    with pytest.raises(AssertionError):
        assert_fits("x \n")
    assert_fits("ŷ" * 88)
