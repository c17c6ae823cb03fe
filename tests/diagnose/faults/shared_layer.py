"""One layer, four times in a list.

Reported at https://github.com/zalandoresearch/pytorch-vq-vae/issues/2
"""

import torch
from torch import nn

SLUG = "shared-layer"


class Net(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.first, self.out = nn.Linear(2, 16), nn.Linear(16, 2)
        layers = [nn.Linear(16, 16) for _ in range(4)] if repaired else [nn.Linear(16, 16)] * 4  # FAULT
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        x = torch.relu(self.first(x))
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.out(x)


def train(repaired):
    torch.manual_seed(0)
    angle = torch.rand(120) * 3.14
    y = torch.randint(0, 2, (120,))
    x = torch.stack([angle.cos() * (1 - 2 * y) + y, angle.sin() * (1 - 2 * y) + 0.5 * y], 1)
    model = Net(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
