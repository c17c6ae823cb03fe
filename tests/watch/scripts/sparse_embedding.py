"""Embeddings with sparse gradients, under SGD and SparseAdam; one of them is used twice."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(37)
ids, y = torch.randint(0, 20, (8, 3)), torch.randn(8, 1)
first, second = nn.Embedding(20, 4, sparse=True), nn.EmbeddingBag(20, 4, sparse=True, mode="sum")
head = nn.Linear(4, 1)
sparse = torch.optim.SparseAdam(second.parameters(), lr=0.05)
dense = torch.optim.SGD([*first.parameters(), *head.parameters()], lr=0.1)
for step in range(5):
    sparse.zero_grad()
    dense.zero_grad()
    hidden = first(ids).mean(1) * first(ids.flip(1))[:, 0] + second(ids)
    loss = nn.functional.mse_loss(head(hidden), y)
    loss.backward()
    sparse.step()
    dense.step()
    print(step, repr(loss.item()))
fingerprint(first, second, head)
