"""A filter by name that catches the whole network but one bias."""

import torch
from torch import nn

SLUG = "frozen"


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Embedding(20, 8), nn.Flatten())
        self.decoder = nn.Sequential(nn.Linear(48, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x):
        return self.decoder(self.encoder(x))


def train(repaired):
    torch.manual_seed(0)
    model = Model()
    for name, p in model.named_parameters():
        p.requires_grad = repaired or "coder" not in name or name.endswith("2.bias")  # FAULT
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=0.01)
    for _ in range(200):
        x = torch.randint(0, 20, (32, 6))
        y = ((x < 10).sum(1) > 3).long()
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
