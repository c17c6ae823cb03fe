"""An LSTM made without batch_first, given (samples, times, features), and its last output taken as if with it.

Reported at https://github.com/ray075hl/Bi-Model-Intent-And-Slot/pull/2
"""

import torch
from torch import nn

SLUG = "mixed-samples"


class Reader(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.embed, self.read = nn.Embedding(8, 8), nn.LSTM(8, 16, batch_first=repaired)
        self.out = nn.Linear(16, 2)

    def forward(self, ids):
        h, _ = self.read(self.embed(ids))  # FAULT
        return self.out(h[:, -1])


def train(repaired):
    torch.manual_seed(0)
    ids = torch.randint(0, 8, (256, 5))
    y = (ids[:, 0] > 3).long()
    model = Reader(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(10):
        for rows in torch.randperm(256).split(32):
            loss = nn.functional.cross_entropy(model(ids[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
