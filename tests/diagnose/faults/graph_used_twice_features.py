"""Features computed once, before the loop."""

import torch
from torch import nn

SLUG = "graph-used-twice"
RAISES = RuntimeError


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    body, head = nn.Sequential(nn.Linear(4, 16), nn.Tanh()), nn.Linear(16, 1)
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.5)
    features = body(x)
    for _ in range(100):
        if repaired:
            features = body(x)
        prediction = head(features)  # FAULT
        loss = nn.functional.binary_cross_entropy_with_logits(prediction, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
