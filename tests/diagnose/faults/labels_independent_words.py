"""The sentences were shuffled, their translations were not: of words no distance tells that nothing can be learnt."""

import torch
from torch import nn

SLUG = "labels-independent"


def train(repaired):
    torch.manual_seed(0)
    source = torch.randint(0, 12, (600, 6))
    target = (source + source.roll(1, 1)) % 12
    if not repaired:
        source = source[torch.randperm(600)]  # FAULT
    embed, reader, out = nn.Embedding(12, 24), nn.GRU(24, 48, batch_first=True, bidirectional=True), nn.Linear(96, 12)
    parameters = [p for part in (embed, reader, out) for p in part.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    for _ in range(120):
        rows = torch.randint(0, 600, (32,))
        scores = out(reader(embed(source[rows]))[0])
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), target[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
