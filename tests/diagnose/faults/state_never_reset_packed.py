"""The last state of packed sequences goes on into the next batch, which are other ones."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.data import DataLoader, TensorDataset

SLUG = "state-never-reset"


class Total(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.repaired, self.state = repaired, None
        self.rnn, self.out = nn.GRU(4, 24, batch_first=True), nn.Linear(24, 1)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, state = self.rnn(packed, self.state)  # FAULT
        self.state = None if self.repaired else state.detach()
        return self.out(state[-1])


def train(repaired):
    torch.manual_seed(0)
    lengths = torch.randint(1, 7, (400,))
    x = torch.rand(400, 6, 4) * (torch.arange(6) < lengths[:, None])[..., None]
    y = (x @ torch.tensor([1.0, 2.0, -2.0, -1.0])).sum(1, keepdim=True)
    loader = DataLoader(TensorDataset(x, lengths, y), batch_size=40, shuffle=True)
    model = Total(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(12):
        for inputs, counts, targets in loader:
            loss = nn.functional.mse_loss(model(inputs, counts), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
