"""Three tasks: one of them learns from features that it is not to change, which the other two have made."""

import torch
from torch import nn
from torch.nn import functional as F


def train():
    torch.manual_seed(0)
    x = torch.randn(500, 6)
    kind, size, sign = (x[:, 0] > 0).long(), x[:, 1:2] - x[:, 2:3], (x[:, 0] + x[:, 1] > 0).float()[:, None]
    body = nn.Sequential(nn.Linear(6, 32), nn.ReLU())
    heads = nn.ModuleList([nn.Linear(32, 2), nn.Linear(32, 1), nn.Linear(32, 1)])
    optimizer = torch.optim.Adam([*body.parameters(), *heads.parameters()], lr=0.01)
    for _ in range(150):
        rows = torch.randint(0, 500, (64,))
        h = body(x[rows])
        loss = F.cross_entropy(heads[0](h), kind[rows]) + F.mse_loss(heads[1](h), size[rows])
        loss = loss + F.binary_cross_entropy_with_logits(heads[2](h.detach()), sign[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
