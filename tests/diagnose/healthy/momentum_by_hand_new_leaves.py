"""Momentum by hand with torch.autograd.grad: each step makes new weights, detached, of the old ones."""

import torch


def train():
    torch.manual_seed(25)
    x = 4 * torch.rand(800, 2) - 2
    y = (x.norm(dim=1) < 1.3).long()
    weights = [0.7 * torch.randn(2, 32), torch.zeros(32), 0.2 * torch.randn(32, 2), torch.zeros(2)]
    for weight in weights:
        weight.requires_grad_()
    momenta = [torch.zeros_like(weight) for weight in weights]
    for _ in range(400):
        batch = torch.randint(800, (64,))
        hidden = torch.tanh(x[batch] @ weights[0] + weights[1])
        loss = torch.nn.functional.cross_entropy(hidden @ weights[2] + weights[3], y[batch])
        for k, gradient in enumerate(torch.autograd.grad(loss, weights)):
            momenta[k] = 0.9 * momenta[k] + gradient
            weights[k] = (weights[k] - 0.05 * momenta[k]).detach().requires_grad_()
