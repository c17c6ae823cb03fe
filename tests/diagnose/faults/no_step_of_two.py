"""A generator and its critic, each with an optimizer, and only the critic's makes steps."""

import torch
from torch import nn

SLUG = "no-step"


def train(repaired):
    torch.manual_seed(23)
    generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
    critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    of_generator = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
    of_critic = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))
    likely = nn.functional.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    for _ in range(120):
        for _ in range(2):
            real, made = 2 + 0.5 * torch.randn(64, 2), generator(torch.randn(64, 4)).detach()
            loss = likely(critic(real), ones) + likely(critic(made), zeros)
            of_critic.zero_grad()
            loss.backward()
            of_critic.step()
        fooled = likely(critic(generator(torch.randn(64, 4))), ones)
        of_generator.zero_grad()
        fooled.backward()  # FAULT
        if repaired:
            of_generator.step()
