"""XOR with a single layer: the tutorial's network, which cannot learn it.

The loss falls to 0.25 and stays there, with 0.5 predicted for all four inputs: a straight line cannot separate
XOR's zeros from its ones, and 0.25 is the least loss that any weights of this network reach.
"""

import torch
from torch import nn

# Step 1: a simple dataset
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


# Step 2: one layer with a sigmoid
class SimpleNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        x = self.fc(x)
        x = self.sigmoid(x)
        return x


torch.manual_seed(0)
model = SimpleNN()

# Step 3: the loss function and the optimizer
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

# Step 4: train
epochs = 10_000
for epoch in range(epochs):
    predictions = model(X)
    loss = loss_fn(predictions, y)

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

    if epoch % 1000 == 0:
        print(f"Epoch: {epoch + 1}/{epochs}, Loss: {loss.item()}")

# Step 5: what it predicts after training
with torch.no_grad():
    print("Final predictions:")
    print(model(X))
