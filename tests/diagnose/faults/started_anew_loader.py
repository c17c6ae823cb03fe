"""A new model for each pass through the data: it begins to learn, fifteen times."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SLUG = "started-anew"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = (x[:, 0] + x[:, 1] > 0).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
    for epoch in range(15):
        if epoch == 0 or not repaired:
            model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # FAULT
        for inputs, targets in loader:
            loss = nn.functional.cross_entropy(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
