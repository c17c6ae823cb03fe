"""The value of an action: what the state alone tells about it is nothing, since actions are drawn at random."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    values, target_values = (nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2)) for _ in range(2))
    target_values.load_state_dict(values.state_dict())
    optimizer = torch.optim.Adam(values.parameters(), lr=1e-3)
    for step in range(150):
        state, action, after = torch.randn(64, 4), torch.randint(0, 2, (64, 1)), torch.randn(64, 4)
        reward = (action == (state[:, :1] > 0).long()).float()
        with torch.no_grad():
            target = reward + 0.9 * target_values(after).max(1, keepdim=True)[0]
        loss = nn.functional.smooth_l1_loss(values(state).gather(1, action), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            target_values.load_state_dict(values.state_dict())
