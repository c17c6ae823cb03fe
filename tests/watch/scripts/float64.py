"""Everything in float64."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(15)
torch.set_default_dtype(torch.float64)
x = torch.linspace(-1, 1, 12).unsqueeze(1)
y = torch.sin(3 * x)
model = nn.Sequential(nn.Linear(1, 6), nn.Softplus(), nn.LayerNorm(6), nn.Linear(6, 1))
optimizer = torch.optim.NAdam(model.parameters(), lr=0.01)
for step in range(6):
    optimizer.zero_grad()
    loss = (model(x) - y).pow(2).mean()
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()))
fingerprint(model, optimizer)
