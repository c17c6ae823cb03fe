"""u′ = cos 3t − u/10: the slope is asked for without a graph, and the equation moves nothing but the level of u.

An equation that is not learnt is asked about at https://discuss.pytorch.org/t/pinn-pde-loss-error-in-residual/211132
"""

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(200):
        t = (2 * torch.rand(48, 1)).requires_grad_()
        u = model(t)
        (slope,) = torch.autograd.grad(u.sum(), t, retain_graph=True, create_graph=repaired)  # FAULT
        begins = model(torch.zeros(1, 1)) - 1
        loss = (slope + 0.1 * u - torch.cos(3 * t)).square().mean() + begins.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
