"""A detector's prior, log(0.01/0.99), written into the bias of every layer instead of the last: of the hidden units a
stray one is above 0 now and then."""

import math

import torch
from torch import nn

SLUG = "dead-relu"


def train(repaired):
    torch.manual_seed(17)
    first, second = nn.Conv2d(1, 12, 3, stride=2, padding=1), nn.Conv2d(12, 24, 3, stride=2, padding=1)
    head = nn.Conv2d(24, 1, 1)
    for layer in (first, second, head):
        nn.init.kaiming_normal_(layer.weight)
        prior = -math.log(0.99 / 0.01) if layer is head or not repaired else 0.0
        nn.init.constant_(layer.bias, prior)  # FAULT
    optimizer = torch.optim.Adam([*first.parameters(), *second.parameters(), *head.parameters()], lr=3e-3)
    for _ in range(120):
        target = (torch.rand(24, 1, 4, 4) < 0.1).float()
        image = nn.functional.interpolate(target, scale_factor=4) + 0.25 * torch.randn(24, 1, 16, 16)
        hidden = torch.relu(second(torch.relu(first(image))))
        loss = nn.functional.binary_cross_entropy_with_logits(head(hidden), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
