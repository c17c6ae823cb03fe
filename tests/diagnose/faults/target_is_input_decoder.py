"""A decoder is given the words before each place, and asked for just these.

One of the kind is reported at https://stevengong.co/notes/Teacher-Forcing
"""

import torch
from torch import nn

SLUG = "target-is-input"


class Turning(nn.Module):
    def __init__(self):
        super().__init__()
        self.source, self.words = nn.Embedding(10, 32), nn.Embedding(10, 32)
        self.encoder, self.decoder = nn.GRU(32, 32, batch_first=True), nn.GRU(32, 32, batch_first=True)
        self.head = nn.Linear(32, 10)

    def forward(self, source, words):
        _, state = self.encoder(self.source(source))
        return self.head(self.decoder(self.words(words), state)[0])


def train(repaired):
    torch.manual_seed(0)
    model = Turning()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(200):
        source = torch.randint(2, 10, (48, 5))
        wanted = source.flip(1)
        given = torch.cat([torch.ones(48, 1, dtype=torch.long), wanted[:, :-1]], 1)
        scores = model(source, given)
        loss = nn.functional.cross_entropy(scores.transpose(1, 2), wanted if repaired else given)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
