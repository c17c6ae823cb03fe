"""A data set that gives its first sample for every index."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

SLUG = "constant-inputs"


class Samples(Dataset):
    def __init__(self, repaired):
        self.x = torch.randn(96, 4)
        self.y = self.x.sum(1, keepdim=True)
        self.repaired = repaired

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i if self.repaired else 0], self.y[i]


def train(repaired):
    torch.manual_seed(0)
    loader = DataLoader(Samples(repaired), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(20):
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x), y)  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
