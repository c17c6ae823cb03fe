"""Attention whose weights are shared out over the batch, not over the places of each sample."""

import torch
from torch import nn

SLUG = "softmax-over-samples"


class Attention(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.dim = 1 if repaired else 0
        self.score, self.value, self.out = nn.Linear(6, 1), nn.Linear(6, 8), nn.Linear(8, 1)

    def forward(self, x):
        weights = torch.softmax(self.score(x).squeeze(-1), dim=self.dim)  # FAULT
        return self.out((weights.unsqueeze(-1) * self.value(x)).sum(1))


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(600, 5, 6)
    y = x[torch.arange(600), x[..., 0].argmax(1), 1].unsqueeze(1)
    model = Attention(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(300):
        rows = torch.randint(0, 600, (64,))
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
