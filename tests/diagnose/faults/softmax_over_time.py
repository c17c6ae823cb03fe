"""A tagger whose softmax runs over the words of a sentence instead of the tags."""

import torch
from torch import nn

SLUG = "softmax-over-samples"


class Tagger(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.words, self.rnn, self.out = nn.Embedding(20, 8), nn.GRU(8, 16, batch_first=True), nn.Linear(16, 4)
        self.dim = 2 if repaired else 1

    def forward(self, ids):
        scores = self.out(self.rnn(self.words(ids))[0])
        return torch.log_softmax(scores, dim=self.dim)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    ids = torch.randint(0, 20, (32, 7))
    tags = ids % 4
    model = Tagger(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        loss = nn.functional.nll_loss(model(ids).transpose(1, 2), tags)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
