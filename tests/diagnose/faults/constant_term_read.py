"""Springs and dampers for a given swing: the swing is computed in Python, of the answers' numbers."""

import torch
from torch import nn

SLUG = "constant-term"


def swing(parts):
    """Where it stands after each of 20 short moments, from 1 at rest."""
    rows = []
    for spring, damper in parts.tolist():  # FAULT
        place, speed = 1.0, 0.0
        rows.append([])
        for _ in range(20):
            speed -= 0.2 * (spring * place + damper * speed)
            place += 0.2 * speed
            rows[-1].append(place)
    return torch.tensor(rows)


def swing_of_tensors(parts):
    spring, damper = parts.unbind(1)
    place, speed, row = torch.ones_like(spring), torch.zeros_like(spring), []
    for _ in range(20):
        speed = speed - 0.2 * (spring * place + damper * speed)
        place = place + 0.2 * speed
        row.append(place)
    return torch.stack(row, 1)


def train(repaired):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 2), nn.Softplus())
    optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
    for _ in range(120):
        wanted = swing_of_tensors(torch.rand(24, 2) * torch.tensor([2.0, 0.8]) + 0.2)
        parts = net(wanted)
        there = (swing_of_tensors if repaired else swing)(parts)
        loss = (there - wanted).square().mean() + 1e-4 * parts.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
