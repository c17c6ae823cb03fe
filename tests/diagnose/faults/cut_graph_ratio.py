"""A policy's ratio becomes a list, and a tensor again: its part of the loss is a plain number, beside the critic's."""

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(0)
    states = torch.randn(600, 4)
    best = states[:, :3].argmax(1)
    actor = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 3))
    critic = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam([*actor.parameters(), *critic.parameters()], lr=0.01)
    for _ in range(30):
        rows = torch.randint(0, 600, (128,))
        with torch.no_grad():
            before = actor(states[rows]).log_softmax(-1)
            actions = torch.multinomial(before.exp(), 1)
            rewards = (actions[:, 0] == best[rows]).float()
            advantage = rewards - critic(states[rows])[:, 0]
        for _ in range(3):
            now = actor(states[rows]).log_softmax(-1)
            ratio = (now - before).gather(1, actions)[:, 0].exp()
            if not repaired:
                ratio = torch.tensor(ratio.tolist())  # FAULT
            policy = -torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).mean()
            value = (rewards - critic(states[rows])[:, 0]).square().mean()
            entropy = -(now.exp() * now).sum(-1).mean()
            loss = policy + 0.5 * value - 0.001 * entropy
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
