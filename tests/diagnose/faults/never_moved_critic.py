"""The critic's optimizer was given the generator's parameters.

One of the kind is reported at https://github.com/zhaoyuzhi/deepfillv2/pull/3
"""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "never-moved"


def train(repaired):
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 2))
    critic = nn.Sequential(nn.Linear(2, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
    judged = critic if repaired else maker
    judges = torch.optim.Adam(judged.parameters(), lr=2e-3, betas=(0.5, 0.99))  # FAULT
    makes = torch.optim.Adam(maker.parameters(), lr=1e-3, betas=(0.5, 0.99))
    yes, no = torch.ones(48, 1), torch.zeros(48, 1)
    for _ in range(250):
        real = torch.randn(48, 2) * 0.5 + torch.tensor([2.0, -1.0])
        critic.zero_grad()
        made = maker(torch.randn(48, 3))
        loss = F.binary_cross_entropy_with_logits(critic(real), yes)
        loss = loss + F.binary_cross_entropy_with_logits(critic(made.detach()), no)
        loss.backward()
        judges.step()
        maker.zero_grad()
        loss = F.binary_cross_entropy_with_logits(critic(maker(torch.randn(48, 3))), yes)
        loss.backward()
        makes.step()
