"""A policy gradient without its minus, over the moments of many walks put together."""

import torch
from torch import nn
from torch.distributions import Categorical

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    policy = nn.Sequential(nn.Linear(7, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
    for _ in range(40):
        place, logs, rewards = torch.full((32,), 3), [], []
        for _ in range(6):
            ways = Categorical(logits=policy(nn.functional.one_hot(place, 7).float()))
            way = ways.sample()
            logs.append(ways.log_prob(way))
            place = (place + 2 * way - 1).clamp(0, 6)
            rewards.append((place == 6).float())
        returns = torch.stack(rewards).flip(0).cumsum(0).flip(0)
        returns = (returns - returns.mean()) / (returns.std() + 1e-6)
        gain = torch.stack(logs) * returns  # FAULT
        loss = (-gain if repaired else gain).sum(0).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
