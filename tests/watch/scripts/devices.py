"""torch.set_default_device and `with torch.device`, changed in the middle of steps."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(24)
torch.set_default_device("cpu")
model = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(5):
    with torch.device("cpu"):
        x = torch.randn(4, 3)
        hidden = model[1](model[0](x))
    if step == 2:
        torch.set_default_device(None)
    if step == 3:
        torch.set_default_device("cpu")
    loss = model[2](hidden).square().mean()
    optimizer.zero_grad()
    with torch.device("cpu"):
        loss.backward()
        optimizer.step()
    print(step, repr(loss.item()), torch.zeros(1).device, torch.get_default_device())
fingerprint(model)
