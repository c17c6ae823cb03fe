"""Weights that are sparse matrices: of compressed rows, which have no view, and of coordinates."""

import torch
from fingerprint import fingerprint

torch.manual_seed(38)
dense = torch.randn(4, 3).relu()
rows = dense.to_sparse_csr().requires_grad_()
places = dense.to_sparse_coo().requires_grad_()
bias = torch.zeros(4, 2, requires_grad=True)
x = torch.randn(3, 2)
optimizer = torch.optim.SGD([bias], lr=0.1)
for step in range(4):
    optimizer.zero_grad()
    rows.grad = places.grad = None
    loss = (torch.sparse.mm(rows, x) + places @ x + rows @ x + bias).square().mean()
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()), rows.grad.to_dense().sum().item(), places.grad.to_dense().sum().item())
fingerprint(bias, rows.grad.to_dense(), places.grad.to_dense())
