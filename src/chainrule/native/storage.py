"""Where the arrays of a step lie in its scratch memory.

Four layouts. `Rows` for what is over the batch: a row for each sample and leading axis, its length rounded up so that
a vector may be read past its end. `Columns` for images over the batch: [tile][number][sample], a vector of samples for
each number. `Plain` for what is over one: C order. `Panels` for matrices of weights w (O, I), held as wᵀ in panels of
two vectors' columns, [panel][i][column], which is the order in which a product reads them; there is no packing in any
step. What lies beyond a row's end, after the last sample or in the last panel's spare columns is no number of the
graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from chainrule.native.ir import Builder, Index, Term, Value

ASSOCIATIVITY_STRIDE = 256  # bytes: rows whose starts are multiples of it apart meet in few sets of the first cache


def rounded(size: int, unit: int) -> int:
    return -(-size // unit) * unit


@dataclass(frozen=True)
class Rows:
    """batch × lead rows of `length` numbers, `stride` apart."""

    pointer: Value
    offset: int
    lead: tuple[int, ...]
    length: int
    stride: int

    def at(self, b: Builder, *terms: Term) -> Value:
        return b.address(self.pointer, self.offset, *terms)

    def row(self, b: Builder, row: Index, down: int = 0, *columns: Term) -> Value:
        return self.at(b, (row, self.stride), down * self.stride, *columns)


def stride_of(length: int, lanes: int, item: int) -> int:
    """Of rows of this length: whole vectors, and not a multiple of ASSOCIATIVITY_STRIDE."""
    if length == 1:
        return 1
    stride = rounded(length, lanes)
    return stride + lanes if stride * item % ASSOCIATIVITY_STRIDE == 0 else stride


@dataclass(frozen=True)
class Columns:
    """`numbers` vectors of `lanes` samples for each tile of so many samples."""

    offset: int
    numbers: int
    lanes: int

    def at(self, b: Builder, sample: Index, *numbers: Term) -> Value:
        """The vector that starts with this sample, the first of a tile, for the number Σ numbers."""
        return b.address("%scratch", self.offset, (sample, self.numbers), *(scaled(n, self.lanes) for n in numbers))


def scaled(term: Term, unit: int) -> Term:
    if isinstance(term, int):
        return term * unit
    index, stride = term if isinstance(term, tuple) else (term, 1)
    assert isinstance(stride, int)
    return index, stride * unit


@dataclass(frozen=True)
class Plain:
    offset: int
    size: int


@dataclass(frozen=True)
class Group:
    """`count` panels of `vectors` vectors each, the first at column `start`."""

    start: int
    vectors: int
    count: int


def panel_groups(columns: int, lanes: int) -> list[Group]:
    """Panels of two vectors, and one of one vector if that is enough for the last columns."""
    whole = -(-columns // lanes)
    groups = [Group(0, 2, whole // 2)] if whole > 1 else []
    return [*groups, Group(whole // 2 * 2 * lanes, 1, 1)] if whole % 2 else groups


@dataclass(frozen=True)
class Panels:
    """A matrix (rows × columns) in panels of columns."""

    offset: int
    rows: int
    columns: int
    lanes: int

    @property
    def groups(self) -> list[Group]:
        return panel_groups(self.columns, self.lanes)

    @property
    def size(self) -> int:
        return self.rows * rounded(self.columns, self.lanes)

    @property
    def matrix(self) -> Matrix:
        return Matrix("%scratch", self.offset, self.rows, self.columns, self.lanes, in_panels=True)

    def panel(self, b: Builder, group: Group, column: Index) -> Value:
        """The start of the panel at group.start + column."""
        return b.address("%scratch", self.offset + group.start * self.rows, (column, self.rows))


@dataclass(frozen=True)
class Matrix:
    """A matrix (rows × columns) in memory, in panels or in C order, read vector by vector of a row."""

    pointer: Value
    offset: int
    rows: int
    columns: int
    lanes: int
    in_panels: bool
    stride: int = 0  # how far apart rows in C order are, if not as far as they are long

    @property
    def groups(self) -> list[Group]:
        """Its columns, in groups in which every vector is full, or which are the last panel."""
        if not self.in_panels:
            whole = self.columns // self.lanes
            groups = [Group(0, 1, whole)] if whole else []
            return [*groups, Group(whole * self.lanes, 1, 1)] if self.columns % self.lanes else groups
        separate = []
        for group in panel_groups(self.columns, self.lanes):
            width = group.vectors * self.lanes
            if group.count > 1 and group.start + group.count * width > self.columns:
                separate.append(Group(group.start, group.vectors, group.count - 1))
                separate.append(Group(group.start + (group.count - 1) * width, group.vectors, 1))
            else:
                separate.append(group)
        return separate

    def inside(self, group: Group, vector: int) -> int:
        """How many lanes of a vector are columns of the matrix."""
        left = self.columns - group.start - vector * self.lanes
        return self.lanes if group.count > 1 else max(0, min(self.lanes, left))

    def terms(self, group: Group, column: Index, vector: int, row: Index, down: int = 0) -> list[Term]:
        """Where the vector of row `row + down` lies, counted from the start of the matrix."""
        stride = self.row_stride(group)
        start, across = (group.start * self.rows, self.rows) if self.in_panels else (group.start, 1)
        return [start + vector * self.lanes + down * stride, (column, across), (row, stride)]

    def row_stride(self, group: Group) -> int:
        """How far apart two rows of a panel, or of the matrix, are."""
        return group.vectors * self.lanes if self.in_panels else self.stride or self.columns

    def at(self, b: Builder, *place: Term) -> Value:
        return b.address(self.pointer, self.offset, *place)


class Arena:
    """Hands out scratch memory, a vector's alignment each."""

    def __init__(self, lanes: int) -> None:
        self.lanes, self.size = lanes, 0

    def take(self, count: int) -> int:
        start = self.size
        self.size += rounded(count, self.lanes)
        return start


def items(shape: tuple[int, ...]) -> int:
    return prod(shape)
