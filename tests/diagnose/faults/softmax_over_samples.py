"""log_softmax along the batch before the negative log likelihood.

Reported at https://github.com/clcarwin/sphereface_pytorch/issues/24
"""

import torch
from torch import nn

SLUG = "softmax-over-samples"


class Classifier(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.hidden, self.out = nn.Linear(2, 16), nn.Linear(16, 3)
        self.dim = 1 if repaired else 0

    def forward(self, x):
        x = self.out(torch.relu(self.hidden(x)))
        return nn.functional.log_softmax(x, dim=self.dim)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 3, (90,))
    x = torch.randn(90, 2) + torch.tensor([[0.0, 4.0], [4.0, 0.0], [-4.0, -4.0]])[y]
    model = Classifier(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        loss = nn.functional.nll_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
