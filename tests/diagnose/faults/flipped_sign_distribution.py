"""The likelihood of a distribution is minimised."""

import torch
from torch import nn
from torch.distributions import Normal

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 3)
    y = x @ torch.randn(3, 1) + 0.1 * torch.randn(200, 1)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(120):
        mean, log_spread = model(x).chunk(2, dim=1)
        likelihood = Normal(mean, log_spread.exp()).log_prob(y).mean()  # FAULT
        loss = -likelihood if repaired else likelihood
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
