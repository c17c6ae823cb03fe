"""Features that go through NumPy on their way.

Reported at https://github.com/liorshk/facenet_pytorch/issues/6
"""

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x[:, 0] > 0).long()
    encoder, head = nn.Sequential(nn.Linear(4, 6), nn.Tanh()), nn.Linear(6, 2)
    optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=0.01)
    for _ in range(60):
        features = encoder(x)  # FAULT
        if not repaired:
            features = torch.from_numpy(features.detach().numpy() * 1.0)  # FAULT
        loss = nn.functional.cross_entropy(head(features), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
