"""Ten sorted classes in batches that lie across their borders, the last of each epoch a short one; the loss explodes
where the next class begins.

A hundred classes in order, 2 or 3 % right, and 70 % once they are shuffled:
https://coderoad.ru/54354465/Влияние-использования-переключения-данных-в-загрузчике-данных-Pytorch
"""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SLUG = "sorted-batches"


def train(repaired):
    torch.manual_seed(36)
    centres = torch.randn(10, 64)
    y = torch.arange(1347) * 10 // 1347
    x = centres[y] + 0.5 * torch.randn(1347, 64)
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=repaired)
    model = nn.Sequential(nn.Linear(64, 48), nn.GELU(), nn.Linear(48, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(5):
        for batch, target in loader:
            loss = nn.functional.cross_entropy(model(batch), target)  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
