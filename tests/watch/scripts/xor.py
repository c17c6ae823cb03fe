"""The tutorial: XOR with one hidden layer. Does not reach its goal in so few steps, as scripts do."""

import sys

import torch
from fingerprint import fingerprint
from torch import nn

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 4)
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        return torch.sigmoid(self.out(torch.sigmoid(self.hidden(x))))


torch.manual_seed(0)
model = Net()
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 30
for epoch in range(epochs):
    optimizer.zero_grad()
    output = model(X)
    loss = loss_fn(output, Y)
    loss.backward()
    optimizer.step()
    print(f"Epoch {epoch}: {loss.item()!r}")
print(model(X))
fingerprint(model, optimizer)
