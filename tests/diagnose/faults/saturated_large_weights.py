"""First weights of spread 50 in front of tanh: the last layer learns a little of what the flat ones happen to give."""

import torch
from torch import nn

SLUG = "saturated"


def train(repaired):
    torch.manual_seed(0)
    angle = 6.28 * torch.rand(300)
    y = (torch.rand(300) < 0.5).float()
    x = torch.stack([angle.cos(), angle.sin()], 1) * (1 + y)[:, None] + 0.05 * torch.randn(300, 2)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
    for layer in (model[0], model[2]):
        nn.init.normal_(layer.weight, 0.0, 0.7 if repaired else 50.0)  # FAULT
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(300):
        logits = model(x)
        loss = nn.functional.binary_cross_entropy_with_logits(logits.squeeze(1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
