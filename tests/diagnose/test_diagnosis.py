"""Every fault is found at its place, its repaired twin is not; nothing is found in healthy trainings.

A fault is a module in faults/: SLUG, train(repaired), and "# FAULT" behind the lines that may be named; RAISES where it
ends with an exception. A healthy training is a module in healthy/ with train().
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import runpy
import warnings
from pathlib import Path

import pytest
import torch

import chainrule
from chainrule.cli import main
from chainrule.diagnose import CHECKS, Finding, Where, diagnose
from chainrule.diagnose.catalogue import catalogue
from chainrule.diagnose.diagnosis import causes

pytestmark = pytest.mark.filterwarnings("ignore:Using a target size")  # torch warns of this fault, too

HERE = Path(__file__).parent
FAULTS = sorted((HERE / "faults").glob("*.py"))
HEALTHY = sorted((HERE / "healthy").glob("*.py"))
EXAMPLES = ["xor_2_2_1.py", "xor_2_8_1.py", "mazur_2_2_2.py", "digits.py"]


@pytest.fixture(autouse=True)
def _default_dtype():
    """An example sets it."""
    yield
    torch.set_default_dtype(torch.float32)


def load(path):
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def diagnosed(folder, train, *arguments, raises=()):
    with warnings.catch_warnings(), contextlib.suppress(raises):
        warnings.simplefilter("ignore")  # torch warns of some of these faults itself
        with chainrule.watch(folder / "the.run") as run:
            train(*arguments)
    found = diagnose(run.history)
    assert not found.problems
    return found.findings


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_the_fault_is_the_first_finding_at_its_place(path, tmp_path):
    module = load(path)
    lines = [i for i, text in enumerate(path.read_text().splitlines(), 1) if "# FAULT" in text]
    first, *_ = diagnosed(tmp_path, module.train, False, raises=getattr(module, "RAISES", ())) or [None]
    assert first is not None
    assert first.slug == module.SLUG
    assert (first.where.file, first.where.line in lines) == (str(path), True), first.where
    assert all(part for part in (first.title, first.because, first.fix))
    assert first.evidence


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_its_repaired_twin_is_silent(path, tmp_path):
    assert diagnosed(tmp_path, load(path).train, True) == ()


@pytest.mark.parametrize("path", HEALTHY, ids=lambda path: path.stem)
def test_a_healthy_training_is_silent(path, tmp_path):
    assert diagnosed(tmp_path, load(path).train) == ()


def test_every_check_has_a_fault_that_it_finds():
    slugs = {check.__module__.rpartition(".")[2].replace("_", "-") for check in CHECKS}
    assert slugs == {load(path).SLUG for path in FAULTS}


def test_the_docs_state_every_law_as_its_check_does():
    assert (HERE.parents[1] / "docs" / "findings.md").read_text("utf-8") == catalogue()


def test_a_consequence_is_told_with_its_cause():
    def one(slug):
        return Finding(slug, slug, Where(), (0, 1), {}, "", "")

    found = list(causes([one("broadcast-loss"), one("not-separable")]))
    assert [(finding.slug, finding.follows) for finding in found] == [("broadcast-loss", ("not-separable",))]
    assert [finding.slug for finding in causes([one("not-separable")])] == ["not-separable"]
    each_other = [one("labels-independent"), one("rate-too-high")]
    assert [(finding.slug, finding.follows) for finding in causes(each_other)] == [
        ("labels-independent", ("rate-too-high",))
    ]
    nothing_is_lost = [one(slug) for slug in ("cleared-gradients", "unscaled-inputs", "exploding")]
    assert [finding.slug for finding in causes(nothing_is_lost)] == ["cleared-gradients"]


def test_a_check_that_fails_is_named_and_the_others_go_on(tmp_path, monkeypatch):
    def broken(case):
        raise ZeroDivisionError("planted")
        yield

    monkeypatch.setattr("chainrule.diagnose.diagnosis.CHECKS", (broken, *CHECKS))
    with chainrule.watch(tmp_path / "the.run") as run:
        load(HERE / "faults" / "broadcast_loss.py").train(False)
    found = diagnose(run.history)
    assert found.problems == ("test_diagnosis failed: ZeroDivisionError: planted",)
    assert found.findings[0].slug == "broadcast-loss"


def test_the_command_ends_with_1_where_something_is_wrong_and_with_0_else(tmp_path, capsys):
    for repaired, status in ((False, 1), (True, 0)):
        with chainrule.watch(tmp_path / "the.run", overwrite=True):
            load(HERE / "faults" / "broadcast_loss.py").train(repaired)
        assert main(["diagnose", str(tmp_path / "the.run")]) == status
        shown = capsys.readouterr().out
        assert ("broadcast-loss" in shown) == (not repaired)
        assert main(["diagnose", str(tmp_path / "the.run"), "--format", "json"]) == status
        data = json.loads(capsys.readouterr().out)
        assert [finding["slug"] for finding in data["findings"]] == ([] if repaired else ["broadcast-loss"])


@pytest.mark.parametrize(("name", "severity"), [("no_step", "stops"), ("train_mode_in_evaluation", "hinders")])
def test_severity_is_the_effect_on_this_training(name, severity, tmp_path):
    (finding,) = diagnosed(tmp_path, load(HERE / "faults" / f"{name}.py").train, False)
    assert finding.severity == severity


@pytest.mark.parametrize("losses", [0, 1, 60])
def test_no_check_fails_where_there_is_next_to_nothing_to_look_at(losses, tmp_path):
    """No step at all; a loss that depends on no weight has steps, but none with a backward pass."""
    weight, optimizer = torch.ones(2, requires_grad=True), torch.optim.SGD([torch.ones(1)])
    with chainrule.watch(tmp_path / "the.run") as run:
        for _ in range(losses):
            if losses == 1:
                weight.square().sum().backward()
            optimizer.step()
    assert not diagnose(run.history).problems


def test_a_run_without_a_recorded_step_is_not_called_healthy(tmp_path, capsys):
    with chainrule.watch(tmp_path / "the.run"):
        pass
    assert main(["diagnose", str(tmp_path / "the.run")]) == 2
    assert "Nothing to judge" in capsys.readouterr().out


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_that_learn_are_healthy(name, tmp_path):
    path = HERE.parents[1] / "examples" / name
    if name == "digits.py":
        pytest.importorskip("sklearn")
    assert diagnosed(tmp_path, runpy.run_path, str(path)) == ()


def test_a_rate_that_is_0_in_all_recorded_steps_is_a_schedule_s_where_the_weights_have_moved_between_them(tmp_path):
    with chainrule.watch(tmp_path / "the.run", steps=[0, 20, 40, 60, 80, 110]) as run:
        load(HERE / "faults" / "rate_faded_unseen.py").train(False)
    (finding,) = diagnose(run.history).findings
    assert finding.slug == "rate-faded"
    assert finding.title.startswith("the learning rate is 0")
