"""A generator that is seeded anew in each step draws the same four paths, along which a field is followed."""

import torch
from torch import nn

SLUG = "repeated-batch"


def follow(field, state):
    path = [state]
    for _ in range(12):
        state = state + 0.1 * field(state)
        path.append(state)
    return torch.stack(path, 1)


def train(repaired):
    torch.manual_seed(35)
    start = 4 * torch.rand(300, 2) - 2
    paths = follow(lambda s: torch.stack([s[:, 1], -2 * torch.sin(1.5 * s[:, 0])], 1), start)
    generator = torch.Generator()
    field = nn.Sequential(nn.Linear(2, 48), nn.Tanh(), nn.Linear(48, 2))
    optimizer = torch.optim.Adam(field.parameters(), lr=1e-2)
    for step in range(120):
        generator.manual_seed(35 + step * repaired)
        batch = paths[torch.randperm(300, generator=generator)[:4]]  # FAULT
        loss = (follow(field, batch[:, 0]) - batch).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
