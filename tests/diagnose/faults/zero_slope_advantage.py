"""A baseline that is the reward itself: every advantage is 0, and so is every gradient."""

import torch
from torch import nn
from torch.distributions import Categorical

SLUG = "zero-slope"


def train(repaired):
    torch.manual_seed(0)
    best = nn.Linear(5, 3).requires_grad_(False)
    policy = nn.Sequential(nn.Linear(5, 32), nn.Tanh(), nn.Linear(32, 3))
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
    for _ in range(100):
        state = torch.randn(64, 5)
        actions = Categorical(logits=policy(state))
        action = actions.sample()
        reward = (action == best(state).argmax(1)).float()
        baseline = reward.mean() if repaired else reward.clone()
        loss = -(actions.log_prob(action) * (reward - baseline)).mean()  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
