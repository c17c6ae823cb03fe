"""The share to keep is given as the share to drop, in front of a GRU and behind it; the inputs are symbols."""

import torch
from torch import nn

SLUG = "dropout-too-strong"


class Reader(nn.Module):
    def __init__(self, drop):
        super().__init__()
        self.table = nn.Embedding(20, 16)
        self.drop = nn.Dropout(drop)  # FAULT
        self.gru = nn.GRU(16, 24, batch_first=True)
        self.head = nn.Linear(24, 1)

    def forward(self, ids):
        return self.head(self.drop(self.gru(self.drop(self.table(ids)))[1][-1])).squeeze(1)


def train(repaired):
    torch.manual_seed(0)
    ids = torch.randint(2, 20, (400, 6))
    y = torch.randint(0, 2, (400,))
    ids[torch.arange(400), torch.randint(0, 6, (400,))] = y
    model = Reader(0.1 if repaired else 0.95)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(10):
        for part in torch.randperm(400).split(40):
            loss = nn.functional.binary_cross_entropy_with_logits(model(ids[part]), y[part].float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
