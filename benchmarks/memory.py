"""Peak memory of a process that trains plainly, that records steps, and whether recording leaks.

    python benchmarks/memory.py [mlp cnn transformer]

Each figure is the peak resident size of a fresh process. "500 steps" records that many after the first ten; its growth
over ten is what recording leaves behind.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

CHILD = """
import resource, sys
sys.path.insert(0, {folder!r})
import torch; torch.set_num_threads(1); torch.manual_seed(0)
from models import MODELS
from overhead import watched_in_memory
step = MODELS[{model!r}][0]()
for _ in range(3): step()
if {recorded}:
    with watched_in_memory(check={check}):
        for _ in range({recorded}): step()
else:
    for _ in range(10): step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak(folder: str, model: str, recorded: int, check: bool) -> int:
    code = CHILD.format(folder=folder, model=model, recorded=recorded, check=check)
    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", nargs="*", default=["mlp", "cnn", "transformer"])
    folder = __file__.rpartition("/")[0] or "."
    print(f"{'model':12} {'plain':>7} {'recorded':>9} {'checked':>8} {'500 steps':>10}   (MB, peak)")
    for model in options.parse_args().models:
        many = 500 if model == "mlp" else 30
        figures = [peak(folder, model, 0, False), peak(folder, model, 10, False), peak(folder, model, 10, True)]
        figures.append(peak(folder, model, many, False))
        print(f"{model:12} {figures[0]:7} {figures[1]:9} {figures[2]:8} {figures[3]:10}", flush=True)


if __name__ == "__main__":
    main()
