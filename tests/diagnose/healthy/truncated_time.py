"""A long sequence in chunks: the state is detached between them, and goes with its graph within one."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    wave = torch.sin(torch.rand(16, 1) * 6 + torch.arange(121) * 0.3)[:, :, None]
    cell, out = nn.GRUCell(1, 16), nn.Linear(16, 1)
    optimizer = torch.optim.Adam([*cell.parameters(), *out.parameters()], lr=0.02)
    for _ in range(6):
        h = torch.zeros(16, 16)
        for start in range(0, 120, 12):
            h, loss = h.detach(), torch.zeros(())
            for t in range(start, start + 12):
                h = cell(wave[:, t], h)
                loss = loss + nn.functional.mse_loss(out(h), wave[:, t + 1])
            optimizer.zero_grad()
            (loss / 12).backward()
            optimizer.step()
