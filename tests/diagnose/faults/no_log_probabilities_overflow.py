"""Scores into NLLLoss: the loss falls without end, until the numbers overflow.

One of the kind is reported at https://runebook.dev/en/docs/pytorch/generated/torch.nn.nllloss/torch.nn.NLLLoss
"""

import torch
from torch import nn

SLUG = "no-log-probabilities"


def train(repaired):
    torch.manual_seed(0)
    centres = 2 * torch.randn(3, 4)
    y = torch.randint(0, 3, (150,))
    x = centres[y] + torch.randn(150, 4)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(200):
        scores = model(x)  # FAULT
        loss = nn.functional.nll_loss(scores.log_softmax(1) if repaired else scores, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
