"""Momentum by hand on parameters in a dict, and nothing clears their gradients. In the first step they are called
otherwise than later, as the variable of the line that saw them first."""

import torch

SLUG = "no-zero-grad"


def train(repaired):
    torch.manual_seed(22)
    x = torch.randn(1200, 6)
    y = torch.poisson(torch.exp(0.7 * torch.tanh(2 * x[:, 0]) + 0.5 * x[:, 1].abs() - 0.5 * x[:, 2]))
    parameters = {
        "w1": (torch.randn(6, 40) / 6**0.5).requires_grad_(),
        "b1": torch.zeros(40, requires_grad=True),
        "w2": (torch.randn(40, 1) / 40**0.5).requires_grad_(),
    }
    velocity = {name: torch.zeros_like(value) for name, value in parameters.items()}
    for _ in range(200):
        batch = torch.randint(0, 1200, (128,))
        hidden = torch.nn.functional.softplus(x[batch] @ parameters["w1"] + parameters["b1"])
        log_mean = (hidden @ parameters["w2"])[:, 0].clamp(-6, 6)
        loss = (log_mean.exp() - y[batch] * log_mean).mean()  # FAULT
        loss.backward()
        with torch.no_grad():
            for name, p in parameters.items():
                velocity[name].mul_(0.9).add_(p.grad)
                p.sub_(0.01 * velocity[name])
                if repaired:
                    p.grad = None
