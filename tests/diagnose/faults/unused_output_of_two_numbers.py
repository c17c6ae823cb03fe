"""Two heads of one number each, and both losses take the first: the answers are (N,), the layer's output (N, 1)."""

import torch
from torch import nn

SLUG = "unused-output"


def train(repaired):
    torch.manual_seed(10)
    x, directions = torch.randn(1000, 6), torch.randn(6, 2)
    calm, loud = torch.tanh(x @ directions[:, 0] / 2), torch.sin(x @ directions[:, 1] / 2)
    body = nn.Sequential(nn.Linear(6, 64), nn.ELU(), nn.Linear(64, 64), nn.ELU())
    first, second = nn.Linear(64, 1), nn.Linear(64, 1)
    optimizer = torch.optim.RMSprop([*body.parameters(), *first.parameters(), *second.parameters()], lr=1e-3)
    for _ in range(200):
        batch = torch.randint(0, 1000, (64,))
        hidden = body(x[batch])
        answers = first(hidden)[:, 0], second(hidden)[:, 0]
        loss = nn.functional.mse_loss(answers[0], calm[batch])
        loss = loss + nn.functional.mse_loss(answers[1 if repaired else 0], loud[batch])  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
