"""PyTorch's suite of functions, through the whole of chainrule: no disagreement, no problem."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("expecttest")  # torch.testing needs it
from judging import OPERATORS, a_small_heap, judge_operator, judge_write

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from coverage import OF_EACH, stated  # noqa: E402

STATED = stated((ROOT / "docs" / "coverage.md").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True, scope="module")
def small_heap() -> Iterator[None]:
    with a_small_heap():
        yield


@pytest.mark.parametrize("name", OPERATORS)
def test_every_gradient_is_autograds_and_the_table_is_true(name: str) -> None:
    verdict = judge_operator(OPERATORS[name], OF_EACH)
    assert verdict.samples, "no sample was differentiable"
    assert verdict.faults == []
    assert STATED[name] == verdict.how


@pytest.mark.parametrize("name", [name for name, op in OPERATORS.items() if op.inplace_variant is not None])
def test_a_write_through_a_view_has_autograds_gradients(name: str) -> None:
    assert judge_write(OPERATORS[name], OF_EACH).faults == []


def test_the_table_names_every_function_and_no_other() -> None:
    assert {name for name in STATED if not name.startswith("nn_")} == set(OPERATORS)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATORS)
def test_every_gradient_is_autograds_over_all_samples(name: str) -> None:
    assert judge_operator(OPERATORS[name], 60).faults == []
