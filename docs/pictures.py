"""Draws the pictures of the README from real runs: python docs/pictures.py

rich's SVG names fonts on a server; those lines are taken out, so that a picture loads nothing. The page is photographed
in Chromium, which Playwright drives.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI

import chainrule

ROOT = Path(__file__).parent.parent
STUCK = 8000
LEARNING = 2000  # the step at which the 2-2-1 network is falling fastest


def draw(title: str, what: object, target: Path) -> None:
    console = Console(record=True, width=88, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(what)
    svg = console.export_svg(title=title, theme=MONOKAI)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def record(script: str, folder: str) -> chainrule.Run:
    path = Path(folder) / script
    command = [sys.executable, "-m", "chainrule.cli", "run", "-o", str(path), str(ROOT / "examples" / script)]
    subprocess.run(command, check=True, capture_output=True)
    return chainrule.load(path)


def photograph(page: Path, address: str, target: Path) -> None:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        window = browser.new_page(viewport={"width": 1320, "height": 1060})
        window.goto(page.as_uri() + address)
        window.wait_for_selector(".weight")
        window.wait_for_timeout(500)  # the maps are drawn in the next frame
        window.screenshot(path=target)
        browser.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        derivation = record("xor_one_layer.py", folder)[STUCK].derive("fc.weight", (0, 1), sample=1)
        title = f"chainrule explain runs/xor --weight 'fc.weight[0,1]' --step {STUCK} --sample 1"
        draw(title, derivation, ROOT / "docs" / "images" / "explain.svg")
        page = record("xor_2_2_1.py", folder).report(Path(folder) / "page.html")
        address = f"#t={LEARNING}&w=0.weight[1,0]&m=backward"
        photograph(page, address, ROOT / "docs" / "images" / "report.png")


if __name__ == "__main__":
    main()
