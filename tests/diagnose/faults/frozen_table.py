"""Tables of random numbers are handed to embeddings, which freezes them: only the scale behind them learns."""

import torch
from torch import nn

SLUG = "frozen"


class Ratings(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        users, films = 0.3 * torch.randn(60, 8), 0.3 * torch.randn(50, 8)
        self.users = nn.Embedding.from_pretrained(users, freeze=not repaired)  # FAULT
        self.films = nn.Embedding.from_pretrained(films, freeze=not repaired)  # FAULT
        self.scale = nn.Linear(8, 1)

    def forward(self, user, film):
        return self.scale(self.users(user) * self.films(film))


def train(repaired):
    torch.manual_seed(0)
    users, films = torch.randn(60, 3), torch.randn(50, 3)
    user, film = torch.randint(0, 60, (2000,)), torch.randint(0, 50, (2000,))
    y = (users[user] * films[film]).sum(1, keepdim=True)
    model = Ratings(repaired)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=0.03)
    for _ in range(300):
        rows = torch.randint(0, 2000, (128,))
        loss = nn.functional.mse_loss(model(user[rows], film[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
