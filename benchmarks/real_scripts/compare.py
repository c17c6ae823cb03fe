"""Training scripts that nobody here wrote, under plain python and under `chainrule run`: docs/real-scripts.md.

    python benchmarks/real_scripts/compare.py CHECKOUTS [--only WORD …] [--keep FOLDER]

CHECKOUTS is a folder with git checkouts named owner+name, such as pytorch+examples; nothing is downloaded. Each script
runs twice, unmodified, each time in a fresh copy of its checkout, with the local data that data.py makes. Compared are
exit status, stdout (but for times that the script itself prints) and a hash of all final weights and the random state.
Times are of the processor, with one thread.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from scripts import SCRIPTS, Script

import data
from chainrule import load

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "src"
TIMES = re.compile(
    r"\d+\.\d+ ?m?s\b|\d+\.\d+ (?=seconds)|ms/batch +\d+\.\d+|(Time|Data) +[\d.]+ *\( *[\d.]+\)|SPS:.*|mfu .*%"
)


@dataclass(frozen=True)
class Ran:
    """How one run ended."""

    status: int
    out: str
    err: str
    seconds: float
    weights: str


def processor_time() -> float:
    """Of all children that have ended: steadier than the clock where others use the machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(script: Script, checkout: Path, watched: Path | None, timeout: float) -> Ran:
    """The script in a fresh copy of its checkout; `watched` is the run to write, None for plain python."""
    with tempfile.TemporaryDirectory() as there:
        copy = Path(there) / "copy"
        shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"))
        folder = copy / script.folder
        for make in script.data:
            getattr(data, make)(folder)
        mark = Path(there) / "weights"
        path = os.pathsep.join([str(SOURCE), str(HERE), *(str(copy / extra) for extra in script.path)])
        settings = {"PYTHONPATH": path, "CHAINRULE_FINGERPRINT": str(mark), "PYTHONHASHSEED": "0"}
        settings |= {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
        ours = ["-m", "chainrule.cli", "run", "-o", str(watched)] if watched else []
        began = processor_time()
        done = subprocess.run(
            [sys.executable, "-W", "ignore", *ours, *script.command],
            cwd=folder,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        seconds = processor_time() - began
        weights = mark.read_text() if mark.exists() else "?"
    return Ran(done.returncode, done.stdout, done.stderr, seconds, weights)


def same(plain: Ran, watched: Ran) -> str:
    """What is the same under watch, or what is not."""
    if plain.status != watched.status:
        return f"NO: exit status {plain.status} and {watched.status}"
    faults = []
    if TIMES.sub("", plain.out) != TIMES.sub("", watched.out):
        faults.append("stdout")
    if plain.weights != watched.weights:
        faults.append("weights")
    return f"NO: {' and '.join(faults)}" if faults else "yes"


def row(script: Script, commit: str, plain: Ran, watched: Ran, path: Path) -> tuple[list[str], list[str]]:
    """The line of the table, and what should be looked at."""
    steps = list(load(path))
    found = [step.agreement for step in steps if step.agreement is not None]
    ruled, opaque = sum(a.by_rule for a in found), sum(a.opaque for a in found)
    worst = max((a.parameters for a in found if not math.isnan(a.parameters)), default=math.nan)
    holds = all(a.holds for a in found) and found
    agreement = f"{worst:.0e}" if holds else f"NO: {sum(not a.holds for a in found)} of {len(found)} steps differ"
    remarks = [error for a in found for error in a.errors] + [p for step in steps for p in step.problems]
    remarks += map(str, load(path).about["problems"])
    remarks += re.findall("chainrule: .*fault of its own.*", watched.err)
    without = Counter(f"{call.name}: {call.reason}" for step in steps for call in step.calls if call.rule is None)
    remarks += [f"opaque {count} {name}" for name, count in without.most_common(6)]
    share = f"{100 * ruled / (ruled + opaque):.1f} %" if ruled + opaque else "–"
    cells = [
        script.repository,
        commit[:7],
        f"`{' '.join(script.command)}`",
        f"{len(steps)} of {len(load(path).losses):,}",
        same(plain, watched),
        agreement,
        share,
        f"{plain.seconds:.0f} s",
        f"{watched.seconds / plain.seconds:.2f}",
    ]
    return cells, remarks


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("checkouts", type=Path)
    options.add_argument("--only", nargs="*", default=[""], metavar="WORD", help="scripts with such a word")
    options.add_argument("--timeout", type=float, default=400, metavar="SECONDS")
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the runs and the reports here")
    given = options.parse_args()
    keep = given.keep or Path(tempfile.mkdtemp())
    keep.mkdir(parents=True, exist_ok=True)
    for number, script in enumerate(SCRIPTS):
        title = f"{script.repository} {script.folder} {' '.join(script.command)}"
        if not any(word in title for word in given.only):
            continue
        checkout = given.checkouts / script.repository.replace("/", "+")
        if not checkout.is_dir():
            print(f"# not there: {checkout}", flush=True)
            continue
        commit = subprocess.run(
            ["git", "-C", str(checkout), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
        ).stdout.strip()
        path = (keep / f"{number:02}").absolute()
        shutil.rmtree(path, ignore_errors=True)
        try:
            plain = run(script, checkout, None, given.timeout)
            watched = run(script, checkout, path, given.timeout)
        except subprocess.TimeoutExpired:
            print(f"# too slow: {title}", flush=True)
            continue
        (keep / f"{number:02}.report").write_text(watched.err)
        if not path.exists():
            print(f"# {title}: no run\n{plain.err[-1500:]}\n--- watched\n{watched.err[-1500:]}", flush=True)
            continue
        cells, remarks = row(script, commit, plain, watched, path)
        print(f"| {' | '.join(cells)} |", flush=True)
        for remark in dict.fromkeys(remarks):
            print(f"#    {remark[:300]}", flush=True)
        if plain.status:
            print(f"#    plain python ends with {plain.status}: {plain.err.strip()[-300:]}", flush=True)


if __name__ == "__main__":
    main()
