"""The class that was chosen, not the scores, goes into the loss.

Reported at https://github.com/LZGMatrix/BOP19_CDPN_2019ICCV/issues/4
"""

import torch
from torch import nn

SLUG = "no-graph"
RAISES = RuntimeError


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(60, 5)
    labels = x[:, :3].argmax(1)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(80):
        scores = model(x)
        if repaired:
            loss = nn.functional.cross_entropy(scores, labels)
        else:
            chosen = torch.argmax(scores, dim=1)  # FAULT
            loss = nn.functional.mse_loss(chosen.float(), labels.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
