"""Embedding, LSTM and a GRU cell over characters."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(16)
text = "the quick brown fox jumps over the lazy dog"
letters = sorted(set(text))
ids = torch.tensor([letters.index(c) for c in text])


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(letters), 8)
        self.lstm = nn.LSTM(8, 12, num_layers=2, batch_first=True)
        self.cell = nn.GRUCell(12, 12)
        self.head = nn.Linear(12, len(letters))

    def forward(self, x):
        out, _ = self.lstm(self.embedding(x))
        return self.head(self.cell(out.reshape(-1, 12)))


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(4):
    x, y = ids[step : step + 30].view(2, 15), ids[step + 1 : step + 31]
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()))
fingerprint(model)
