"""A schedule of the script's own divides without a remainder: behind its warm-up the rate is 0 at once."""

import torch
from torch import nn

SLUG = "rate-faded"


class Falls:
    def __init__(self, warm_up, steps, repaired):
        self.warm_up, self.steps, self.repaired = warm_up, steps, repaired

    def __call__(self, step):
        if step < self.warm_up:
            return (step + 1) / self.warm_up
        left, whole = self.steps - step, self.steps - self.warm_up
        return left / whole if self.repaired else left // whole  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = (x[:, 0] * x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, Falls(5, 200, repaired))
    for _ in range(200):
        rows = torch.randint(0, 400, (64,))
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
