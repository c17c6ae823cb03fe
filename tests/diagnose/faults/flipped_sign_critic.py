"""A deterministic policy that goes down its critic's value: the minus of −Q(s, π(s)) is missing.

What it is for is asked at https://github.com/philtabor/Actor-Critic-Methods-Paper-To-Code/issues/2
"""

import copy

import torch
from torch import nn

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    actor = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 1), nn.Tanh())
    critic = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    target_actor, target_critic = copy.deepcopy(actor), copy.deepcopy(critic)
    of_actor = torch.optim.Adam(actor.parameters(), lr=1e-3)
    of_critic = torch.optim.Adam(critic.parameters(), lr=3e-3)
    for _ in range(200):
        state = torch.randn(64, 3)
        with torch.no_grad():
            action = (actor(state) + 0.3 * torch.randn(64, 1)).clamp(-1, 1)
            following = 0.8 * state + 0.2 * torch.randn(64, 3)
            ahead = target_critic(torch.cat([following, target_actor(following)], 1))
            expected = 0.5 * ahead - (action - torch.tanh(state[:, :1])).square()
        value = critic(torch.cat([state, action], 1))
        of_critic.zero_grad()
        nn.functional.mse_loss(value, expected).backward()
        of_critic.step()
        gain = critic(torch.cat([state, actor(state)], 1)).mean()  # FAULT
        of_actor.zero_grad()
        (-gain if repaired else gain).backward()
        of_actor.step()
        with torch.no_grad():
            for net, slow in ((actor, target_actor), (critic, target_critic)):
                for w, s in zip(net.parameters(), slow.parameters(), strict=True):
                    s.lerp_(w, 0.02)
