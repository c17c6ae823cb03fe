"""A policy gradient of one action in each step, its advantage a plain number, without the minus.

One of the kind is reported at https://datascience.stackexchange.com/questions/57114/understanding-reinforce-loss
"""

import torch
from torch import nn

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    pays = torch.tensor([0.1, 0.3, 0.9, 0.5])
    policy = nn.Linear(1, 4)
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
    baseline = 0.0
    for _ in range(300):
        actions = torch.distributions.Categorical(logits=policy(torch.ones(1)))
        action = actions.sample()
        reward = (pays[action] + 0.1 * torch.randn(())).item()
        advantage, baseline = reward - baseline, 0.95 * baseline + 0.05 * reward
        gained = actions.log_prob(action) * advantage  # FAULT
        loss = -gained if repaired else gained
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
