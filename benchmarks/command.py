"""`chainrule run` on the tutorial's network, from process start to the end of the report, against plain python.

    python benchmarks/command.py [--rounds 7]

The two run alternately; a ratio is taken in each round and the median printed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "examples" / "xor_one_layer.py"


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=7)
    rounds = options.parse_args().rounds
    plain, watched = [], []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(rounds):
            plain.append(seconds([sys.executable, str(SCRIPT)]))
            run = str(Path(folder) / str(i))
            watched.append(seconds([sys.executable, "-m", "chainrule.cli", "run", "-o", run, str(SCRIPT)]))
    ratios = [w / p for w, p in zip(watched, plain, strict=True)]
    print(f"plain python   {statistics.median(plain):.2f} s")
    print(f"chainrule run  {statistics.median(watched):.2f} s")
    print(f"ratio          {statistics.median(ratios):.2f}   ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
