"""A sequence goes through one vector and is to come out again: its targets are its inputs."""

import torch
from torch import nn


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.reader = nn.Embedding(10, 16), nn.GRU(16, 32, batch_first=True)
        self.writer, self.out = nn.GRU(32, 32, batch_first=True), nn.Linear(32, 10)

    def forward(self, ids):
        code = self.reader(self.words(ids))[1][0]
        return self.out(self.writer(code[:, None].expand(-1, ids.shape[1], -1))[0])


def train():
    torch.manual_seed(0)
    ids = torch.randint(0, 10, (64, 5))
    model = Autoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), ids.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
