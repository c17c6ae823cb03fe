"""Years as they are: an offset of 2,000 and a spread of ten.

Reported at https://python.19633.com/ja/Python/1010052967.html
"""

import torch
from torch import nn

SLUG = "unscaled-inputs"


def train(repaired):
    torch.manual_seed(0)
    year = torch.randint(1985, 2020, (150, 1)).float()
    y = torch.sin((year - 2000) / 8)
    x = (year - 2002) / 10 if repaired else year
    model = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        loss = nn.functional.mse_loss(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
