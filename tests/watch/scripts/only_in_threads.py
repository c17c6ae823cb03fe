"""Two models that train in two threads at the same time, while the main thread waits: none of it is recorded."""

import threading

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(40)
x, y = torch.randn(16, 3), torch.randn(16, 1)
models = [nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)) for _ in range(2)]
losses = [[], []]


def train(which):
    optimizer = torch.optim.Adam(models[which].parameters(), lr=0.05)
    for _ in range(20):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(models[which](x), y)
        loss.backward()
        optimizer.step()
        losses[which].append(loss.item())


threads = [threading.Thread(target=train, args=(which,)) for which in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(losses)
fingerprint(*models)
