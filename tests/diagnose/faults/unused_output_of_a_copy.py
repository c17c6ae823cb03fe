"""A slow copy's answers are compared with the targets, not those of the network that learns; a side task hides it."""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "unused-output"


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.kind, self.size = nn.Sequential(nn.Linear(7, 40), nn.ReLU()), nn.Linear(40, 4), nn.Linear(40, 1)

    def forward(self, x):
        h = self.body(x)
        return self.kind(h), self.size(h)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(160, 7)
    kind, size = (x[:, :4] - x[:, 3:]).argmax(1), x[:, 4:5].abs()
    net, slow = Both(), Both()
    slow.load_state_dict(net.state_dict())
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(200):
        rows = torch.randint(0, 160, (32,))
        own, sizes = net(x[rows])
        copied, _ = slow(x[rows])
        loss = F.cross_entropy(own if repaired else copied, kind[rows]) + F.mse_loss(sizes, size[rows])  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for kept, new in zip(slow.parameters(), net.parameters(), strict=True):
                kept.lerp_(new, 0.02)
