"""Features go through a list and NumPy, and come back as data.

One of the kind is reported at https://androidkt.com/create-numpy-array-from-pytorch-tensor-using-detach-numpy/
"""

import numpy as np
import torch
from torch import nn

SLUG = "cut-graph"


class Waves(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(1, 12, 7, padding=3), nn.ReLU(), nn.Conv1d(12, 12, 7, padding=3), nn.ReLU())
        self.head = nn.Linear(12, 3)
        self.repaired = repaired

    def forward(self, x):
        h = self.conv(x.unsqueeze(1))
        if self.repaired:
            return self.head(h.mean(2).log1p())
        return self.head(torch.from_numpy(np.log1p(np.mean(np.asarray(h.tolist(), dtype=np.float32), axis=2))))  # FAULT


def train(repaired):
    torch.manual_seed(0)
    time = torch.arange(48) / 48
    model = Waves(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(120):
        y = torch.randint(0, 3, (40,))
        x = torch.sin(6.28 * ((3 + 3 * y)[:, None] * time + torch.rand(40, 1))) + 0.5 * torch.randn(40, 48)
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
