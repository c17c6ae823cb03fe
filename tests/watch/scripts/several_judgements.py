"""A judge that steps three times for each step of the maker, long enough that most steps are only counted."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(11)
maker = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
judge = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
maker_optimizer = torch.optim.Adam(maker.parameters(), lr=1e-3)
judge_optimizer = torch.optim.Adam(judge.parameters(), lr=1e-3)
for step in range(20):
    for _ in range(3):
        real = torch.randn(8, 2) + 2
        made = maker(torch.randn(8, 4)).detach()
        judge_loss = judge(made).mean() - judge(real).mean()
        judge_optimizer.zero_grad()
        judge_loss.backward()
        judge_optimizer.step()
    maker_loss = -judge(maker(torch.randn(8, 4))).mean()
    maker_optimizer.zero_grad()
    maker_loss.backward()
    maker_optimizer.step()
    print(step, repr(judge_loss.item()), repr(maker_loss.item()))
fingerprint(maker, judge)
