"""A detach() in the middle of the model.

Reported at https://github.com/lucidrains/CoCa-pytorch/issues/6
"""

import torch
from torch import nn

SLUG = "cut-graph"


class Model(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 1)
        self.repaired = repaired

    def forward(self, x):
        x = torch.relu(self.first(x))  # FAULT
        if not self.repaired:
            x = x.detach()  # FAULT
        return self.second(x)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = x.sum(1, keepdim=True)
    model = Model(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(60):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
