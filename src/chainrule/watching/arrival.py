"""Calls back as soon as a module has been imported.

torch must not be imported before the script does it: scripts set environment variables first (the number of threads,
the visible devices) that torch reads as it is loaded.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


def when_imported(name: str, callback: Callable[[], None]) -> Callable[[], None]:
    """Run `callback` right after module `name` has been imported, now if it already is. Returns what calls it off."""
    if name in sys.modules:
        callback()
        return lambda: None
    finder = _Finder(name, callback)
    sys.meta_path.insert(0, finder)
    return finder.withdraw


class _Finder(importlib.abc.MetaPathFinder):
    """Finds nothing itself: lets the other finders find `name`, and wraps the loader they give."""

    def __init__(self, name: str, callback: Callable[[], None]) -> None:
        self.name = name
        self.callback = callback

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        self.withdraw()
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            self._call_back_after(spec.loader)
        return spec

    def withdraw(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def _call_back_after(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            vars(loader).pop("exec_module", None)  # the class's own method is back
            self.callback()

        loader.exec_module = exec_module
