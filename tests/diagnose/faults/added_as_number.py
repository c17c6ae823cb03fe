"""One part of the loss is added by its number."""

import torch
from torch import nn

SLUG = "added-as-number"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(240, 8)
    y = (x[:, 0] * x[:, 1] > 0).long()
    body = nn.Sequential(nn.Linear(8, 24), nn.Tanh())
    back, head = nn.Linear(24, 8), nn.Linear(24, 2)
    optimizer = torch.optim.Adam([*body.parameters(), *back.parameters(), *head.parameters()], lr=0.01)
    for _ in range(25):
        for rows in torch.randperm(240).split(40):
            code = body(x[rows])
            restored, scores = back(code), head(code)
            first, second = nn.functional.mse_loss(restored, x[rows]), nn.functional.cross_entropy(scores, y[rows])
            loss = first + 0.5 * (second if repaired else second.item())  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            second.item()
