"""An autoencoder's loss compares the input with itself: only the penalty is trained, the decoder not at all."""

import torch
from torch import nn

SLUG = "unused-output"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 3) @ torch.randn(3, 12)
    encode, decode = nn.Linear(12, 4), nn.Linear(4, 12)
    optimizer = torch.optim.Adam([*encode.parameters(), *decode.parameters()], lr=0.01)
    for _ in range(150):
        code = encode(x)
        made = decode(code)  # FAULT
        error = nn.functional.mse_loss(made if repaired else x, x)
        loss = error + 1e-3 * code.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
