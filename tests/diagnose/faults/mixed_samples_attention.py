"""A transformer's layer without batch_first: the samples attend to each other, place by place."""

import torch
from torch import nn

SLUG = "mixed-samples"


class Model(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.first = nn.Linear(4, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=repaired)
        self.last = nn.Linear(16, 3)

    def forward(self, x):
        return self.last(self.layer(self.first(x)).mean(1))  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(192, 6, 4)
    y = x[:, :, :3].mean(1).argmax(1)
    model = Model(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(10):
        for rows in torch.randperm(192).split(24):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
