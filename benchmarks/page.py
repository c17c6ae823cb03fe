"""The page of a run: how large it is, how long it takes to write, to open, and to step through in a browser.

    python benchmarks/page.py [xor digits] [--rounds 7]

`write` is `chainrule report`, process start to end; `CPU` what it computes, `torch` what a process that only imports
torch does: on a shared machine these say more. `open` is from the start of the navigation until the numbers of a
weight are in the page, in a fresh window. `scrub` is one arrow key, until the layout is done; `maps` is what the next
animation frame draws after it. Medians, and of `scrub` the ninth decile, in a headless Chromium without a GPU.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

EXAMPLES = Path(__file__).parent.parent / "examples"
RUNS = {  # what the page promises: MB, seconds to write, milliseconds to open, milliseconds to scrub
    "xor": ("xor_one_layer.py", (0.7, 2, 300, 8)),
    "digits": ("digits.py", (4, 2, 300, 16)),
}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ROW = "{:8} {:>12} {:>10} {:>6} {:>6} {:>12} {:>12} {:>6} {:>6}"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

OPENED = """
new MutationObserver((_, watch) => {
  if (!document.querySelector(".weight")) return;
  window.openedAfter = performance.now();
  watch.disconnect();
}).observe(document, { childList: true, subtree: true });
"""

SCRUB = """
async (rounds) => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => done(performance.now())));
  const last = document.querySelector(".loss-curve").getAttribute("aria-valuemax");
  const [layouts, maps] = [[], []];
  for (let i = 0; i < rounds * last; i++) {
    await frame();
    const key = Math.floor(i / last) % 2 ? "ArrowRight" : "ArrowLeft";
    const before = frame(); // in the frame that comes, before the page's own and after them
    const began = performance.now();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    document.body.getBoundingClientRect();
    layouts.push(performance.now() - began);
    const after = frame();
    maps.push(-(await before) + (await after));
  }
  return [layouts, maps];
}
"""


def seconds(*command: str) -> tuple[float, float]:
    """(from start to end, of CPU time) for a Python process."""
    began, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - began, used


def written(run: Path, page: Path, rounds: int) -> tuple[float, float, float]:
    """(seconds of `chainrule report`, its CPU time, that of `import torch`), medians of processes that alternate."""
    wall, report, torch = [], [], []
    for _ in range(rounds):
        torch.append(seconds("-c", "import torch")[1])
        taken, used = seconds("-m", "chainrule.cli", "report", str(run), "-o", str(page))
        wall.append(taken)
        report.append(used)
    return statistics.median(wall), statistics.median(report), statistics.median(torch)


def looked_at(browser: Any, page: Path, rounds: int) -> tuple[float, list[float], list[float]]:
    """(milliseconds to open, of each scrub step, of what each next frame draws)."""
    opened = []
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1440, "height": 1000})
        window = context.new_page()
        window.add_init_script(OPENED)
        window.goto(page.as_uri())
        window.wait_for_selector(".weight")
        opened.append(window.evaluate("openedAfter"))
        if len(opened) == rounds:
            layouts, maps = window.evaluate(SCRUB, rounds)
        context.close()
    return statistics.median(opened), layouts, maps


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("runs", nargs="*", default=list(RUNS))
    options.add_argument("--rounds", type=int, default=7)
    asked = options.parse_args()
    chromium = next(filter(None, map(shutil.which, CHROMIUM)))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; promised in brackets")
    print(ROW.format("", "size, MB", "write, s", "CPU", "torch", "open, ms", "scrub, ms", "p90", "maps"))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name in asked.runs:
            script, (size, write, opening, scrubbing) = RUNS[name]
            run, page = Path(folder, f"{name}.run"), Path(folder, f"{name}.html")
            seconds("-m", "chainrule.cli", "run", "-o", str(run), str(EXAMPLES / script))
            wall, report, torch = written(run, page, asked.rounds)
            opened, layouts, maps = looked_at(browser, page, asked.rounds)
            cells = (
                f"{page.stat().st_size / 1e6:.2f} ({size})",
                f"{wall:.2f} ({write})",
                f"{report:.2f}",
                f"{torch:.2f}",
                f"{opened:.0f} ({opening})",
                f"{statistics.median(layouts):.1f} ({scrubbing})",
                f"{statistics.quantiles(layouts, n=10)[-1]:.1f}",
                f"{statistics.median(maps):.1f}",
            )
            print(ROW.format(name, *cells), flush=True)
        browser.close()
        print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
