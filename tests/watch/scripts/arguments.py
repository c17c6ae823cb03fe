"""Reads its own options, of the same names as ours, and looks at what a script can see of itself."""

import argparse
import os
import sys
import warnings

import torch
from fingerprint import fingerprint
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=3)
parser.add_argument("-o", dest="out", default="nothing")
parser.add_argument("rest", nargs="*")
options = parser.parse_args()
main = sys.modules["__main__"]
print(options, [os.path.basename(sys.argv[0]), *sys.argv[1:]], __name__, os.path.basename(__file__))
print(main.options is options, __spec__, __package__, __doc__, os.path.basename(sys.path[0]))
warnings.warn("a warning of the script", stacklevel=1)
torch.manual_seed(23)
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(options.steps):
    loss = model(torch.randn(4, 2)).exp().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()))
fingerprint(model)
