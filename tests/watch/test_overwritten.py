"""Numbers that the script is about to overwrite are copied first, whenever it was that a rule asked for them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from chainrule.api import watch
from chainrule.watching import recorder


class Tied(nn.Module):
    """The embedding only needs to know its weight's shape; the linear call reads its numbers, later."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.norm(self.embedding(tokens)))


@pytest.mark.parametrize("display", [0, 1 << 20])
def test_a_weight_too_large_for_display_is_copied_before_the_optimizer_writes_it(display, monkeypatch, tmp_path):
    monkeypatch.setattr(recorder, "DISPLAY_BYTES", display)
    torch.manual_seed(0)
    with watch(tmp_path / "run", every=1, check="all") as run:
        model = Tied()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
        tokens = torch.arange(6).reshape(2, 3)
        for _ in range(3):
            torch.zeros(1).add_(model.norm.bias.sum())  # a write of the script's between the two uses' first sight
            logits = model(tokens)
            with torch.no_grad():
                torch.zeros(1).add_(1)
            loss = nn.functional.cross_entropy(logits.reshape(6, 7), tokens.reshape(6))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert [step.agreement.errors for step in run] == [()] * 3


def test_weights_that_are_set_through_data_are_read_anew(tmp_path):
    """Such a write leaves no trace in the weight: its version stays. First weights are often set so, and clipped."""
    with watch(tmp_path / "the.run") as run:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))  # drawn under the watch: torch reads them
        for layer in (net[0], net[2]):
            layer.weight.data.fill_(0.1)
            nn.init.constant_(layer.bias.data, 0.2)
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        for _ in range(2):
            optimizer.zero_grad()
            net(torch.ones(4, 2)).square().mean().backward()
            net[0].weight.grad.data.clamp_(max=0.01)
            net[2].bias.data.mul_(1.5)  # between backward and step
            optimizer.step()
    for index in range(2):
        step = run.history.read(index)
        assert step.agreement is not None
        assert not step.agreement.errors
    first = run.history.read(0)
    assert bool((first.parameters["0.weight"].tensor == 0.1).all())
    assert bool((first.parameters["2.bias"].tensor == 0.2).all())
    written = first.updates[0].parameters[first.parameters["2.bias#2"].index]
    assert bool((written.before == 0.2 * 1.5).all())
