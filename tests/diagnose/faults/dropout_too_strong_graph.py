"""What is to be kept is given to dropout, on the features of a graph and once more behind its first layer.

What is mixed up is told at https://discuss.pytorch.org/t/the-p-in-dropout/10698
"""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "dropout-too-strong"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 5, (300,))
    near = (torch.rand(300, 300) < torch.where(y[:, None] == y, 0.06, 0.006)).float().triu(1)
    near = near + near.T + torch.eye(300)
    near = near / near.sum(1, keepdim=True)
    x = 0.5 * torch.randn(5, 40)[y] + 1.5 * torch.randn(300, 40)
    first, second = nn.Linear(40, 16), nn.Linear(16, 5)
    optimizer = torch.optim.Adam([*first.parameters(), *second.parameters()], lr=0.01)
    rows = torch.randperm(300)[:150]
    p = 0.1 if repaired else 0.97
    for _ in range(100):
        h = F.relu(near @ first(F.dropout(x, p)))
        h = F.dropout(h, p)  # FAULT
        loss = F.cross_entropy((near @ second(h))[rows], y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
