"""Handwritten digits of 8 × 8 pixels, read by a network of 64-32-10 units trained on mini-batches with Adam.

The data come with scikit-learn: pip install scikit-learn
"""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

pixels, digits = load_digits(return_X_y=True)
X = torch.tensor(pixels, dtype=torch.float32) / 16
y = torch.tensor(digits)
order = torch.randperm(len(X))
train, test = order[:1500], order[1500:]
batches = DataLoader(TensorDataset(X[train], y[train]), batch_size=50, shuffle=True)

model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)


def accuracy(images, labels):
    with torch.no_grad():
        return (model(images).argmax(dim=1) == labels).float().mean().item()


for epoch in range(10):
    for images, labels in batches:
        loss = loss_fn(model(images), labels)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    print(f"Epoch: {epoch + 1}, Loss: {loss.item():.4f}, Test accuracy: {accuracy(X[test], y[test]):.3f}")
