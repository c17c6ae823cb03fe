"""PyTorch's suite of modules, in training mode, through the whole of chainrule: no disagreement, no problem."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("expecttest")  # torch.testing needs it
from judging import MODULES, a_small_heap, judge_module
from test_operators import OF_EACH, STATED

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def small_heap() -> Iterator[None]:
    with a_small_heap():
        yield


@pytest.mark.parametrize("name", MODULES)
def test_every_gradient_is_autograds_and_the_table_is_true(name: str) -> None:
    verdict = judge_module(MODULES[name], OF_EACH)
    assert verdict.faults == []
    assert STATED.get(name) == (verdict.how if verdict.samples else None)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_every_gradient_is_autograds_over_all_samples(name: str) -> None:
    assert judge_module(MODULES[name], 60).faults == []
