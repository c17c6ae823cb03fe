"""Two losses are put into a new tensor, to be weighed by a buffer: the new tensor is what gets the gradient."""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "cut-graph"


class Weighed(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.register_buffer("weights", torch.tensor([1.0, 5.0]))
        self.repaired = repaired

    def forward(self, scores, place, kind, wanted):
        parts = [F.cross_entropy(scores, kind), F.l1_loss(place, wanted)]
        parts = torch.stack(parts) if self.repaired else torch.tensor(parts, requires_grad=True)  # FAULT
        return (self.weights * parts).sum()


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(300, 6)
    kind, wanted = (x[:, 0] > 0).long(), x[:, 1:3].sigmoid()
    body = nn.Sequential(nn.Linear(6, 32), nn.ReLU())
    scores, place, loss = nn.Linear(32, 2), nn.Linear(32, 2), Weighed(repaired)
    optimizer = torch.optim.Adam([*body.parameters(), *scores.parameters(), *place.parameters()], lr=0.01)
    for _ in range(60):
        rows = torch.randint(0, 300, (32,))
        h = body(x[rows])
        optimizer.zero_grad()
        loss(scores(h), place(h), kind[rows], wanted[rows]).backward()
        optimizer.step()
