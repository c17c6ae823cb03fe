"""Log softmax over the time axis of (time, samples, classes), before a CTC loss."""

import torch
from torch import nn

SLUG = "softmax-over-samples"


def train(repaired):
    torch.manual_seed(0)
    codes = torch.randn(5, 6)
    rnn, out = nn.GRU(6, 16), nn.Linear(16, 5)
    optimizer = torch.optim.Adam([*rnn.parameters(), *out.parameters()], lr=0.01)
    for _ in range(60):
        words = torch.randint(1, 5, (16, 3))
        frames = codes[words].repeat_interleave(2, dim=1).transpose(0, 1) + 0.2 * torch.randn(6, 16, 6)
        scores = out(rnn(frames)[0])
        logs = torch.log_softmax(scores, dim=2 if repaired else 0)  # FAULT
        loss = nn.functional.ctc_loss(logs, words, torch.full((16,), 6), torch.full((16,), 3))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
