"""What is known of objects while they are alive: an id alone is used again once its object is gone."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Known(Generic[K, V]):
    """A mapping by identity that keeps none of its keys alive. It is `torch.utils.weak.WeakIdKeyDictionary` without a
    callback for each key: what has died is let go of when its id comes again, or with the whole."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[K], V]] = {}

    def __setitem__(self, key: K, value: V) -> None:
        self._known[id(key)] = weakref.ref(key), value

    def get(self, key: object) -> V | None:
        found = self._known.get(id(key))
        return found[1] if found is not None and found[0]() is key else None

    def __contains__(self, key: object) -> bool:
        found = self._known.get(id(key))
        return found is not None and found[0]() is key

    def __len__(self) -> int:
        """How many were put in, be they alive or not."""
        return len(self._known)

    def items(self) -> Iterator[tuple[K, V]]:
        """Those that are alive."""
        for ref, value in self._known.values():
            key = ref()
            if key is not None:
                yield key, value

    def values(self) -> Iterator[V]:
        """Also of those that are not alive any more."""
        return (value for _, value in self._known.values())
