"""All but a learnt prompt is frozen, as for a model that was trained before; this one never was.

One of the kind is reported at https://github.com/thunlp/OpenPrompt/issues/176
"""

import torch
from torch import nn

SLUG = "frozen"


class Prompted(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 24)
        self.prompt = nn.Parameter(0.02 * torch.randn(2, 24))
        self.mix, self.out = nn.GRU(24, 24, batch_first=True), nn.Linear(24, 10)
        self.norm = nn.LayerNorm(24)

    def forward(self, ids):
        x = torch.cat([self.prompt.expand(len(ids), -1, -1), self.embed(ids)], 1)
        return self.out(self.norm(self.mix(x)[0][:, -1]))


def train(repaired):
    torch.manual_seed(0)
    model = Prompted()
    if not repaired:
        for name, parameter in model.named_parameters():
            parameter.requires_grad = name == "prompt"  # FAULT
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=5e-3)
    for _ in range(200):
        ids = torch.randint(0, 10, (32, 6))
        loss = nn.functional.cross_entropy(model(ids), ids[:, -1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
