"""The critic of a GAN steps before its own backward(): it never finds a gradient; the maker's loop is right."""

import torch
from torch import nn

SLUG = "cleared-gradients"


def train(repaired):
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 2))
    critic = nn.Sequential(nn.Linear(2, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
    makes = torch.optim.RMSprop(maker.parameters(), lr=1e-3)
    judges = torch.optim.RMSprop(critic.parameters(), lr=1e-3)
    for _ in range(150):
        for _ in range(2):
            real = torch.randn(48, 2) * 0.3 + torch.tensor([3.0, 1.0])
            loss = critic(maker(torch.randn(48, 3)).detach()).mean() - critic(real).mean()
            judges.zero_grad()
            if repaired:
                loss.backward()
                judges.step()
            else:
                judges.step()  # FAULT
                loss.backward()
            with torch.no_grad():
                for p in critic.parameters():
                    p.clamp_(-0.2, 0.2)
        loss = -critic(maker(torch.randn(48, 3))).mean()
        makes.zero_grad()
        loss.backward()
        makes.step()
