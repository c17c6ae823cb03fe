"""A TransformerEncoder, validated in eval mode inside the loop, where torch takes its fused path."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(13)
layer = nn.TransformerEncoderLayer(16, 4, dim_feedforward=24, dropout=0.1, batch_first=True)
model = nn.TransformerEncoder(layer, 2)
head = nn.Linear(16, 3)
x, y = torch.randn(6, 5, 16), torch.randint(0, 3, (6,))
padding = torch.zeros(6, 5, dtype=torch.bool)
padding[1, 3:] = True
parameters = [*model.parameters(), *head.parameters()]
optimizer = torch.optim.AdamW(parameters, lr=1e-3)
for step in range(4):
    model.train()
    loss = nn.functional.cross_entropy(head(model(x)[:, 0]), y)
    model.eval()
    with torch.no_grad():
        valid = model(x, src_key_padding_mask=padding)
    print("  eval", repr(valid.sum().item()))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        print(step, repr(loss.item()), repr(model(x).abs().sum().item()))
fingerprint(model, head, optimizer)
