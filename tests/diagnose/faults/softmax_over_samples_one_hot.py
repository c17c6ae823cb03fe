"""LogSoftmax over the samples, and a likelihood that picks the classes by one-hot targets.

One of the kind is reported at https://runebook.dev/en/articles/pytorch/generated/torch.nn.softmax
"""

import torch
from torch import nn

SLUG = "softmax-over-samples"


def train(repaired):
    torch.manual_seed(0)
    centres = 2 * torch.randn(3, 4)
    y = torch.randint(0, 3, (180,))
    x = centres[y] + 0.7 * torch.randn(180, 4)
    body = nn.Sequential(nn.Linear(4, 16), nn.GELU(), nn.Linear(16, 3))
    squash = nn.LogSoftmax(dim=1 if repaired else 0)  # FAULT
    optimizer = torch.optim.SGD(body.parameters(), lr=0.1, momentum=0.9)
    for _ in range(20):
        for part in torch.randperm(180).split(6):
            logarithms = squash(body(x[part]))
            loss = -(logarithms * nn.functional.one_hot(y[part], 3)).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
