"""Accounts drawn anew in each step, of which a running sum is asked, while the state goes on from those before.

How to begin each independent sequence with zeros: https://www.codegenes.net/blog/pytorch-lstm-reset-hidden-state
"""

import torch
from torch import nn

SLUG = "state-never-reset"


def train(repaired):
    torch.manual_seed(40)
    rnn, head = nn.LSTM(1, 32, batch_first=True), nn.Linear(32, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=5e-3)
    state = None
    for _ in range(300):
        x = 0.5 * torch.randn(32, 16, 1) + 0.6 * torch.randn(32, 1, 1)
        out, state = rnn(x, state)  # FAULT
        loss = nn.functional.mse_loss(head(out), x.cumsum(1) / 4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = None if repaired else tuple(part.detach() for part in state)
