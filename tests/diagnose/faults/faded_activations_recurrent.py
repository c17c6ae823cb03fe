"""Three recurrent layers whose weights are all but 0."""

import torch
from torch import nn

SLUG = "faded-activations"


class Signs(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.rnn = nn.RNN(1, 16, num_layers=3, batch_first=True)
        self.head = nn.Linear(16, 2)
        for parameter in self.parameters():
            if parameter.dim() > 1 and not repaired:
                nn.init.normal_(parameter, 0, 1e-3)  # FAULT

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


def train(repaired):
    torch.manual_seed(0)
    model = Signs(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(200):
        x = torch.randn(40, 4, 1)
        y = (x.sum((1, 2)) > 0).long()
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
