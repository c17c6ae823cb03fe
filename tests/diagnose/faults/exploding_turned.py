"""A linear recurrence x ← x·Aᵀ + u·Bᵀ, with an A that stretches by a third in each of forty time steps."""

import torch
from torch import nn

SLUG = "exploding"


class Recurrence(nn.Module):
    def __init__(self, stretch):
        super().__init__()
        self.A = nn.Parameter(stretch * torch.linalg.qr(torch.randn(16, 16)).Q)
        self.B, self.C = nn.Parameter(0.3 * torch.randn(16, 1)), nn.Parameter(0.1 * torch.randn(1, 16))

    def forward(self, u):
        x = u.new_zeros(len(u), 16)
        for t in range(u.shape[1]):
            x = x @ self.A.T + u[:, t] @ self.B.T  # FAULT
        return (x @ self.C.T).squeeze(1)


def train(repaired):
    torch.manual_seed(0)
    model = Recurrence(0.95 if repaired else 1.4)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    weights = 0.9 ** torch.arange(39, -1, -1.0)
    for _ in range(150):
        u = torch.randn(32, 40, 1)
        loss = (model(u) - (u.squeeze(2) * weights).sum(1)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
