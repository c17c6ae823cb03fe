"""Adam's rate of 2 throws a recurrent network's weights to many times their size: the loss rises tenfold, and on its
way back only the most frequent letters are learnt.

A recurrent network of Shakespeare's letters that learnt nothing at too high a rate is told of at
https://jvns.ca/blog/2020/11/23/day-11--learning-about-learning-rates/
"""

import torch
from torch import nn

SLUG = "rate-too-high"


def train(repaired):
    torch.manual_seed(15)
    text = "she sells sea shells by the sea shore and the shells she sells are surely seashells " * 8
    letters = sorted(set(text))
    ids = torch.tensor([letters.index(letter) for letter in text])
    embedding, rnn, head = nn.Embedding(len(letters), 16), nn.GRU(16, 48, batch_first=True), nn.Linear(48, len(letters))
    parameters = [*embedding.parameters(), *rnn.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.01 if repaired else 2.0)  # FAULT
    for _ in range(150):
        starts = torch.randint(0, len(ids) - 26, (24,))
        windows = torch.stack([ids[start : start + 26] for start in starts.tolist()])
        hidden, _ = rnn(embedding(windows[:, :-1]))
        loss = nn.functional.cross_entropy(head(hidden).flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
