"""Recurrent modules: by rule, back through time, equal to autograd; and a wrong rule is seen, however long the time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from nets import Spoiled
from torch import Tensor, nn

from chainrule.api import explain
from chainrule.rules import RULES


def long_sequence(kind: type[nn.RNNBase]) -> Callable[[], Tensor]:
    torch.manual_seed(0)
    module, x = kind(8, 32, num_layers=2), torch.randn(40, 4, 8)
    return lambda: module(x)[0][-1].square().mean()


def single_steps(kind: type[nn.RNNCellBase]) -> Callable[[], Tensor]:
    """Both h and c of an LSTM reach the loss from every step."""
    torch.manual_seed(0)
    cell, x = kind(3, 4), torch.randn(6, 5, 3)

    def loss() -> Tensor:
        state, total = None, torch.zeros(())
        for step in x:
            state = cell(step, state)
            total = total + sum(part.square().sum() for part in (state if isinstance(state, tuple) else (state,)))
        return total

    return loss


def packed(kind: type[nn.RNNBase]) -> Callable[[], Tensor]:
    torch.manual_seed(0)
    module = kind(3, 4, bidirectional=True)
    rows = torch.randn(4, 3, 3)
    sequence = nn.utils.rnn.pack_padded_sequence(rows, [4, 2, 1])

    def loss() -> Tensor:
        output, end = module(sequence)
        return output.data.square().sum() + sum(part.sum() for part in end)

    return loss


LOSSES = {
    **{f"{kind.__name__} over 40 steps": (long_sequence, kind) for kind in (nn.RNN, nn.LSTM, nn.GRU)},
    **{f"{kind.__name__} step by step": (single_steps, kind) for kind in (nn.RNNCell, nn.LSTMCell, nn.GRUCell)},
    **{f"packed {kind.__name__}": (packed, kind) for kind in (nn.RNN, nn.LSTM, nn.GRU)},
}


@pytest.mark.parametrize("name", LOSSES)
def test_every_gradient_is_autograds(name):
    make, kind = LOSSES[name]
    step = explain(make(kind))
    assert step.agreement.proved, step.agreement
    assert step.agreement.opaque == 0
    assert step._data.problems == []


@pytest.mark.parametrize("name", LOSSES)
def test_a_wrong_rule_is_noticed(name, monkeypatch):
    """By one part in a thousand, after 40 steps too: the magnitudes have not grown beyond measure."""
    make, kind = LOSSES[name]
    loss = make(kind)
    [rule] = {
        call.rule for call in explain(loss)._data.calls if call.name.removesuffix("_cell")[6:] in RULES
    } & RULES.keys()
    monkeypatch.setattr(RULES[rule], "vjp", Spoiled(rule))
    errors = explain(loss).agreement.errors
    assert any(error.startswith(f"the rule {rule} differs") for error in errors)


def test_what_is_not_covered_says_why():
    module, x = nn.LSTM(3, 4, proj_size=2).double(), torch.randn(5, 2, 3, dtype=torch.float64)
    step = explain(lambda: module(x)[0].square().sum())
    assert step.agreement.holds
    assert {call.reason for call in step._data.calls if call.name == "torch.lstm"} == {"h is projected"}
