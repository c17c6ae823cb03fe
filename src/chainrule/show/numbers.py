"""How numbers, shapes and curves are written in the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.formula import short

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Braille: rows from the top, two columns


def number(value: float, digits: int = 4) -> str:
    """A number for people: 0.2507, −1.2e−07, nan."""
    return short(value, digits).replace("-", "−")


def fixed(value: float) -> str:
    """A number for a column: four decimals, or an exponent where those would say nothing."""
    if value == 0 or not math.isfinite(value):
        return number(value)
    return f"{value:.4f}".replace("-", "−") if 5e-4 <= abs(value) < 1e4 else number(value, 3)


def shape(size: Sequence[int]) -> str:
    return "×".join(map(str, size)) if size else "one number"


def ordinal(n: int) -> str:
    suffix = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{suffix}"


def curve(values: Sequence[float], width: int, height: int) -> list[str]:
    """A line chart in Braille: `height` rows of `width` characters, the largest value on top.

    Each of the 2·width columns shows the mean of its share of the values; values that are not finite leave gaps.
    """
    columns = 2 * width
    points = [columns_mean(values, i, columns) for i in range(min(columns, len(values)))]
    finite = [p for p in points if math.isfinite(p)]
    if not finite:
        return [" " * width] * height
    low, high = min(finite), max(finite)
    levels = 4 * height - 1
    cells = [[0x2800] * width for _ in range(height)]
    stretch = columns / max(len(points), 1)
    for i in range(columns):
        point = points[min(int(i / stretch), len(points) - 1)]
        if not math.isfinite(point):
            continue
        level = round((high - point) / (high - low) * levels) if high > low else levels
        cells[level // 4][i // 2] |= DOTS[level % 4][i % 2]
    return ["".join(map(chr, row)) for row in cells]


def columns_mean(values: Sequence[float], column: int, columns: int) -> float:
    if len(values) <= columns:
        return values[column]
    begin = column * len(values) // columns
    end = max((column + 1) * len(values) // columns, begin + 1)
    part = [v for v in values[begin:end] if math.isfinite(v)]
    return sum(part) / len(part) if part else math.nan


def bar(value: float, largest: float, half: int) -> tuple[str, str]:
    """A bar to the left of an axis for negative values, to the right for positive ones: (left, right)."""
    filled = round(abs(value) / largest * half) if largest > 0 and math.isfinite(value) else 0
    blocks = "█" * filled
    return (blocks.rjust(half), " " * half) if value < 0 else (" " * half, blocks.ljust(half))
