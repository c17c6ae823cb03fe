"""The state that one batch of sequences ended with is kept for the next, which has nothing to do with it.

Described at https://www.codegenes.net/blog/pytorch-lstm-reset-hidden-state
"""

import torch
from torch import nn

SLUG = "state-never-reset"


class Counter(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.repaired, self.state = repaired, None
        self.cell, self.out = nn.RNNCell(1, 16, nonlinearity="relu"), nn.Linear(16, 1)
        with torch.no_grad():
            self.cell.weight_hh.copy_(torch.eye(16))

    def forward(self, x):
        h = torch.zeros(len(x), 16) if self.repaired or self.state is None else self.state
        for t in range(x.shape[1]):
            h = self.cell(x[:, t : t + 1], h)  # FAULT
        self.state = h.detach()
        return self.out(h)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randint(0, 2, (600, 10)).float()
    model = Counter(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(250):
        rows = torch.randint(0, 600, (32,))
        loss = nn.functional.mse_loss(model(x[rows]), x[rows].sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
