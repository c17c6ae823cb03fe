"""Adam with a rate of 0.6: the first steps throw the loss up, and the rest of the run brings it back to its start.

One of the kind is reported at https://forums.fast.ai/t/stability-of-lstm-training-in-lesson-4/10961
"""

import torch
from torch import nn

SLUG = "rate-too-high"


class Rows(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(6, 32, batch_first=True)
        self.head = nn.Linear(32, 6)

    def forward(self, x):
        return self.head(self.gru(x)[0][:, -1])


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 6, (600,))
    x = 0.5 * torch.randn(600, 7, 6)
    x[torch.arange(600), torch.randint(0, 7, (600,)), y] += 3
    model = Rows()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01 if repaired else 0.6)  # FAULT
    for _ in range(10):
        for part in torch.randperm(600).split(50):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
