"""An advantage that is detached in the loss of the policy, and a value that is trained by its own loss."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    states = torch.randn(64, 3)
    rewards = states[:, :1]
    actor, critic = nn.Linear(3, 2), nn.Linear(3, 1)
    optimizer = torch.optim.Adam([*actor.parameters(), *critic.parameters()], lr=0.02)
    for _ in range(120):
        value = critic(states)
        chosen = torch.distributions.Categorical(logits=actor(states))
        action = chosen.sample()
        advantage = (rewards - value).detach().squeeze(1)
        loss = -(chosen.log_prob(action) * advantage).mean() + nn.functional.mse_loss(value, rewards)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
