"""Two views of one thing are drawn together, each in turn towards the other one, which stands still, by a predictor
(Chen & He, CVPR 2021); the encoder's batch norm keeps a spread."""

import torch
from torch import nn
from torch.nn import functional as F


def train():
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 8), nn.BatchNorm1d(8))
    predictor = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))
    optimizer = torch.optim.SGD([*encoder.parameters(), *predictor.parameters()], lr=0.05, momentum=0.9)
    way = torch.randn(4, 10)
    for _ in range(150):
        thing = torch.randn(64, 4) @ way
        first, second = (encoder(thing + 0.5 * torch.randn_like(thing)) for _ in range(2))
        alike = F.cosine_similarity(predictor(first), second.detach()).mean()
        alike = alike + F.cosine_similarity(predictor(second), first.detach()).mean()
        loss = -alike / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
