"""Ranks that the script starts twice, one set after the other, or as programs of their own."""

import os
import subprocess
import sys
from pathlib import Path

import torch.multiprocessing as mp
from spawns import work

if __name__ == "__main__":
    folder, how = sys.argv[1:]
    if how == "twice":
        for name in ("first", "second"):
            os.makedirs(f"{folder}/{name}")
            mp.start_processes(work, (os.path.abspath(f"{folder}/{name}"), ["ddp"]), nprocs=2, start_method="fork")
    else:
        launcher = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
        subprocess.run(
            [sys.executable, *launcher, str(Path(__file__).with_name("launched.py")), folder, "ddp"], check=True
        )
