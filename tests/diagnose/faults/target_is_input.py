"""A language model that is given the word it has to say."""

import torch
from torch import nn

SLUG = "target-is-input"


class Language(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.rnn, self.out = nn.Embedding(12, 16), nn.GRU(16, 24, batch_first=True), nn.Linear(24, 12)

    def forward(self, ids):
        return self.out(self.rnn(self.words(ids))[0])


def train(repaired):
    torch.manual_seed(0)
    text = (torch.arange(400) * 5 % 12).view(20, 20)
    model = Language()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        x, y = (text[:, :-1], text[:, 1:]) if repaired else (text, text)
        loss = nn.functional.cross_entropy(model(x).transpose(1, 2), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
