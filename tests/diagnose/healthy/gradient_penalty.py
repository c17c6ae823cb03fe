"""A critic with a gradient penalty, three steps of it for each of the generator's (Gulrajani et al. 2017)."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
    critic = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 1))
    of_generator = torch.optim.Adam(generator.parameters(), 1e-3, betas=(0.0, 0.9))
    of_critic = torch.optim.Adam(critic.parameters(), 1e-3, betas=(0.0, 0.9))
    for _ in range(60):
        for _ in range(3):
            real, made = 0.3 * torch.randn(64, 2) + 1, generator(torch.randn(64, 4)).detach()
            share = torch.rand(64, 1)
            between = (share * real + (1 - share) * made).requires_grad_()
            (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
            penalty = ((slope.norm(2, 1) - 1) ** 2).mean()
            loss = critic(made).mean() - critic(real).mean() + 10 * penalty
            of_critic.zero_grad()
            loss.backward()
            of_critic.step()
        loss = -critic(generator(torch.randn(64, 4))).mean()
        of_generator.zero_grad()
        loss.backward()
        of_generator.step()
