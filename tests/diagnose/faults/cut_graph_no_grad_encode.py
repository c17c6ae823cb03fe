"""A method of the network that is used in training, too, has @torch.no_grad(); its weights are no layers."""

import torch
from torch import nn

SLUG = "cut-graph"


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Parameter(0.2 * torch.randn(6, 32)), nn.Parameter(0.3 * torch.randn(6, 32))
        self.head = nn.Linear(32, 2)

    def encode(self, x, around):
        return nn.functional.elu(x @ self.inner + around @ self.outer)

    @torch.no_grad()  # FAULT
    def encode_still(self, x, around):
        return self.encode(x, around)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    around = x[torch.randint(0, 400, (400, 4))].mean(1)
    y = (x[:, 0] * around[:, 1] > 0).long()
    model = Encoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        codes = model.encode(x, around) if repaired else model.encode_still(x, around)
        loss = nn.functional.cross_entropy(model.head(codes), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
