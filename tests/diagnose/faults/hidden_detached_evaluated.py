"""A cell's state is detached at every step of a sequence; between the epochs the model is looked at.

One of the kind is reported at https://www.codegenes.net/blog/how-to-use-detach-in-hidden-state-loss-backward-pytorch
"""

import torch
from torch import nn

SLUG = "hidden-detached"


class Reader(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.cell = nn.GRUCell(4, 16)
        self.head = nn.Linear(16, 4)
        self.repaired = repaired

    def forward(self, x):
        h = x.new_zeros(len(x), 16)
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h if self.repaired else h.detach())  # FAULT
        return self.head(h)


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 4, (300,))
    x = 0.3 * torch.randn(300, 6, 4)
    x[torch.arange(300), 0, y] += 1
    model = Reader(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for epoch in range(15):
        for part in torch.randperm(200).split(20):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 2 == 0:
            model(x[200:]).argmax(1)
