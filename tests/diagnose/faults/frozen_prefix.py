"""A prefix that is meant for the norm in front freezes the small layers behind it as well."""

from collections import OrderedDict

import torch
from torch import nn

SLUG = "frozen"


def train(repaired):
    torch.manual_seed(2)
    angle, ring = 6.28 * torch.rand(600), torch.randint(0, 2, (600,))
    x = torch.stack([angle.cos(), angle.sin()], 1) * (0.4 + 0.6 * ring)[:, None] + 0.05 * torch.randn(600, 2)
    layers = [("enc_norm", nn.BatchNorm1d(2)), ("encoder1", nn.Linear(2, 4)), ("act1", nn.Tanh())]
    layers += [("encoder2", nn.Linear(4, 4)), ("act2", nn.Tanh()), ("out", nn.Linear(4, 2))]
    model = nn.Sequential(OrderedDict(layers))
    for name, parameter in model.named_parameters():
        if name.startswith("enc_norm" if repaired else "enc"):
            parameter.requires_grad_(False)  # FAULT
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.02)
    for _ in range(25):
        for part in torch.randperm(600).split(50):
            loss = nn.functional.cross_entropy(model(x[part]), ring[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
