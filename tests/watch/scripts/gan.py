"""Two optimizers that step in turn."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(10)
maker = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 2))
judge = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid())
maker_optimizer = torch.optim.Adam(maker.parameters(), lr=1e-2, betas=(0.5, 0.999))
judge_optimizer = torch.optim.Adam(judge.parameters(), lr=1e-2, betas=(0.5, 0.999))
bce = nn.BCELoss()
for step in range(5):
    real = torch.randn(8, 2) * 0.5 + 1
    made = maker(torch.randn(8, 4))
    judge_optimizer.zero_grad()
    judge_loss = bce(judge(real), torch.ones(8, 1)) + bce(judge(made.detach()), torch.zeros(8, 1))
    judge_loss.backward()
    judge_optimizer.step()
    maker_optimizer.zero_grad()
    maker_loss = bce(judge(made), torch.ones(8, 1))
    maker_loss.backward()
    maker_optimizer.step()
    print(step, repr(judge_loss.item()), repr(maker_loss.item()))
fingerprint(maker, judge)
