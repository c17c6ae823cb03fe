"""An actor that goes up its critic's value every other step, and a critic that learns from rewards."""

import copy

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    actor = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 1), nn.Tanh())
    critics = nn.ModuleList(nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1)) for _ in range(2))
    slow_actor, slow_critics = copy.deepcopy(actor), copy.deepcopy(critics)
    of_actor = torch.optim.Adam(actor.parameters(), lr=1e-3)
    of_critics = torch.optim.Adam(critics.parameters(), lr=3e-3)
    for step in range(200):
        state = torch.randn(64, 3)
        with torch.no_grad():
            action = (actor(state) + 0.3 * torch.randn(64, 1)).clamp(-1, 1)
            reward = -(action - torch.tanh(state[:, :1])).square()
            following = 0.8 * state + 0.2 * torch.randn(64, 3)
            pair = torch.cat([following, slow_actor(following)], 1)
            expected = reward + 0.5 * torch.min(*(critic(pair) for critic in slow_critics))
        pair = torch.cat([state, action], 1)
        of_critics.zero_grad()
        sum(nn.functional.mse_loss(critic(pair), expected) for critic in critics).backward()
        of_critics.step()
        if step % 2 == 0:
            of_actor.zero_grad()
            (-critics[0](torch.cat([state, actor(state)], 1)).mean()).backward()
            of_actor.step()
            with torch.no_grad():
                for net, slow in ((actor, slow_actor), (critics, slow_critics)):
                    for w, s in zip(net.parameters(), slow.parameters(), strict=True):
                        s.lerp_(w, 0.02)
