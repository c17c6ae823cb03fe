"""In the generator's own step its samples are detached, as is right in the discriminator's.

Reported at https://github.com/nikhilsinghmus/image2reverb/issues/37
"""

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    judge = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    first = torch.optim.Adam(judge.parameters(), lr=0.005, betas=(0.5, 0.999))
    second = torch.optim.Adam(generator.parameters(), lr=0.005, betas=(0.5, 0.999))
    loss_fn, ones, zeros = nn.BCEWithLogitsLoss(), torch.ones(40, 1), torch.zeros(40, 1)
    for _ in range(150):
        real = torch.randn(40, 2) * 0.3 + torch.tensor([1.5, -0.5])
        fake = generator(torch.randn(40, 2))
        judge.zero_grad()
        loss = loss_fn(judge(real), ones) + loss_fn(judge(fake.detach()), zeros)
        loss.backward()
        first.step()
        generator.zero_grad()
        loss = loss_fn(judge(fake if repaired else fake.detach()), ones)  # FAULT
        loss.backward()
        second.step()
