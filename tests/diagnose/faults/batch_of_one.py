"""The last batch of the epoch holds one sample, and batch norm refuses it.

Reported at https://github.com/erdongsanshi/Fuss-Free-structure/issues/1
"""

import torch
from torch import nn

SLUG = "batch-of-one"
RAISES = ValueError


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(4, 16), nn.BatchNorm1d(16), nn.Linear(16, 1)

    def forward(self, x):
        return self.last(torch.relu(self.norm(self.first(x))))  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(65, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(30):
        for batch in torch.randperm(65).split(16):
            if repaired and len(batch) == 1:
                continue
            loss = nn.functional.binary_cross_entropy_with_logits(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
