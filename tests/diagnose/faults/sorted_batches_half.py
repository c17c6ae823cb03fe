"""Pairs that go together first, all others behind them, and no shuffling: most batches looked at are of the first.

One of the kind is reported at https://dailydoseofds.beehiiv.com/p/why-is-it-important-to-shuffle-your
"""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SLUG = "sorted-batches"


def train(repaired):
    torch.manual_seed(0)
    writers = torch.randn(30, 16)
    first = torch.randint(0, 30, (1600,))
    second = torch.where(torch.arange(1600) < 800, first, (first + torch.randint(1, 30, (1600,))) % 30)
    a, b = (writers[one] + 0.3 * torch.randn(1600, 16) for one in (first, second))
    y = (first == second).float()
    embed = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 24))
    score = nn.Sequential(nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 1))
    optimizer = torch.optim.SGD([*embed.parameters(), *score.parameters()], lr=0.1, momentum=0.9)
    for _ in range(10):
        for one, other, wanted in DataLoader(TensorDataset(a, b, y), batch_size=64, shuffle=repaired):
            answer = score((embed(one) - embed(other)).abs())[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(answer, wanted)  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
