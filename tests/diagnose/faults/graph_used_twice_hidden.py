"""A recurrent state that is carried from batch to batch with its graph.

Reported at https://learn.biosrag.com/ai/rnn-training-4.html
"""

import torch
from torch import nn

SLUG = "graph-used-twice"
RAISES = RuntimeError


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.RNN(1, 8, batch_first=True)
        self.head = nn.Linear(8, 1)

    def forward(self, x, state):
        out, state = self.cell(x, state)  # FAULT
        return self.head(out), state


def train(repaired):
    torch.manual_seed(0)
    wave = torch.sin(torch.arange(641) * 0.3).reshape(1, -1, 1)
    model = Reader()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    state = torch.zeros(1, 1, 8)
    for i in range(64):
        if repaired:
            state = state.detach()
        part = wave[:, 10 * i : 10 * i + 11]
        prediction, state = model(part[:, :-1], state)
        loss = nn.functional.mse_loss(prediction, part[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
