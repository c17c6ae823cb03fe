"""Only the schedule is stepped, and each pass goes through hundreds of calls: too many for a step that never ends."""

import torch
from torch import nn

SLUG = "no-step"


def train(repaired):
    torch.manual_seed(0)
    slope = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 2))
    turn = torch.tensor([[-0.1, 1.0], [-1.0, -0.1]])
    optimizer = torch.optim.Adam(slope.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 60, 0.5)
    for _ in range(120):
        state = wanted = torch.randn(32, 2)
        optimizer.zero_grad()
        loss = torch.zeros(())
        for _ in range(40):
            state, wanted = state + 0.05 * slope(state), wanted + 0.05 * wanted @ turn
            loss = loss + (state - wanted).square().mean() / 40
        loss.backward()  # FAULT
        if repaired:
            optimizer.step()
        schedule.step()
