"""Draws the pictures of the README from a real run: python docs/pictures.py

rich's SVG names fonts on a server; those lines are taken out, so that a picture loads nothing.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

import chainrule

ROOT = Path(__file__).parent.parent
STUCK = 8000


def draw(title: str, what: object, target: Path) -> None:
    console = Console(record=True, width=88, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(what)
    svg = console.export_svg(title=title, theme=MONOKAI)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        script = ROOT / "examples" / "xor_one_layer.py"
        command = [sys.executable, "-m", "chainrule.cli", "run", "-o", str(path), str(script)]
        subprocess.run(command, check=True, capture_output=True)
        derivation = chainrule.load(path)[STUCK].derive("fc.weight", (0, 1), sample=1)
        title = f"chainrule explain runs/xor --weight 'fc.weight[0,1]' --step {STUCK} --sample 1"
        draw(title, derivation, ROOT / "docs" / "images" / "explain.svg")


if __name__ == "__main__":
    main()
