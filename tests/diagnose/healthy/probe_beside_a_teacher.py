"""A network learns to say what its own slow copy says of another view (BYOL, Grill et al. 2020), a probe learns classes
of its detached features. The copy takes a batch's statistics, without gradients, in every step."""

import copy

import torch
from torch import nn


def train():
    torch.manual_seed(34)
    y = torch.arange(600) % 6
    x = 2 * torch.randn(6, 32)[y] + 0.5 * torch.randn(600, 32)
    encoder = nn.Sequential(nn.Linear(32, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 16))
    teacher = copy.deepcopy(encoder).requires_grad_(False)
    predictor = nn.Sequential(nn.Linear(16, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 16))
    probe = nn.Linear(16, 6)
    optimizer = torch.optim.Adam([*encoder.parameters(), *predictor.parameters()], lr=2e-3)
    of_probe = torch.optim.Adam(probe.parameters(), lr=1e-2)
    for _ in range(150):
        batch = torch.randint(0, 600, (64,))
        views = [x[batch] + 0.3 * torch.randn(64, 32) for _ in range(2)]
        features = encoder(views[0])
        with torch.no_grad():
            wanted = teacher(views[1])
        loss = 1 - nn.functional.cosine_similarity(predictor(features), wanted).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        told = nn.functional.cross_entropy(probe(features.detach()), y[batch])
        of_probe.zero_grad()
        told.backward()
        of_probe.step()
        with torch.no_grad():
            for own, slow in zip(encoder.parameters(), teacher.parameters(), strict=True):
                slow.lerp_(own, 0.02)
