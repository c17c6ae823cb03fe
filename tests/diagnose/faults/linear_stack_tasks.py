"""Two tasks behind one trunk without a bend: neither of them is a linear function of the inputs."""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "linear-stack"


class Tasks(nn.Module):
    def __init__(self, bend):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 48), bend(), nn.Linear(48, 48), bend())  # FAULT
        self.kind, self.size = nn.Linear(48, 2), nn.Linear(48, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.kind(h), self.size(h)


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(1500, 4) * 2 - 1
    kind, size = (x[:, 0] * x[:, 1] > 0).long(), 3 * x[:, 2:].square().sum(1, keepdim=True) - 2
    model = Tasks(nn.ReLU if repaired else nn.Identity)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(250):
        rows = torch.randint(0, 1500, (80,))
        scores, answer = model(x[rows])
        loss = F.cross_entropy(scores, kind[rows]) + F.mse_loss(answer, size[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
