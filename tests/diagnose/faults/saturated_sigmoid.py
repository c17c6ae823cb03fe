"""Large weights in front of sigmoids, in a classifier."""

import torch
from torch import nn

SLUG = "saturated"


class Gate(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.hidden, self.more, self.out = nn.Linear(6, 20), nn.Linear(20, 8), nn.Linear(8, 3)
        if not repaired:
            nn.init.uniform_(self.hidden.weight, 20, 40)  # FAULT
            nn.init.constant_(self.hidden.bias, 150.0)

    def forward(self, x):
        x = torch.sigmoid(self.hidden(x))
        return self.out(torch.relu(self.more(x)))


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(120, 6)
    y = x[:, :3].argmax(1)
    model = Gate(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(120):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
