"""Cross-entropy by hand, with smoothed labels, takes the log softmax of what is a softmax already.

One of the kind is reported at https://cloud.tencent.com/developer/article/2571902
"""

import torch
from torch import nn

SLUG = "squashed-twice"


def smoothed(scores, y, smoothing=0.05):
    logarithms = scores.log_softmax(-1)
    likelihood = -logarithms.gather(1, y[:, None]).mean()
    return (1 - smoothing) * likelihood - smoothing * logarithms.mean()


def train(repaired):
    torch.manual_seed(0)
    centres = torch.randn(20, 16)
    y = torch.randint(0, 20, (600,))
    x = centres[y] + 0.7 * torch.randn(600, 16)
    layers = [nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 20)]
    if not repaired:
        layers.append(nn.Softmax(dim=-1))  # FAULT
    model = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(120):
        rows = torch.randint(0, 600, (64,))
        loss = smoothed(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
