"""A generator whose biases begin far below 0; its critic is trained twice as often, and most steps are without it."""

import torch
from torch import nn

SLUG = "dead-relu"


class Generator(nn.Module):
    def __init__(self, bias):
        super().__init__()
        self.first, self.second, self.out = nn.Linear(4, 32), nn.Linear(32, 32), nn.Linear(32, 2)
        for layer in (self.first, self.second):
            nn.init.constant_(layer.bias, bias)  # FAULT

    def forward(self, z):
        return self.out(torch.relu(self.second(torch.relu(self.first(z)))))


def train(repaired):
    torch.manual_seed(0)
    real = torch.randn(2000, 2) * torch.tensor([1.5, 0.4]) + 1
    generator = Generator(0.0 if repaired else -6.0)
    critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    of_critic = torch.optim.Adam(critic.parameters(), lr=0.002)
    of_generator = torch.optim.Adam(generator.parameters(), lr=0.002)
    score = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    for _ in range(60):
        for _ in range(2):
            drawn = generator(torch.randn(64, 4)).detach()
            loss = score(critic(real[torch.randint(0, 2000, (64,))]), ones) + score(critic(drawn), zeros)
            of_critic.zero_grad()
            loss.backward()
            of_critic.step()
        loss = score(critic(generator(torch.randn(64, 4))), ones)
        of_generator.zero_grad()
        loss.backward()
        of_generator.step()
