"""A classifier fed by a shuffling DataLoader, with Adam and weight decay."""

import random
import sys

import numpy as np
import torch
from fingerprint import fingerprint
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

random.seed(1)
np.random.seed(1)
torch.manual_seed(1)
epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 2
noise = np.random.randn(96, 20).astype("float32")
labels = torch.from_numpy((noise[:, 0] + noise[:, 1] > 0).astype("int64"))
loader = DataLoader(TensorDataset(torch.from_numpy(noise), labels), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(20, 32), nn.GELU(), nn.Dropout(0.1), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-3)
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
for epoch in range(epochs):
    for batch, (x, y) in enumerate(loader):
        if random.random() < 0.3:
            x = x + 0.01 * torch.randn_like(x)
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(epoch, batch, repr(loss.item()))
fingerprint(model, optimizer)
