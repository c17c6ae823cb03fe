"""The checkpoint is loaded in each epoch, not once."""

import copy

import torch
from torch import nn

SLUG = "started-anew"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 1))
    checkpoint = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(15):
        if epoch == 0 or not repaired:
            model.load_state_dict(checkpoint)  # FAULT
        for rows in torch.randperm(400).split(25):
            loss = nn.functional.binary_cross_entropy_with_logits(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
