"""A variational autoencoder whose KL term counts a hundred times.

Reported at https://github.com/lucidrains/DALLE-pytorch/issues/92
"""

import torch
from torch import nn

SLUG = "drowned-term"


class Variational(nn.Module):
    def __init__(self):
        super().__init__()
        self.code, self.back = nn.Linear(8, 4), nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 8))

    def forward(self, x):
        mean, log_variance = self.code(x).chunk(2, dim=1)
        return self.back(mean + torch.randn_like(mean) * (log_variance / 2).exp()), mean, log_variance


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(128, 2) @ torch.randn(2, 8)
    model = Variational()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    weight = 0.02 if repaired else 100.0
    for _ in range(150):
        answer, mean, log_variance = model(x)
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
        loss = nn.functional.mse_loss(answer, x) + weight * kl  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
