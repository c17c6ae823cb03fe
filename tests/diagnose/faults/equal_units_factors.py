"""Both factors of a matrix begin with one constant: their columns stay the same, the product has rank one."""

import torch
from torch import nn

SLUG = "equal-units"


class Factors(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.users = nn.Parameter(0.1 * torch.randn(60, 4) if repaired else torch.full((60, 4), 0.1))
        self.items = nn.Parameter(0.1 * torch.randn(40, 4) if repaired else torch.full((40, 4), 0.1))

    def forward(self):
        return self.users @ self.items.t()  # FAULT


def train(repaired):
    torch.manual_seed(0)
    ratings = torch.randn(60, 4) @ torch.randn(40, 4).t() / 2
    model = Factors(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(300):
        loss = nn.functional.mse_loss(model(), ratings)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
