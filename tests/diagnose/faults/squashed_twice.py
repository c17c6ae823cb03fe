"""A softmax at the end of the model, and cross-entropy on it.

Reported at https://github.com/bkitano/llama-from-scratch/issues/5
"""

import torch
from torch import nn

SLUG = "squashed-twice"


class Classifier(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.hidden = nn.Linear(2, 16)
        self.out = nn.Linear(16, 3)
        self.repaired = repaired

    def forward(self, x):
        x = self.out(torch.relu(self.hidden(x)))
        return x if self.repaired else torch.softmax(x, dim=1)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 3, (90,))
    x = torch.randn(90, 2) + torch.tensor([[0.0, 4.0], [4.0, 0.0], [-4.0, -4.0]])[y]
    model = Classifier(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(150):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
