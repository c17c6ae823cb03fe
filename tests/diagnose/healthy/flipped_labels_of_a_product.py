"""Three labels in ten are wrong, and what tells the classes is a product of two inputs: little is explained, no simple
function explains anything, and yet it is more than chance, and more than so few weights could hold by heart."""

import torch
from torch import nn


def train():
    torch.manual_seed(47)
    x = torch.randn(20000, 5)
    wrong = torch.rand(20000) < 0.3
    y = ((x[:, 0] * x[:, 1] > 0) ^ wrong).float()
    model = nn.Sequential(nn.Linear(5, 48), nn.ReLU(), nn.Linear(48, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(500):
        batch = torch.randint(20000, (256,))
        loss = nn.functional.binary_cross_entropy_with_logits(model(x[batch])[:, 0], y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
