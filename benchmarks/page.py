"""The page of a run: how large it is, how long it takes to write, to open, and to step through in a browser.

    python benchmarks/page.py [xor digits] [--rounds 7]

`write` is `chainrule report`, process start to end, beside a process that only imports torch. `open` is from the start
of the navigation until the numbers of a weight are in the page, in a fresh window. `scrub` is one arrow key, until the
layout is done; `maps` is what the next animation frame draws after it. Medians, in a headless Chromium without a GPU.
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


def seconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - began


def written(run: Path, page: Path, rounds: int) -> tuple[float, float]:
    """(seconds of `chainrule report`, of `import torch`), medians of processes that alternate."""
    report, torch = [], []
    for _ in range(rounds):
        torch.append(seconds("-c", "import torch"))
        report.append(seconds("-m", "chainrule.cli", "report", str(run), "-o", str(page)))
    return statistics.median(report), statistics.median(torch)


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
    print(
        f"{'':8} {'size, MB':>12} {'write, s':>10} {'torch':>6} {'open, ms':>12} {'scrub, ms':>12} {'p90':>6} {'maps':>6}"
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name in asked.runs:
            script, (size, write, opening, scrubbing) = RUNS[name]
            run, page = Path(folder, f"{name}.run"), Path(folder, f"{name}.html")
            seconds("-m", "chainrule.cli", "run", "-o", str(run), str(EXAMPLES / script))
            report, torch = written(run, page, asked.rounds)
            opened, layouts, maps = looked_at(browser, page, asked.rounds)
            p90 = statistics.quantiles(layouts, n=10)[-1]
            cells = (
                f"{page.stat().st_size / 1e6:.2f} ({size})",
                f"{report:.2f} ({write})",
                f"{opened:.0f} ({opening})",
                f"{statistics.median(layouts):.1f} ({scrubbing})",
            )
            print(
                f"{name:8} {cells[0]:>12} {cells[1]:>10} {torch:6.2f} {cells[2]:>12} {cells[3]:>12} "
                f"{p90:6.1f} {statistics.median(maps):6.1f}",
                flush=True,
            )
        browser.close()
        print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
