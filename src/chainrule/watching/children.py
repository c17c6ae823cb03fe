"""Processes that a script starts to train together, each a *rank*: they are watched as the script is.

A child begins to be watched when it joins a process group of torch's: then its rank is known, and before it nothing
is trained together. Workers of a DataLoader never join one. Forked children know of the watch; those started anew
(spawn) hear of it in the pickle that multiprocessing sends them. Programs started in any other way are not followed.

This module is imported by every such child, so it imports no torch.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.machinery
import os
import pickle
import sys
from collections.abc import Callable
from multiprocessing import util
from multiprocessing.process import BaseProcess
from typing import Any

from chainrule.watching.arrival import when_imported

GROUPS = "torch.distributed.distributed_c10d"
NEW_GROUP = "_update_default_pg"  # every way of joining the default group ends in this function


def follow(begin: Callable[[int, int], Callable[[str], None]]) -> Callable[[], None]:
    """Call `begin(rank, number of ranks)` in every child that joins others, and what it returns at the child's end.

    `begin` is pickled now. Returns the undo, after which no child is followed that is yet to be started.
    """
    letter = pickle.dumps(begin)
    ours = os.path.abspath(sys.modules["chainrule"].__file__ or "")
    following = [True]

    def __reduce_ex__(process: BaseProcess, protocol: Any) -> Any:
        reduced: tuple[Any, ...] = object.__reduce_ex__(process, protocol)  # type: ignore[assignment]
        create, arguments, *rest = reduced
        found = importlib.machinery.PathFinder.find_spec("chainrule", sys.path)
        if found is None or found.origin is None or os.path.abspath(found.origin) != ours:
            return create, arguments, *rest  # the child could not find us
        return revive, (letter, create, arguments), *rest

    def forked() -> None:
        if following:
            expect(letter)

    before = vars(BaseProcess).get("__reduce_ex__")

    def undo() -> None:
        following.clear()
        if before is not None:  # a watch inside another one
            BaseProcess.__reduce_ex__ = before  # type: ignore[method-assign]
        elif "__reduce_ex__" in vars(BaseProcess):
            del BaseProcess.__reduce_ex__

    BaseProcess.__reduce_ex__ = __reduce_ex__  # type: ignore[assignment, method-assign]
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forked)
    return undo


def revive(letter: bytes, create: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """In a child that is started anew: expect the group, and make the process object as its own pickle says."""
    expect(letter)
    return create(*arguments)


def expect(letter: bytes) -> None:
    """Begin as soon as this process has joined others."""
    when_imported(GROUPS, lambda: _expect(letter, sys.modules[GROUPS]))


def _expect(letter: bytes, groups: Any) -> None:
    join = getattr(groups, NEW_GROUP, None)
    if join is None:  # torch without distributed, or another torch
        return

    @functools.wraps(join)
    def joined(*args: Any, **kwargs: Any) -> Any:
        result = join(*args, **kwargs)
        if groups.is_initialized() and groups.get_world_size() > 1:
            setattr(groups, NEW_GROUP, join)
            with contextlib.suppress(Exception):
                _begin(letter, groups.get_rank(), groups.get_world_size())
        return result

    setattr(groups, NEW_GROUP, joined)


def _begin(letter: bytes, rank: int, ranks: int) -> None:
    stop = pickle.loads(letter)(rank, ranks)

    def end() -> None:
        error = sys.exception()
        failed = error is not None and not (isinstance(error, SystemExit) and not error.code)
        with contextlib.suppress(Exception):
            stop("exception" if failed else "finished")

    util.Finalize(None, end, exitpriority=0)
