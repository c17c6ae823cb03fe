"""A policy gradient without its minus, moment by moment of each episode."""

import torch
from torch import nn
from torch.distributions import Categorical

SLUG = "flipped-sign"


def episode(policy):
    """Walk right to the goal."""
    place, logs, rewards = 0, [], []
    while place < 4 and len(rewards) < 12:
        state = torch.eye(5)[place]
        ways = Categorical(torch.softmax(policy(state), -1))
        way = ways.sample()
        logs.append(ways.log_prob(way))
        place = max(0, place + (1 if way.item() else -1))
        rewards.append(5.0 if place == 4 else -0.5)
    return logs, rewards


def train(repaired):
    torch.manual_seed(0)
    policy = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
    for _ in range(40):
        logs, rewards = episode(policy)
        returns = torch.tensor(rewards).flip(0).cumsum(0).flip(0)
        pairs = list(zip(logs, returns, strict=True))
        losses = [-log * g for log, g in pairs] if repaired else [log * g for log, g in pairs]  # FAULT
        loss = torch.stack(losses).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
