"""A convolutional regression that is evaluated with the statistics of the batch.

Reported at https://github.com/wolny/pytorch-3dunet/issues/53
"""

import torch
from torch import nn

SLUG = "train-mode-in-evaluation"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.out = nn.Conv1d(1, 6, 3), nn.BatchNorm1d(6), nn.Linear(36, 1)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))  # FAULT
        return self.out(x.flatten(1))


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(80, 1, 8)
    y = x[:, :, :4].mean(2)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for step in range(60):
        model.train()
        loss = nn.functional.mse_loss(model(x[:60]), y[:60])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 3 == 2:
            if repaired:
                model.eval()
            with torch.no_grad():
                nn.functional.mse_loss(model(x[60:]), y[60:]).item()
