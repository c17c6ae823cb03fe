"""Where one weight's gradient came from, through all four steps."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chainrule.breakdown.derivation import Derivation, Level, Term, written
from chainrule.formula import text
from chainrule.show.numbers import bar, fixed, number
from chainrule.show.terminal import (
    FORWARD,
    GRADIENT,
    MUTED,
    ROWS,
    UPDATE,
    WARNING,
    WIDTH,
    Hanging,
    badge,
    indented,
    line,
    module_name,
)
from chainrule.step import Value

# The partials of views, transposes and copies, and of an item taken out. That of a ReLU is also 1, and is not hidden.
MOVING = ("1", "1 if at index i else 0")


class DerivationReport:
    """One weight, followed through all four steps."""

    def __init__(self, derivation: Derivation) -> None:
        self.d = derivation
        self.stretches = stretches(derivation)

    def __rich__(self) -> Group:
        return Group(*self.parts())

    def parts(self) -> Iterator[RenderableType]:
        d = self.d
        name = written(d.parameter.name, d.index)
        head: list[str | tuple[str, str]] = [
            (f"{name}", f"bold {GRADIENT}"),
            f" = {number(d.value, 6)}",
            (f"   step {d.step:,}", MUTED),
        ]
        if d.sample is not None:
            head.append((f"   following sample {d.sample} of {d.samples}", MUTED))
        yield line(*head)
        yield line((sentence(d), "bold"))
        yield line()
        yield badge(1, "Forward", "the numbers on the way from this weight to the loss")
        yield indented(*self.forward())
        yield line()
        yield badge(2, "Partial derivatives", "how much each number moves the next one")
        yield indented(*self.partials())
        yield line()
        yield badge(3, "Chain rule", "multiply along the path, add over the paths and the samples")
        yield indented(*self.chain())
        yield line()
        yield badge(4, "Update", "what the optimizer made of it")
        yield indented(*self.update())

    def name(self, value: Value, at: tuple[int, ...]) -> str:
        return written(self.d.notation[value].text, at)

    def forward(self) -> Iterator[RenderableType]:
        d = self.d
        rows = []
        data = d.batch.row(d.batch.data, d.sample) if d.sample is not None else None
        if data is not None and d.batch.data is not None:
            target = d.batch.row(d.batch.target, d.sample or 0)
            arrow = f"  →  {', '.join(map(fixed, target))}" if target else ""
            rows.append(
                [d.notation[d.batch.data].text + f"[{d.sample}]", f"({', '.join(map(number, data))}){arrow}", ""]
            )
        for first, last in self.stretches:
            if first > 0:
                rows.append(self._number(d.levels[first]))
            if last > first:
                name, shown, _ = self._number(d.levels[last])
                rows.append([name, shown, f"the same number, {moved(first, last)}"])
        rows.append(["L", number(d.loss, 6), self._loss_formula()])
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
        table.add_column(style=FORWARD)
        table.add_column(style=f"bold {FORWARD}", justify="right")
        table.add_column(style=MUTED)
        for row in rows:
            table.add_row(*row)
        yield table

    def _number(self, level: Level) -> list[str]:
        made = self.d.notation.producer.get(level.value.index)
        formula = text(self.d.notation.formula(made)) if made is not None else ""
        symbol = self.d.notation[level.value].text
        return [self.name(level.value, level.at), fixed(level.number), f"{symbol} = {formula}"]

    def _loss_formula(self) -> str:
        notation = self.d.notation
        made = notation.producer.get(notation.loss.index) if notation.loss is not None else None
        return f"L = {text(notation.formula(made))}" if made is not None else ""

    def partials(self) -> Iterator[RenderableType]:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        for style in (GRADIENT, "", f"bold {GRADIENT}", MUTED):
            table.add_column(style=style)
        for first, last in reversed(self.stretches):
            level = self.d.levels[last]
            for term in level.terms[:1]:
                left = f"∂{self.name(term.into, term.at)}/∂{self.name(level.value, level.at)}"
                sides = [term.formula] + ([term.numeric] if term.numeric is not None else [])
                middle = " ".join(dict.fromkeys(f"= {text(side)}" for side in sides))
                many = (
                    f"the largest of {len(level.terms) + level.more} paths" if len(level.terms) + level.more > 1 else ""
                )
                table.add_row(left, middle, f"= {fixed(term.partial)}", many or module_name(term.call.module))
            if last > first:
                begin = self.d.levels[first]
                left = f"∂{self.name(level.value, level.at)}/∂{self.name(begin.value, begin.at)}"
                table.add_row(left, "", "= 1", moved(first, last))
        yield table

    def chain(self) -> Iterator[RenderableType]:
        d = self.d
        name = written(d.parameter.name, d.index)
        if d.is_chain and d.levels:
            product = " · ".join(f"({fixed(f)})" if f < 0 else fixed(f) for f in factors(d))
            whose = f"share of sample {d.sample}" if d.sample is not None else f"∂L/∂{name}"
            yield Hanging(line(f"{whose} = ", (product, GRADIENT), " = ", (fixed(d.share), f"bold {GRADIENT}")))
        else:
            yield from self.recursion()
        if d.shares:
            yield line()
            yield from self.share_bars()
        yield line()
        yield Hanging(line(f"∂L/∂{name} = ", (number(d.gradient, 6), f"bold {GRADIENT}"), "   ", *self.check()))

    def recursion(self) -> Iterator[RenderableType]:
        for first, last in self.stretches:
            level, begin = self.d.levels[last], self.d.levels[first]
            left = "share" if first == 0 and self.d.sample is not None else self._delta(begin)
            if last > first:
                yield Hanging(line((left, GRADIENT), f" = {self._delta(level)}", (f"   {moved(first, last)}", MUTED)))
                left = self._delta(level)
            terms = level.terms
            made = Text.assemble((left, GRADIENT), " = ")
            for j, term in enumerate(terms):
                made.append(" + " if j else "")
                made.append(self.product(term))
            if level.more:
                made.append(f" + {level.more:,} more = {fixed(level.rest)}", style=MUTED)
            made.append(f"{' = ' if terms else ''}{fixed(level.gradient)}", style=f"bold {GRADIENT}")
            yield Hanging(made)
        yield line(("δ(x) is the gradient of the loss by x; each is a sum over what x directly enters", MUTED))

    def _delta(self, level: Level) -> str:
        return f"δ({self.name(level.value, level.at)})"

    def product(self, term: Term) -> str:
        if term.call.rule is None:
            return f"{fixed(term.product)} ({text(term.formula)})"
        upstream = f"δ({self.name(term.into, term.at)})"
        left = f"({fixed(term.partial)})" if term.partial < 0 else fixed(term.partial)
        return f"{left}·{upstream}" if term.into.shape or term.upstream != 1 else left

    def share_bars(self) -> Iterator[RenderableType]:
        d = self.d
        assert d.shares is not None
        largest = max((abs(s) for s in d.shares if math.isfinite(s)), default=0.0)
        order: list[int] = list(range(len(d.shares)))
        if len(d.shares) > ROWS:
            order = sorted(order, key=lambda n: -abs(d.shares[n]) if math.isfinite(d.shares[n]) else -math.inf)  # type: ignore[index]
            order = [n for n in order if d.shares[n] != 0] or order  # bars of no length say nothing
        written_out = order[:ROWS]
        rows = {n: d.batch.row(d.batch.data, n) for n in written_out}
        labels = {n: f"({', '.join(map(number, row))})" if row else f"sample {n}" for n, row in rows.items()}
        width = max([18, *(len(label) + 1 for label in labels.values())])
        half = max(4, min(18, (WIDTH - 20 - width) // 2))
        for n, label in labels.items():
            left, right = bar(d.shares[n], largest, half)
            mark = "▸" if n == d.sample else " "
            style = "bold" if n == d.sample else MUTED
            share = fixed(d.shares[n]).rjust(11)
            yield line((f"{mark} {label:<{width}}", style), (left, GRADIENT), "│", (right, GRADIENT), share)
        if len(d.shares) > ROWS:
            rest = [s for n, s in enumerate(d.shares) if n not in written_out]
            each = "" if any(rest) else ", each exactly"
            yield line(
                (f"  {len(rest):,} more samples{each}".ljust(width + 2 * half + 3), MUTED), fixed(sum(rest)).rjust(11)
            )
        if d.cancellation < 0.05:
            yield line(
                (f"  the shares cancel: their sum is {number(100 * d.cancellation, 2)} % of their sizes", WARNING)
            )

    def check(self) -> list[tuple[str, str]]:
        d = self.d
        if not d.recorded:
            return [("autograd's value was not recorded", MUTED)]
        if math.isnan(d.gradient) and math.isnan(d.autograd):
            return [("both are nan: this and .grad", WARNING)]
        agrees = self.d.agrees
        said = f"✓ equals .grad {number(d.autograd, 6)}" if agrees else f"✗ .grad is {number(d.autograd, 6)}"
        return [
            (said, f"bold {UPDATE}" if agrees else "bold red"),
            (f"  {how_close(d)}" if agrees else f"  (difference {number(d.difference, 2)})", MUTED),
        ]

    def update(self) -> Iterator[RenderableType]:
        d = self.d
        if d.update is None:
            yield line(("no optimizer stepped", MUTED))
            return
        if d.uses_other_gradient:
            yield line(
                (f"the optimizer used the gradient {number(d.used, 6)}: clipped, scaled or accumulated", WARNING)
            )
        settings = "  ".join(f"{s.text} = {number(v)}" for s, v in d.update.settings.items())
        yield line((d.update.optimizer or "no optimizer", "bold"), "   ", (settings or d.update.reason, MUTED))
        for made in d.lines:
            value = (number(made.value, 6), f"bold {UPDATE}")
            yield Hanging(line((text(made.symbolic), UPDATE), f" = {text(made.numeric)} = ", value))
        if not d.lines:
            yield line(f"w: {number(d.value, 6)} → ", (number(d.after, 6), f"bold {UPDATE}"))


def stretches(d: Derivation) -> list[tuple[int, int]]:
    """The levels as (first, last): where a number is only moved by several calls, from the first to the last of them.

    Views, transposes and copies follow each other in every attention; each alone would say "= 1".
    """
    found: list[tuple[int, int]] = []
    first = 0
    for last, level in enumerate(d.levels):
        following = d.levels[last + 1] if last + 1 < len(d.levels) else None
        if following is not None and _is_moved(level, following):
            continue
        found += [(first, last)] if last - first > 1 else [(i, i) for i in range(first, last + 1)]
        first = last + 1
    return found


def _is_moved(level: Level, following: Level) -> bool:
    """Whether the number goes on as it is, and to one place only."""
    live = [term for term in level.terms if term.partial != 0]
    one_place = len(live) == 1 and not level.more
    return one_place and text(live[0].formula) in MOVING and level.number == following.number


def moved(first: int, last: int) -> str:
    return f"moved by {last - first} calls"


def factors(d: Derivation) -> list[float]:
    """The partials along the path, from the loss down to the weight, without the 1 of each call that only moves."""
    kept = [d.levels[last] for _, last in reversed(stretches(d))]
    return [level.terms[0].partial for level in kept if level.terms]


def how_close(d: Derivation) -> str:
    """How our gradient and autograd's agree."""
    return "bit for bit" if d.difference == 0 else f"within {number(d.difference, 2)} of the size of its terms"


def sentence(d: Derivation) -> str:
    """The plain sentence that a derivation comes to."""
    name = written(d.parameter.name, d.index)
    if d.is_rounding:
        how = "exactly zero" if d.gradient == 0 else "zero up to rounding"
        return f"Moving {name} a little does not change the loss: its gradient is {how}."
    if not math.isfinite(d.gradient):
        return f"The gradient of {name} is {number(d.gradient)}: nothing can be learned from this step."
    moves = "rises" if d.gradient > 0 else "falls"
    return f"Raise {name} by 0.01 and the loss {moves} by about {number(abs(d.per_hundredth), 2)}."
