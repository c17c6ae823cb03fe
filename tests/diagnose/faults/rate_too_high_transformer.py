"""Adam at 0.3 for a transformer: the first step changes some weights by several times their size.

Reported at https://github.com/huggingface/transformers/issues/735
"""

import torch
from torch import nn

SLUG = "rate-too-high"


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, 0.0, batch_first=True)
        self.encode = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        return self.out(self.encode(self.embed(x)).mean(1))


def train(repaired):
    torch.manual_seed(0)
    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3 if repaired else 0.3)  # FAULT
    for _ in range(200):
        x = torch.randint(0, 20, (32, 6))
        y = ((x < 10).sum(1) > 3).long()
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
