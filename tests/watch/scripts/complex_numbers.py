"""Complex weights: a filter in the frequency domain, and a complex matrix, with momentum and with Adam."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(39)
signal, target = torch.randn(4, 16), torch.randn(4, 16)
response = nn.Parameter(torch.randn(9, dtype=torch.cfloat))
mixing = nn.Parameter(torch.randn(3, 3, dtype=torch.cfloat))
vector = torch.randn(3, dtype=torch.cfloat)
momentum = torch.optim.SGD([response], lr=0.05, momentum=0.9)
adam = torch.optim.Adam([mixing], lr=0.05)
for step in range(5):
    momentum.zero_grad()
    adam.zero_grad()
    filtered = torch.fft.irfft(torch.fft.rfft(signal) * response, n=16)
    mixed = (mixing @ vector).conj() * vector
    loss = nn.functional.mse_loss(filtered, target) + mixed.abs().square().sum() + torch.view_as_real(mixed).sum()
    loss.backward()
    momentum.step()
    adam.step()
    print(step, repr(loss.item()))
fingerprint(response, mixing)
