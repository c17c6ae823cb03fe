"""Every weight begins with zero: only the last bias learns.

Reported at https://blog.youkuaiyun.com/language_zcx/article/details/107282409
"""

import torch
from torch import nn

SLUG = "equal-units"


def zero(module):
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.zeros_(module.weight)  # FAULT
        nn.init.zeros_(module.bias)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(60, 1, 6, 6)
    y = (x[:, 0, :3].mean((1, 2)) > x[:, 0, 3:].mean((1, 2))).long()
    model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(96, 2))
    if not repaired:
        model.apply(zero)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(100):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
