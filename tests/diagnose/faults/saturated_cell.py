"""A recurrent cell whose weights are drawn 40 times too large: its tanh is flat from the first step on."""

import torch
from torch import nn

SLUG = "saturated"


class Reader(nn.Module):
    def __init__(self, gain):
        super().__init__()
        self.cell = nn.RNNCell(3, 24)
        self.head = nn.Linear(24, 2)
        for weight in (self.cell.weight_ih, self.cell.weight_hh):
            nn.init.orthogonal_(weight, gain=gain)  # FAULT

    def forward(self, x):
        h = x.new_zeros(len(x), 24)
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h)
        return self.head(h)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(300, 6, 3)
    y = (x[:, :, 0].sum(1) > 0).long()
    model = Reader(1.0 if repaired else 40.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(15):
        for part in torch.randperm(300).split(30):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
