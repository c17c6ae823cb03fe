"""Where one weight's gradient came from, through all four steps."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chainrule.breakdown.derivation import Derivation, Term, written
from chainrule.formula import text
from chainrule.show.numbers import bar, fixed, number
from chainrule.show.terminal import FORWARD, GRADIENT, MUTED, ROWS, UPDATE, WARNING, badge, indented, line
from chainrule.step import Value


class DerivationReport:
    """One weight, followed through all four steps."""

    def __init__(self, derivation: Derivation) -> None:
        self.d = derivation

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
        for level in d.levels[1:]:
            made = d.notation.producer.get(level.value.index)
            formula = text(d.notation.formula(made)) if made is not None else ""
            rows.append(
                [
                    self.name(level.value, level.at),
                    fixed(level.number),
                    f"{self.d.notation[level.value].text} = {formula}",
                ]
            )
        rows.append(["L", number(d.loss, 6), self._loss_formula()])
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
        table.add_column(style=FORWARD)
        table.add_column(style=f"bold {FORWARD}", justify="right")
        table.add_column(style=MUTED)
        for row in rows:
            table.add_row(*row)
        yield table

    def _loss_formula(self) -> str:
        notation = self.d.notation
        made = notation.producer.get(notation.loss.index) if notation.loss is not None else None
        return f"L = {text(notation.formula(made))}" if made is not None else ""

    def partials(self) -> Iterator[RenderableType]:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        for style in (GRADIENT, "", f"bold {GRADIENT}", MUTED):
            table.add_column(style=style)
        for level in reversed(self.d.levels):
            for term in level.terms[:1]:
                left = f"∂{self.name(term.into, term.at)}/∂{self.name(level.value, level.at)}"
                sides = [term.formula] + ([term.numeric] if term.numeric is not None else [])
                middle = " ".join(dict.fromkeys(f"= {text(side)}" for side in sides))
                many = (
                    f"the largest of {len(level.terms) + level.more} paths" if len(level.terms) + level.more > 1 else ""
                )
                table.add_row(left, middle, f"= {fixed(term.partial)}", many or term.call.module)
        yield table

    def chain(self) -> Iterator[RenderableType]:
        d = self.d
        name = written(d.parameter.name, d.index)
        if d.is_chain and d.levels:
            product = " · ".join(f"({fixed(f)})" if f < 0 else fixed(f) for f in d.factors)
            whose = f"share of sample {d.sample}" if d.sample is not None else f"∂L/∂{name}"
            yield line(f"{whose} = ", (product, GRADIENT), " = ", (fixed(d.share), f"bold {GRADIENT}"))
        else:
            yield from self.recursion()
        if d.shares is not None:
            yield line()
            yield from self.share_bars()
        yield line()
        yield line(f"∂L/∂{name} = ", (number(d.gradient, 6), f"bold {GRADIENT}"), "   ", *self.check())

    def recursion(self) -> Iterator[RenderableType]:
        for i, level in enumerate(self.d.levels):
            left = "share" if i == 0 and self.d.sample is not None else f"δ({self.name(level.value, level.at)})"
            terms = level.terms
            made = Text.assemble((left, GRADIENT), " = ")
            for j, term in enumerate(terms):
                made.append(" + " if j else "")
                made.append(self.product(term))
            if level.more:
                made.append(f" + {level.more:,} more = {fixed(level.rest)}", style=MUTED)
            made.append(f" = {fixed(level.gradient)}", style=f"bold {GRADIENT}")
            yield made
        yield line(("δ(x) is the gradient of the loss by x; each is a sum over what x directly enters", MUTED))

    def product(self, term: Term) -> str:
        if math.isnan(term.partial):
            return f"{fixed(term.product)} ({text(term.formula)})"
        upstream = f"δ({self.name(term.into, term.at)})"
        left = f"({fixed(term.partial)})" if term.partial < 0 else fixed(term.partial)
        return f"{left}·{upstream}" if term.into.shape or term.upstream != 1 else left

    def share_bars(self) -> Iterator[RenderableType]:
        d = self.d
        assert d.shares is not None
        largest = max((abs(s) for s in d.shares if math.isfinite(s)), default=0.0)
        order = range(len(d.shares))
        if len(d.shares) > ROWS:
            order = sorted(order, key=lambda n: -abs(d.shares[n]) if math.isfinite(d.shares[n]) else -math.inf)  # type: ignore[index, assignment]
        for n in list(order)[:ROWS]:
            left, right = bar(d.shares[n], largest, 18)
            data = d.batch.row(d.batch.data, n)
            label = f"({', '.join(map(number, data))})" if data else f"sample {n}"
            mark = "▸" if n == d.sample else " "
            style = "bold" if n == d.sample else MUTED
            yield line(
                (f"{mark} {label:<18}", style), (left, GRADIENT), "│", (right, GRADIENT), fixed(d.shares[n]).rjust(11)
            )
        if len(d.shares) > ROWS:
            rest = [s for n, s in enumerate(d.shares) if n not in list(order)[:ROWS]]
            yield line((f"  {len(rest):,} more samples".ljust(58), MUTED), fixed(sum(rest)).rjust(11))
        if d.cancellation < 0.05:
            yield line(
                (f"  the shares cancel: their sum is {number(100 * d.cancellation, 2)} % of their sizes", WARNING)
            )

    def check(self) -> list[tuple[str, str]]:
        d = self.d
        if math.isnan(d.autograd):
            return [("autograd's value was not recorded", MUTED)]
        agrees = self.d.agrees
        said = f"✓ equals .grad {number(d.autograd, 6)}" if agrees else f"✗ .grad is {number(d.autograd, 6)}"
        return [
            (said, f"bold {UPDATE}" if agrees else "bold red"),
            (f"  (difference {number(d.difference, 2)})", MUTED),
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
            yield line(
                (text(made.symbolic), UPDATE), f" = {text(made.numeric)} = ", (number(made.value, 6), f"bold {UPDATE}")
            )
        if not d.lines:
            yield line(f"w: {number(d.value, 6)} → ", (number(d.after, 6), f"bold {UPDATE}"))


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
