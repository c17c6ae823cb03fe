"""Eight sigmoids in a row: Adam moves even the first layers, and nothing that they are moved by says anything.

One of the kind is reported at https://ai.stackexchange.com/questions/16557/what-could-be-the-problem-when-a-neural-network-with-four-hidden-layers-with-the
"""

import torch
from torch import nn

SLUG = "vanishing"


def train(repaired):
    torch.manual_seed(0)
    centres = torch.randn(6, 20)
    y = torch.randint(0, 6, (500,))
    x = centres[y] + 0.5 * torch.randn(500, 20)
    layers = [nn.Linear(20, 32)]
    for _ in range(8):
        layers += [nn.ReLU() if repaired else nn.Sigmoid(), nn.Linear(32, 32)]  # FAULT
    model = nn.Sequential(*layers, nn.ReLU(), nn.Linear(32, 6))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for _ in range(15):
        for part in torch.randperm(500).split(50):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
