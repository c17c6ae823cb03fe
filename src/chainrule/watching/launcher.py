"""What a launcher such as torchrun tells a process that it starts. Imports nothing: the command line asks at once."""

from __future__ import annotations

import os


def launched() -> tuple[int, int] | None:
    """(rank, number of ranks) of this process as a launcher such as torchrun states it; None where it is alone."""
    try:
        rank, ranks = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except (KeyError, ValueError):
        return None
    return (rank, ranks) if 0 <= rank < ranks and ranks > 1 else None
