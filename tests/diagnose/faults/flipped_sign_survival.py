"""Cox's partial likelihood is minimised where its negative was meant."""

import torch
from torch import nn

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(300, 4)
    time = torch.distributions.Exponential((x[:, 0] - x[:, 1]).exp()).sample()
    event = (torch.rand(300) < 0.7).float()
    order = time.argsort(descending=True)  # those still at risk come before
    x, event = x[order], event[order]
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(100):
        risk = model(x).squeeze(1)
        likelihood = ((risk - risk.logcumsumexp(0)) * event).sum() / event.sum()  # FAULT
        loss = -likelihood if repaired else likelihood
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
