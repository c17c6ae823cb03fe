"""PPO: a ratio that is clamped, and a critic whose rewards are mostly chance."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    actor, critic = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2)), nn.Linear(3, 1)
    optimizer = torch.optim.Adam([*actor.parameters(), *critic.parameters()], lr=0.01)
    for _ in range(15):
        states = torch.randn(64, 3)
        with torch.no_grad():
            chosen = torch.distributions.Categorical(logits=actor(states))
            action = chosen.sample()
            old = chosen.log_prob(action)
        reward = (action == (states[:, 0] > 0).long()).float() - 1
        for _ in range(4):
            chosen = torch.distributions.Categorical(logits=actor(states))
            ratio = (chosen.log_prob(action) - old).exp()
            value = critic(states).squeeze(1)
            advantage = (reward - value).detach()
            gain = torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).mean()
            loss = nn.functional.mse_loss(value, reward) / 2 - gain - 0.01 * chosen.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
