"""A GAN that freezes its critic while the generator learns, and thaws it again in the same step."""

import torch
from torch import nn
from torch.nn import functional as F


def keep(net, still):
    for parameter in net.parameters():
        parameter.requires_grad_(not still)


def train():
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 2))
    critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    makes = torch.optim.Adam(maker.parameters(), lr=1e-3, betas=(0.5, 0.99))
    judges = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.99))
    for _ in range(400):
        real = torch.randn(48, 2) * torch.tensor([1.0, 0.2]) + torch.tensor([1.5, -0.5])
        keep(critic, still=False)
        loss = F.softplus(-critic(real)).mean() + F.softplus(critic(maker(torch.randn(48, 3)))).mean()
        judges.zero_grad()
        loss.backward()
        judges.step()
        keep(critic, still=True)
        loss = F.softplus(-critic(maker(torch.randn(48, 3)))).mean()
        makes.zero_grad()
        loss.backward()
        makes.step()
