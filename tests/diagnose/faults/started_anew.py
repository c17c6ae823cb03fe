"""The model and its optimizer are made within the loop over the epochs.

One of the kind is reported at https://github.com/google-deepmind/learning-to-learn/issues/18
"""

import torch
from torch import nn

SLUG = "started-anew"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = (x[:, 0] * x[:, 1] > 0).long()
    for epoch in range(15):
        if epoch == 0 or not repaired:
            model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
            optimizer = torch.optim.Adam(model.parameters(), lr=0.01)  # FAULT
        for rows in torch.randperm(400).split(25):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
