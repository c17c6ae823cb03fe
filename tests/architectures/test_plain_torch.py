"""One recorded step of each architecture in plain PyTorch: the gradients are autograd's, and rules gave them."""

from __future__ import annotations

import pytest
import torch
from plain_torch import MODELS, RECURRENT

from chainrule.api import explain

# nn.Transformer advises on nested tensors; the recurrent networks on their memory layout
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.mark.parametrize("name", MODELS)
def test_every_gradient_is_autograds(name: str) -> None:
    torch.manual_seed(0)
    step = explain(MODELS[name]())
    assert step.agreement is not None
    assert step.agreement.errors == ()
    assert step.problems == []
    assert step.agreement.proved
    if name not in RECURRENT:
        assert {f"{call.name}: {call.reason}" for call in step.calls if call.rule is None} == set()
