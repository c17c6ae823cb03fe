"""The same in a loss written out, in a linear regression: the bias learns, the slope does not.

Reported at https://github.com/pytorch/pytorch/issues/4938
"""

import torch
from torch import nn

SLUG = "broadcast-loss"


def train(repaired):
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 20)[:, None]
    y = 3 * x[:, 0] + 1
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    for _ in range(150):
        prediction = model(x)
        if repaired:
            prediction = prediction.squeeze(1)
        loss = ((prediction - y) ** 2).mean()  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
