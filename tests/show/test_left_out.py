"""A run that had no room for a tensor: the report says so, and nothing is computed from what is not there."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from chainrule.api import load, watch
from chainrule.errors import NotKept
from chainrule.run.history import open_run
from chainrule.show.report import report_of
from chainrule.show.terminal import show


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(8, 32)
        self.output = nn.Linear(8, 1)

    def forward(self, x):
        q = self.inner(x).reshape(64, 8, 4, 8).transpose(1, 2)
        mixed = nn.functional.scaled_dot_product_attention(q, q, q, dropout_p=0.3)
        return self.output(mixed.mean(1))


def dropout() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 1024), nn.Dropout(0.5), nn.Linear(1024, 1))


@pytest.mark.parametrize("model", [dropout, Attention])
def test_a_random_mask_that_was_not_kept_is_missed_and_not_made_up(model, tmp_path, capsys):
    torch.manual_seed(0)
    network, x = model(), torch.randn(64, 8, 8) if model is Attention else torch.randn(64, 8)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with watch(tmp_path / "run", steps=[0, 1], max_bytes=1 << 20):
        for _ in range(2):
            optimizer.zero_grad()
            network(x).square().mean().backward()
            optimizer.step()
    show(report_of(open_run(tmp_path / "run")))
    assert "2 Partial derivatives" in " ".join(capsys.readouterr().out.split())
    step = load(tmp_path / "run")[0]
    assert any("too large" in problem for problem in step.problems)
    name = next(iter(step.parameters))
    with pytest.raises(NotKept):
        step.derive(name, (0, 0))
