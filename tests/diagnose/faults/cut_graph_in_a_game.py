"""A generator's own step detaches what it made, as the critic's step rightly does.

Reported at https://github.com/tamarott/SinGAN/pull/117
"""

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 2))
    critic = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    of_generator = torch.optim.RMSprop(generator.parameters(), lr=2e-3)
    of_critic = torch.optim.RMSprop(critic.parameters(), lr=2e-3)
    for _ in range(60):
        for _ in range(2):
            made = generator(torch.randn(32, 3)).detach()
            loss = critic(made).mean() - critic(torch.randn(32, 2) + 2).mean()
            of_critic.zero_grad()
            loss.backward()
            of_critic.step()
            with torch.no_grad():
                for p in critic.parameters():
                    p.clamp_(-0.1, 0.1)
        made = generator(torch.randn(32, 3))
        if not repaired:
            made = made.detach()  # FAULT
        loss = -critic(made).mean()
        of_generator.zero_grad()
        loss.backward()
        of_generator.step()
