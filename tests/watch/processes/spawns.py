"""Two processes that the script starts itself, with torch.multiprocessing. Each writes what it learnt to a file."""

import contextlib
import os
import sys

import torch.distributed as dist
import torch.multiprocessing as mp
from training import train


def work(rank, folder, ways):
    with open(f"{folder}/{rank}.txt", "w") as file, contextlib.redirect_stdout(file):
        dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
        for way in ways:
            train(way)
        dist.destroy_process_group()


if __name__ == "__main__":
    folder, method, *ways = sys.argv[1:]
    os.makedirs(folder)
    mp.start_processes(work, (os.path.abspath(folder), ways), nprocs=2, start_method=method)
