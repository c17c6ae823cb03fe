"""One recorded step of each Hugging Face architecture: the gradients are autograd's, and nearly all come from rules."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from chainrule.api import explain

transformers = pytest.importorskip("transformers", reason="pip install transformers: it is no dependency, and large")
from hugging_face import models  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
MODELS = models()
BY: Counter[str] = Counter()  # calls by "rule" and "opaque" over all architectures so far


@pytest.fixture(autouse=True, scope="module")
def quiet() -> None:
    transformers.logging.set_verbosity_error()


def test_there_are_more_than_a_hundred() -> None:
    assert len(MODELS) > 100


@pytest.mark.parametrize("name", MODELS)
def test_every_gradient_is_autograds(name: str) -> None:
    torch.manual_seed(0)
    step = explain(MODELS[name]())
    assert step.agreement is not None
    assert step.agreement.errors == ()
    assert step.problems == []
    assert step.agreement.proved
    BY.update(rule=step.agreement.by_rule, opaque=step.agreement.opaque)


def test_rules_differentiate_98_of_100_calls() -> None:
    """Runs last: over the architectures that ran before it."""
    if not BY:
        pytest.skip("no architecture ran")
    assert BY["rule"] / BY.total() > 0.98, BY
