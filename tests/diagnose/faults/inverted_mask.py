"""key_padding_mask is True for what is ignored; here it is True for the words.

Reported at https://github.com/InseeFrLab/torchTextClassifiers/pull/92
"""

import torch
from torch import nn

SLUG = "inverted-mask"


class Model(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.embed, self.out = nn.Embedding(9, 16, padding_idx=0), nn.Linear(16, 2)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.repaired = repaired

    def forward(self, ids):
        h = self.embed(ids)
        mask = ids == 0 if self.repaired else ids != 0
        h, _ = self.attention(h, h, h, key_padding_mask=mask)  # FAULT
        return self.out(h[:, 0])


def train(repaired):
    torch.manual_seed(0)
    ids = torch.randint(1, 9, (256, 8))
    lengths = torch.randint(2, 8, (256, 1))
    ids[torch.arange(8) >= lengths] = 0
    y = (ids == 5).any(1).long()
    model = Model(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(12):
        for rows in torch.randperm(256).split(32):
            loss = nn.functional.cross_entropy(model(ids[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
