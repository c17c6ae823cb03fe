"""A recurrent matrix that stretches, forty times in a row."""

import torch
from torch import nn

SLUG = "exploding"


class Memory(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.into, self.again, self.out = nn.Linear(2, 16), nn.Linear(16, 16, bias=False), nn.Linear(16, 1)  # FAULT
        nn.init.orthogonal_(self.again.weight, gain=1.0 if repaired else 1.6)

    def forward(self, x):
        h = torch.zeros(len(x), 16)
        for t in range(x.shape[1]):
            h = self.into(x[:, t]) + self.again(h)
        return self.out(h)


def train(repaired):
    torch.manual_seed(0)
    x = 0.1 * torch.randn(100, 40, 2)
    y = x[:, :, :1].sum(1)
    model = Memory(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(80):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
