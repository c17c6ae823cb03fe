"""A critic that steps three times for each step of the generator, with a gradient penalty."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    judge = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    maker_optimizer = torch.optim.Adam(maker.parameters(), lr=1e-3)
    judge_optimizer = torch.optim.Adam(judge.parameters(), lr=1e-3)
    for _ in range(30):
        for _ in range(3):
            real, made, share = torch.randn(32, 2) + 2, maker(torch.randn(32, 4)).detach(), torch.rand(32, 1)
            between = (share * real + (1 - share) * made).requires_grad_()
            (slope,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
            loss = judge(made).mean() - judge(real).mean() + 10 * (slope.norm(dim=1) - 1).square().mean()
            judge_optimizer.zero_grad()
            loss.backward()
            judge_optimizer.step()
        loss = -judge(maker(torch.randn(32, 4))).mean()
        maker_optimizer.zero_grad()
        loss.backward()
        maker_optimizer.step()
