"""Every weight begins with the same number.

Reported at https://pages.dogdog.run/machine_learning/weight_initialization.html
"""

import torch
from torch import nn

SLUG = "equal-units"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(100, 2)
    y = (x[:, :1] * x[:, 1:] > 0).float()
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    if not repaired:
        for parameter in model.parameters():
            nn.init.constant_(parameter, 0.5)  # FAULT
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(120):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
