"""Each word's score is picked and its mean raised, as if the scores were logarithms of probabilities."""

import torch
from torch import nn

SLUG = "no-log-probabilities"


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 12)
        self.rnn = nn.GRU(12, 16, batch_first=True)
        self.head = nn.Linear(16, 4)

    def forward(self, words):
        return self.head(self.rnn(self.table(words))[0])


def train(repaired):
    torch.manual_seed(0)
    kinds = torch.randint(0, 4, (20,))
    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        words = torch.randint(0, 20, (32, 8))
        scores = model(words)
        if repaired:
            scores = scores.log_softmax(-1)
        loss = -scores.gather(2, kinds[words].unsqueeze(-1)).mean()  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
