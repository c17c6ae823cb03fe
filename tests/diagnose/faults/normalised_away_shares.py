"""Weights that are divided by their sum over an axis of one number: each is 1, whatever the samples say."""

import torch
from torch import nn

SLUG = "normalised-away"


class Rating(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.body, self.out = nn.Sequential(nn.Linear(5, 16), nn.ReLU()), nn.Linear(16, 1)
        self.repaired = repaired

    def forward(self, x):
        score = self.out(self.body(x)).exp()
        return score / score.sum(0 if self.repaired else 1, keepdim=True)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 5)
    y = torch.softmax(2 * x[:, :1] - x[:, 1:2], 0)
    model = Rating(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = 64 * nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
