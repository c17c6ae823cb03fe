"""The smallest question that needs a hidden layer: of many first weights, how many learn XOR?"""

from __future__ import annotations

import torch
from torch import nn

from chainrule.training.sweeping import Sweep, sweep

X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
Y = [[0.0], [1.0], [1.0], [0.0]]
# Of four outputs, one on the wrong side of 1/2 costs at least (1/2)²/4 of the mean squared error: below that, all are
# on the right side.
SOLVED = 1 / 16


def xor_sweep(hidden: int, networks: int, epochs: int, rate: float) -> Sweep:
    """2-hidden-1 networks (tanh, sigmoid), trained by gradient descent on the mean squared error of four samples."""

    def model() -> nn.Module:
        return nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 1), nn.Sigmoid())

    inputs, targets = torch.tensor(X), torch.tensor(Y)
    return sweep(
        model, nn.MSELoss(), lambda weights: torch.optim.SGD(weights, lr=rate), inputs, targets, networks, epochs
    )
