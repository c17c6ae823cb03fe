"""Places in memory that compiled code reads: computed by NumPy while the code is written."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from chainrule.native.ir import Builder, Index
from chainrule.native.memory import Array
from chainrule.native.team import BARRIER


@dataclass
class Tables:
    """One array of int64, table after table; a team's counter stands before the first."""

    b: Builder
    parts: list[Array] = field(default_factory=list)

    def array(self) -> Array:
        return np.concatenate([np.zeros(BARRIER, np.int64), *self.parts])

    def keep(self, places: Array) -> int:
        """Where the new table starts."""
        start = BARRIER + sum(map(len, self.parts))
        self.parts.append(np.ascontiguousarray(places, np.int64).reshape(-1))
        return start

    def read(self, start: int, index: Index, offset: int = 0) -> Index:
        return self.b.load_index(self.b.address("%tables", start + offset, index, element="i64"))
