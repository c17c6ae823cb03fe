"""REINFORCE without its minus: what was rewarded becomes rarer.

Asked at https://datascience.stackexchange.com/questions/57114/understanding-reinforce-loss
"""

import torch
from torch import nn
from torch.distributions import Categorical

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    best = nn.Linear(5, 3).requires_grad_(False)
    policy = nn.Sequential(nn.Linear(5, 32), nn.Tanh(), nn.Linear(32, 3))
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
    for _ in range(200):
        state = torch.randn(64, 5)
        actions = Categorical(logits=policy(state))
        action = actions.sample()
        reward = (action == best(state).argmax(1)).float() - 0.3
        gain = (actions.log_prob(action) * reward).mean()  # FAULT
        loss = -gain if repaired else gain
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
