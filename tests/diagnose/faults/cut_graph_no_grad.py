"""An encoder that is called without gradients, though the optimizer has its weights."""

import torch
from torch import nn

SLUG = "cut-graph"


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.read = nn.Embedding(12, 8), nn.GRU(8, 16, batch_first=True)

    def forward(self, ids):
        return self.read(self.embed(ids))[1][-1]


def train(repaired):
    torch.manual_seed(0)
    encoder, out = Encoder(), nn.Linear(16, 6)
    optimizer = torch.optim.Adam([*encoder.parameters(), *out.parameters()], lr=5e-3)
    for _ in range(300):
        ids = torch.randint(0, 12, (64, 5))
        with torch.set_grad_enabled(repaired):  # FAULT
            code = encoder(ids)
        loss = nn.functional.cross_entropy(out(code), ids[:, 0] // 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
