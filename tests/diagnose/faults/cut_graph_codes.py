"""The straight-through line of a vector-quantised autoencoder detaches both of its terms: the encoder follows its
codes, and the codes it, and no pixel has a say.

How the reconstruction reaches the encoder, by this one line: https://github.com/zalandoresearch/pytorch-vq-vae/issues/6
"""

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(12)
    parts = torch.rand(12, 64) * (torch.rand(12, 64) < 0.2)
    x = (torch.rand(1200, 12) < 0.3).float() @ parts + 0.05 * torch.rand(1200, 64)
    encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64))
    decoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64))
    codes = nn.Parameter(0.5 * torch.randn(16, 8))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters(), codes], lr=2e-3)
    for _ in range(300):
        batch = x[torch.randint(0, 1200, (128,))]
        z = encoder(batch).view(-1, 8)
        q = codes[torch.cdist(z, codes).argmin(1)]
        given = (z if repaired else z.detach()) + (q - z).detach()  # FAULT
        reconstruction = nn.functional.mse_loss(decoder(given.view(128, -1)), batch)
        commitment = nn.functional.mse_loss(q, z.detach()) + 0.25 * nn.functional.mse_loss(z, q.detach())
        loss = 20 * reconstruction + commitment
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
