"""Two tensors of data are compared, beside a small penalty on the network's own result."""

import torch
from torch import nn

SLUG = "constant-term"


def train(repaired):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(24, 48), nn.Tanh(), nn.Linear(48, 24))
    criterion = nn.SmoothL1Loss()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    steps = torch.linspace(0, 6, 24)
    for _ in range(200):
        clean = torch.sin(steps + 6 * torch.rand(32, 1))
        rough = clean + 0.4 * torch.randn(32, 24)
        smooth = net(rough)
        error = criterion(smooth if repaired else rough, clean)  # FAULT
        loss = error + 0.01 * (smooth[:, 1:] - smooth[:, :-1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
