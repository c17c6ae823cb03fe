"""In a notebook: `%load_ext chainrule`, then `%%chainrule [-o RUN] [--every N]` at the head of a cell that trains."""

from __future__ import annotations

import shlex
from typing import Any

from chainrule import api
from chainrule.cli import cell_parser, default_run


def load_ipython_extension(shell: Any) -> None:
    """IPython calls this for `%load_ext chainrule`."""

    def chainrule(line: str, cell: str) -> api.Run:
        """Watch what this cell trains; the answer is the Run, which shows its report."""
        options = cell_parser().parse_args(shlex.split(line))
        path = options.out or default_run("notebook")
        with api.watch(
            path,
            every=options.every,
            steps=options.steps,
            check=options.check,
            max_bytes=options.max_size << 20,
            overwrite=options.force,
        ) as run:
            shell.run_cell(cell).raise_error()
        return run

    shell.register_magic_function(chainrule, "cell")
