"""Every error carries its facts, says what to do, and has its section in the docs, and nothing else has one."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from chainrule import errors
from chainrule.errors import ChainruleError

DOCS = Path(__file__).parents[1] / "docs" / "errors.md"

EXAMPLES: list[ChainruleError] = [
    errors.ScriptMissing("train.py"),
    errors.ScriptNotPython("train.py", 41, "invalid syntax"),
    errors.NothingRecorded("the script never called backward()"),
    errors.RunExists("runs/xor"),
    errors.RunMissing("runs/xor"),
    errors.NotARun("runs/other"),
    errors.RunTooNew("runs/xor", 7, 1),
    errors.RunDamaged("runs/xor/run.json", "Expecting value"),
    errors.StepDamaged("runs/xor/steps/000012.safetensors", 12, "cut off"),
    errors.OutputNotWritable("/dev/null/xor", "Not a directory"),
    errors.StepMissing(7, [0, 5, 10, 20]),
    errors.ParameterMissing("fc.wieght", ["fc.weight", "fc.bias"]),
    errors.IndexOutOfRange("fc.weight", (0, 9), (1, 2)),
    errors.SampleOutOfRange(64, 32),
    errors.NotKept("wte.weight", (50257, 768), "--max-size 2GB"),
    errors.CannotTry("runs/xor", "train.py is not in /home/a any more"),
    errors.BadWeight("fc.weight[0,"),
    errors.BadOption("--every", 0, "steps are counted in whole numbers from 1"),
    errors.OptionConflict("--every", "--steps", "both choose the steps"),
    errors.PackageMissing("anywidget", "notebook"),
]


def below(parent: type[ChainruleError]) -> Iterator[type[ChainruleError]]:
    for child in parent.__subclasses__():
        yield child
        yield from below(child)


CLASSES = [kind for kind in below(ChainruleError) if kind.__module__ == "chainrule.errors"]
RAISED = [kind for kind in CLASSES if not kind.__subclasses__()]
GROUPS = [kind for kind in CLASSES if kind.__subclasses__()]


def test_every_error_has_an_example_here() -> None:
    assert {type(example) for example in EXAMPLES} == set(RAISED)


def test_slugs_and_docs_sections_are_the_same() -> None:
    slugs = [kind.slug for kind in RAISED]
    sections = re.findall(r"^## (.+)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(slugs) == sorted(sections)
    assert len(set(slugs)) == len(slugs)
    assert all(kind.slug == "" for kind in GROUPS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.slug)
def test_the_docs_name_the_class_and_its_facts(example: ChainruleError) -> None:
    facts = ", ".join(fact.name for fact in fields(example))  # type: ignore[arg-type]
    assert f"`{type(example).__name__}({facts})`" in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.slug)
def test_the_message_has_the_facts_and_three_lines(example: ChainruleError) -> None:
    happened, to_do, more = str(example).split("\n")
    assert happened
    assert to_do.startswith("  to do: ")
    assert more == f"  more: docs/errors.md#{example.slug}"
    for fact in example.__reduce__()[1]:
        numbers = isinstance(fact, (list, tuple)) and all(isinstance(part, int) for part in fact)
        shown = str(list(fact)) if numbers and type(example) is not errors.StepMissing else fact
        if isinstance(shown, str | int):
            assert str(shown) in str(example)


def test_a_step_that_was_not_recorded_names_its_neighbours() -> None:
    assert errors.StepMissing(7, [0, 5, 10, 20]).nearest == [5, 10]
    assert "5, 10" in str(errors.StepMissing(7, [0, 5, 10, 20]))
    assert errors.StepMissing(99, [0, 5]).nearest == [5]
    assert errors.StepMissing(-1, [0, 5]).nearest == [0]
    assert "neither was any other" in str(errors.StepMissing(7, []))


def test_a_misspelt_parameter_gets_the_near_names_else_all() -> None:
    assert "did you mean fc.weight" in str(errors.ParameterMissing("fc.wieght", ["fc.weight", "out.bias"]))
    assert "choose one of a, b" in str(errors.ParameterMissing("zzzzzz", ["a", "b"]))
    assert "and 92 more" in str(errors.ParameterMissing("zzzzzz", [str(i) for i in range(100)]))
    assert "no parameter took part" in str(errors.ParameterMissing("w", []))


def test_numbers_that_were_not_kept_are_counted() -> None:
    assert "shape [50257, 768], 38,597,376 numbers" in str(errors.NotKept("wte.weight", (50257, 768)))


def test_an_index_says_which_are_possible() -> None:
    assert "from [0, 0] to [0, 1]" in str(errors.IndexOutOfRange("w", (0, 9), (1, 2)))
    assert "one number" in str(errors.IndexOutOfRange("scale", (0,), ()))
    assert "empty" in str(errors.IndexOutOfRange("w", (0,), (0,)))
    assert "leave the sample away" in str(errors.SampleOutOfRange(0, 0))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.slug)
def test_errors_travel_between_processes(example: ChainruleError) -> None:
    again = pickle.loads(pickle.dumps(example))
    assert type(again) is type(example)
    assert str(again) == str(example)


def test_the_drawing_at_the_head_shows_every_class_and_no_other() -> None:
    drawing = (errors.__doc__ or "").split("A class takes facts")[0]
    drawn = re.findall(r"\b([A-Z][A-Za-z]+)\b(?=  |\n)", drawing)
    assert sorted(drawn) == sorted(["ChainruleError", *(kind.__name__ for kind in CLASSES)])


def test_a_cell_of_a_notebook_is_not_told_to_start_under_python() -> None:
    assert "python train.py" in errors.ScriptNotPython("train.py", 1, "invalid syntax").to_do
    cell = errors.ScriptNotPython("a.ipynb[cell 3]", 2, "invalid syntax")
    assert cell.happened == "a.ipynb[cell 3]:2 is not Python: invalid syntax"
    assert "Jupyter" in cell.to_do
    assert "python a.ipynb" not in cell.to_do
