"""A diffusion model's answer is compared with the noised sample, of scaled data and noise, instead of the noise."""

import torch
from torch import nn

SLUG = "target-is-input"


def train(repaired):
    torch.manual_seed(0)
    angle = 3.1416 * torch.rand(2000)
    data = torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(2000, 2)
    kept = torch.cumprod(1 - torch.linspace(1e-3, 0.2, 40), 0)
    times = nn.Embedding(40, 16)
    model = nn.Sequential(nn.Linear(18, 96), nn.SiLU(), nn.Linear(96, 96), nn.SiLU(), nn.Linear(96, 2))
    optimizer = torch.optim.Adam([*times.parameters(), *model.parameters()], lr=3e-3)
    for _ in range(300):
        clean = data[torch.randint(0, 2000, (256,))]
        t = torch.randint(0, 40, (256,))
        noise = torch.randn_like(clean)
        share = kept[t, None]
        noisy = share.sqrt() * clean + (1 - share).sqrt() * noise
        answer = model(torch.cat([noisy, times(t)], 1))
        loss = nn.functional.mse_loss(answer, noise if repaired else noisy)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
