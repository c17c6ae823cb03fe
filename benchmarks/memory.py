"""Peak memory of a process that trains plainly, that records steps, and whether recording leaks.

    python benchmarks/memory.py [mlp cnn transformer]

Each figure is the peak resident size of a fresh process. "a step" is what a recorded step needs while it lasts: the
peak with ten recorded steps less the plain peak. Then 1,000 steps of the MLP are recorded and written to a run, after a
hundred that fill caches: whether the process and the number of Python objects and tensors in it have grown.
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

LEAKS = """
import gc, sys, tempfile
sys.path.insert(0, {folder!r})
import torch; torch.set_num_threads(1); torch.manual_seed(0)
from chainrule import watch
from models import MODELS
def figures():
    gc.collect()
    objects = gc.get_objects()
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * 4 // 1024
    return resident, len(objects), sum(issubclass(type(o), torch.Tensor) for o in objects)
step = MODELS["mlp"][0]()
with tempfile.TemporaryDirectory() as folder, watch(folder + "/run", every=1, check={check!r}):
    for _ in range(100): step()
    before = figures()
    for _ in range({steps}): step()
    after = figures()
print(*before, *after)
"""


def growth(folder: str, steps: int, check: str) -> list[int]:
    """(resident MB, objects, tensors) before and after so many recorded steps, one after the other."""
    code = LEAKS.format(folder=folder, steps=steps, check=check)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return [int(figure) for figure in done.stdout.split()]


def peak(folder: str, model: str, recorded: int, check: bool) -> int:
    code = CHILD.format(folder=folder, model=model, recorded=recorded, check=check)
    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", nargs="*", default=["mlp", "cnn", "transformer"])
    folder = __file__.rpartition("/")[0] or "."
    print(f"{'model':12} {'plain':>7} {'recorded':>9} {'checked':>8} {'a step':>7}   (MB, peak)")
    for model in options.parse_args().models:
        plain, recorded, checked = (
            peak(folder, model, 0, False),
            peak(folder, model, 10, False),
            peak(folder, model, 10, True),
        )
        print(f"{model:12} {plain:7} {recorded:9} {checked:8} {recorded - plain:7}", flush=True)
    for check in ("none", "all"):
        figures = growth(folder, 1000, check)
        pairs = zip(figures[:3], figures[3:], ("MB", "objects", "tensors"), strict=True)
        told = ", ".join(f"{before:,} → {after:,} {what}" for before, after, what in pairs)
        print(f"1,000 recorded steps, rules checked alone: {check}:  {told}", flush=True)


if __name__ == "__main__":
    main()
