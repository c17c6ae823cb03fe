"""A convolutional net with BatchNorm, in-place ReLU and dropout; evaluated inside the training loop."""

import torch
import torch.nn.functional as F
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(2)
images, labels = torch.randn(24, 1, 12, 12), torch.randint(0, 5, (24,))
model = nn.Sequential(
    nn.Conv2d(1, 6, 3, padding=1, bias=False),
    nn.BatchNorm2d(6),
    nn.ReLU(inplace=True),
    nn.MaxPool2d(2),
    nn.Conv2d(6, 8, 3),
    nn.BatchNorm2d(8),
    nn.ReLU(inplace=True),
    nn.AdaptiveAvgPool2d(2),
    nn.Flatten(),
    nn.Dropout(0.25),
    nn.Linear(32, 5),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for step in range(6):
    model.train()
    batch = slice(8 * (step % 3), 8 * (step % 3) + 8)
    loss = F.cross_entropy(model(images[batch]), labels[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(images)
        right = (logits.argmax(1) == labels).sum().item()
    print(step, repr(loss.item()), right, repr(logits.sum().item()))
fingerprint(model, optimizer)
