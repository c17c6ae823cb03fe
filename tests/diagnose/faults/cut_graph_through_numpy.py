"""A learned front end, then NumPy, then a classifier: the front end is in the optimizer and never learns.

Asked at https://stackoverflow.com/questions/63582590
"""

import numpy as np
import torch
from torch import nn

SLUG = "cut-graph"


class Spectral(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.repaired = repaired
        self.front = nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3))
        self.classify = nn.Linear(3, 3)

    def forward(self, x):
        h = self.front(x)
        h = h.abs() if self.repaired else torch.from_numpy(np.abs(h.detach().numpy()))  # FAULT
        return self.classify(h)


def train(repaired):
    torch.manual_seed(0)
    model = Spectral(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    t = torch.arange(16) / 16 * 6.283
    for _ in range(250):
        y = torch.randint(0, 3, (64,))
        x = torch.sin((y[:, None] + 1.0) * t + 0.5 * torch.randn(64, 1)) + 0.2 * torch.randn(64, 16)
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
