"""A notebook runs as in Jupyter: cell by cell in one namespace, last values shown, errors at their cell and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shell import TRAINING, chainrule, theirs


def notebook(path: Path, *cells: str) -> None:
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "# 1 / 0"}, *code]}))


SHOWN = {
    "x = 1\nx + 1": "2\n",
    "x = 1\nx + 1;": "",
    "None": "",
    "'text'": "'text'\n",
    "print(__name__)\nx = 1": "__main__\n",
    "%matplotlib inline\n!pip install torch\nprint(1)": "1\n",
    "x = (7\n  % 4)\nx": "3\n",
    "%load_ext x\nx = (7\n  % 4)\nx": "3\n",
    "x = '''\n%d\n''' % 4\nx": "'\\n4\\n'\n",
    "x = 7 \\\n % 4\nx": "3\n",
    "if True:\n    %matplotlib inline\nprint(2)": "2\n",
    "for i in (1, 2):\n    %time print(i)": "1\n2\n",
    "%time x = 5\nx": "5\n",
    "%%time\nx = 6\nx": "6\n",
    "%%capture output\nx = 6\nx": "6\n",
    "%%bash\nrm -r everything": "",
    "%%html\n<b>1 / 0</b>": "",
    "import sys\nsys.argv": "['a.ipynb', '-o', 'x']\n",
    "": "",
}


def test_every_kind_of_cell_does_what_it_does_in_jupyter(tmp_path):
    cells = [part for number, cell in enumerate(SHOWN) for part in (cell, f"print('cell {number}')")]
    notebook(tmp_path / "a.ipynb", *cells)
    done = chainrule(["run", "-o", "run", "a.ipynb", "-o", "x"], tmp_path)
    assert (done.status, theirs(done.err)) == (0, "")
    assert done.out == "".join(f"{shown}cell {number}\n" for number, shown in enumerate(SHOWN.values()))


@pytest.mark.parametrize(
    ("last", "status", "traceback"),
    [
        ("step()", 0, []),
        ("x = 1\nf()", 1, ['"a.ipynb[cell 4]", line 2, in <module>', '"a.ipynb[cell 3]", line 2, in f']),
    ],
)
def test_a_training_in_a_notebook_is_watched(last, status, traceback, tmp_path):
    notebook(tmp_path / "a.ipynb", TRAINING, "step();", "def f():\n    return 1 / 0", last)
    done = chainrule(["run", "-o", "run", "a.ipynb"], tmp_path)
    assert done.status == status
    assert len(done.out.splitlines()) == 1 - status
    assert [line.removeprefix("  File ") for line in done.err.splitlines() if line.startswith("  File ")] == traceback
    assert f"in {2 - status} step" in done.err
    assert "a.ipynb[cell 1]:12" in done.err
