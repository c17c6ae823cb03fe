"""nn.MultiheadAttention with a mask, in training and in evaluation."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(14)
attention, head = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 8)
x = torch.randn(3, 4, 8)
causal = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
optimizer = torch.optim.Adam([*attention.parameters(), *head.parameters()], lr=1e-2)
for step in range(4):
    out, weights = attention(x, x, x, attn_mask=causal)
    loss = nn.functional.mse_loss(head(out), x) + 0.01 * weights.square().sum()
    attention.eval()
    with torch.no_grad():
        quick, _ = attention(x, x, x, need_weights=False)
    attention.train()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()), repr(quick.sum().item()))
fingerprint(attention, head)
