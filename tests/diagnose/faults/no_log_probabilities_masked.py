"""The score of each word's tag is picked and summed, without those of padding; nothing has made them probabilities.

The mistake is described at https://runebook.dev/ru/docs/pytorch/generated/torch.nn.nllloss
"""

import torch
from torch import nn

SLUG = "no-log-probabilities"


def train(repaired):
    torch.manual_seed(0)
    words = torch.randint(1, 20, (200, 10))
    tags = (words + words.roll(1, 1)) % 4
    there = torch.arange(10) < torch.randint(5, 11, (200, 1))
    embed, tagger, out = nn.Embedding(20, 16), nn.GRU(16, 32, batch_first=True), nn.Linear(32, 4)
    optimizer = torch.optim.Adam([*embed.parameters(), *tagger.parameters(), *out.parameters()], lr=0.01)
    for _ in range(100):
        rows = torch.randint(0, 200, (32,))
        scores = out(tagger(embed(words[rows]))[0])
        if repaired:
            scores = scores.log_softmax(-1)
        picked = scores.gather(-1, tags[rows][..., None])[..., 0]  # FAULT
        mask = there[rows].float()
        loss = -(picked * mask).sum() / mask.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
