"""Two layers, and the bend between them forgotten.

Reported at https://bardai.ai/artificial-intelligence/pytorch-introduction-enter-nonlinear-functions/
"""

import torch
from torch import nn

SLUG = "linear-stack"


class Model(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.first, self.second = nn.Linear(2, 24), nn.Linear(24, 1)
        self.repaired = repaired

    def forward(self, x):
        x = self.first(x)  # FAULT
        return self.second(torch.relu(x) if self.repaired else x)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(200, 2) * 2 - 1
    y = ((x.norm(dim=1) < 0.75).float())[:, None]
    model = Model(repaired)
    loss_fn = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(200):
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
