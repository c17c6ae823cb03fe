"""A DataLoader with two worker processes, which use torch and its random numbers themselves."""

import torch
from fingerprint import fingerprint
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Noisy(Dataset):
    def __len__(self):
        return 24

    def __getitem__(self, i):
        weight = torch.ones(3, requires_grad=True)
        x = torch.full((3,), float(i)) / 24 + 0.01 * torch.randn(3)
        (weight * x).sum().backward()
        return x + 0.1 * weight.grad, torch.tensor([float(i % 2)])


if __name__ == "__main__":
    torch.manual_seed(17)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(Noisy(), batch_size=6, shuffle=True, num_workers=2)
    for epoch in range(2):
        for x, y in loader:
            loss = nn.functional.binary_cross_entropy(torch.sigmoid(model(x)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            print(epoch, repr(loss.item()))
    fingerprint(model)
