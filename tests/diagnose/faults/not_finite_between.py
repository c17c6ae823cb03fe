"""A log-sum-exp written by hand in half precision: the one bright sample of the 41st batch takes a logit beyond 11.09,
and its exp is infinite."""

import torch
from torch import nn

SLUG = "not-finite"


def train(repaired):
    torch.manual_seed(0)
    centres = torch.randn(6, 20)
    y = torch.arange(6000) % 6
    x = centres[y] + torch.randn(6000, 20)
    x[40 * 50 + 7] *= 30
    model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 6))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for batch, target in zip(x.split(50), y.split(50), strict=True):
        logits = model(batch)
        numbers = logits if repaired else logits.half()
        log_sum = numbers.logsumexp(1) if repaired else numbers.exp().sum(1).log()  # FAULT
        loss = (log_sum - numbers.gather(1, target[:, None])[:, 0]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
