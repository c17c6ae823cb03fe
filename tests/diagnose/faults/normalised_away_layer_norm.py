"""Layer norm over the single number that the last layer gives."""

import torch
from torch import nn

SLUG = "normalised-away"


class Regressor(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 16), nn.GELU())
        self.out, self.norm = nn.Linear(16, 1), nn.LayerNorm(16 if repaired else 1)  # FAULT
        self.repaired = repaired

    def forward(self, x):
        x = self.body(x)
        return self.out(self.norm(x)) if self.repaired else self.norm(self.out(x))


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(96, 6)
    y = torch.sin(x.sum(1, keepdim=True))
    model = Regressor(repaired)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(120):
        loss = nn.functional.smooth_l1_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
