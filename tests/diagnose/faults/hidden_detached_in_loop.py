"""The state is detached at the head of each time, lines before the cell takes it.

A loop that does so, as it is recommended: https://www.codegenes.net/blog/how-to-use-detach-in-hidden-state-loss-backward-pytorch
"""

import torch
from torch import nn

SLUG = "hidden-detached"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 10, 2)
    y = (x[:, 0].sum(1, keepdim=True) > 0).float()
    cell, head = nn.GRUCell(2, 24), nn.Linear(24, 1)
    optimizer = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=0.02)
    for _ in range(150):
        batch = torch.randint(0, 400, (64,))
        state = torch.zeros(64, 24)
        for t in range(10):
            if not repaired:
                state = state.detach()  # FAULT
            state = cell(x[batch, t], state)
        loss = nn.functional.binary_cross_entropy_with_logits(head(state), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
