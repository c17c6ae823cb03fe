"""Both factors of a low-rank adapter begin with zeros, beside weights that are rightly frozen.

One of the kind is reported at https://jishuzhan.net/article/1992498305595670530
"""

import torch
from torch import nn

SLUG = "equal-units"


class Adapted(nn.Module):
    def __init__(self, base, repaired):
        super().__init__()
        self.base = base.requires_grad_(False)
        first = 0.3 * torch.randn(4, base.in_features) if repaired else torch.zeros(4, base.in_features)
        self.first, self.last = nn.Parameter(first), nn.Parameter(torch.zeros(base.out_features, 4))

    def forward(self, x):
        return self.base(x) + 2 * (x @ self.first.T) @ self.last.T  # FAULT


def train(repaired):
    torch.manual_seed(0)
    teacher, student = nn.Linear(10, 6), nn.Linear(10, 6)
    student.load_state_dict(teacher.state_dict())
    with torch.no_grad():
        teacher.weight += torch.randn(6, 2) @ torch.randn(2, 10)
    model = Adapted(student, repaired)
    optimizer = torch.optim.AdamW([model.first, model.last], lr=0.01, weight_decay=0.0)
    for _ in range(200):
        x = torch.randn(48, 10)
        with torch.no_grad():
            y = teacher(x)
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
