"""Where processes that train together record: side by side in one folder.

run/            the process that started the others; where a launcher did, such as torchrun, there is none
run/rank0/      the run of the first of them
run/rank1/
"""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile("rank(0|[1-9][0-9]{0,5})")


def rank_folder(run: Path, rank: int) -> Path:
    """Where the process of this rank records."""
    return run / f"rank{rank}"


def rank_folders(run: Path | str) -> dict[int, Path]:
    """Those that are in the run's folder, by rank."""
    try:
        found = {int(name[1]): folder for folder in Path(run).iterdir() if (name := _NAME.fullmatch(folder.name))}
    except (OSError, ValueError):  # ValueError: a zero in the name
        return {}
    return {rank: found[rank] for rank in sorted(found)}


def whole_run(path: Path | str) -> Path:
    """Of the folder of one rank that in which all of them are; any other folder itself."""
    path = Path(path)
    return path.parent if _NAME.fullmatch(path.name) else path
