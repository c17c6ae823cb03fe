"""One of several processes that torchrun starts; it is told which by environment variables."""

import contextlib
import os
import sys

import torch.distributed as dist
from training import train

folder, way = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
dist.init_process_group("gloo")
with open(f"{folder}/{dist.get_rank()}.txt", "w") as file, contextlib.redirect_stdout(file):
    train(way)
dist.destroy_process_group()
