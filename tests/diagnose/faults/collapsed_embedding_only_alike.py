"""Two encoders of one thing are drawn together, and that is all that is asked of them; repaired, their features are
to keep a spread (Bardes, Ponce & LeCun, ICLR 2022)."""

import torch
from torch import nn

SLUG = "collapsed-embedding"


def train(repaired):
    torch.manual_seed(0)
    sound = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 8))
    image = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 8))
    into = torch.randn(5, 8), torch.randn(5, 12)
    optimizer = torch.optim.Adam([*sound.parameters(), *image.parameters()], lr=0.005)
    for _ in range(200):
        thing = torch.randn(64, 5)
        heard, seen = (torch.tanh(thing @ way) for way in into)
        first, second = sound(heard), image(seen)
        loss = nn.functional.mse_loss(first, second)  # FAULT
        if repaired:
            loss = loss + sum(torch.relu(1 - side.std(0)).mean() for side in (first, second))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
