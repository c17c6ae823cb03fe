"""The report in the terminal, 88 columns. It computes nothing: every number comes from breakdown/ and run/."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import torch
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chainrule.breakdown import Deriver, backward_rows, forward_rows, partial_rows, update_rows
from chainrule.breakdown.derivation import Derivation, Level, Term, written
from chainrule.breakdown.update import UpdateRow
from chainrule.formula import Formula, text
from chainrule.run.outcome import Outcome
from chainrule.show.numbers import bar, curve, fixed, number, ordinal, shape
from chainrule.step import Agreement, Step, Value

WIDTH = 88
FORWARD, GRADIENT, UPDATE, WARNING, MUTED = "#3d9be9", "#f0743e", "#2fb380", "#d99a1e", "grey58"
BADGES = {1: f"bold white on {FORWARD}", 2: f"bold white on {GRADIENT}", 3: f"bold white on {GRADIENT}"}
BADGES[4] = f"bold white on {UPDATE}"
ROWS = 8  # samples that are written out
CALLS = 16  # calls that are written out
COLUMNS = 3  # a value with more numbers per sample than this is described, not written out


def line(*parts: str | tuple[str, str]) -> Text:
    return Text.assemble(*parts)


def indented(*what: RenderableType, by: int = 5) -> Padding:
    return Padding(Group(*what), (0, 0, 0, by))


def badge(step: int, title: str, what: str) -> Text:
    colour = BADGES[step].removeprefix("bold white on ")
    return line("  ", (f" {step} ", BADGES[step]), " ", (title, f"bold {colour}"), "   ", (what, MUTED))


def formula_line(formula: Formula, colour: str, note: str = "", definition: Formula | None = None) -> Text:
    made = Text(text(formula), style=colour)
    if definition is not None and not made.plain.endswith(f"= {text(definition)}"):  # tanh is defined as tanh
        made.append(f" = {text(definition)}", style=MUTED)
    if note:
        made.append(f"   {note}", style=MUTED)
    return made


def grid(headers: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], last_style: str = "") -> Table:
    """A table without lines; headers are (title, colour)."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=MUTED)
    for title, colour in headers:
        table.add_column(Text(title, style=MUTED), justify="right", style=colour, no_wrap=True)
    for i, row in enumerate(rows):
        table.add_row(*row, style=last_style if i == len(rows) - 1 else "")
    return table


# ---------------------------------------------------------------- the run


def loss_curve(losses: Sequence[float], marks: Sequence[int], here: int | None = None) -> Group:
    """The loss of every step, with its highest and lowest value, and a mark under the recorded steps."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    width, height = 70, 4
    rows = curve(losses, width, height)
    labels = [""] * height
    if finite:
        labels[0], labels[-1] = number(max(finite)), number(min(finite))
    lines = [line((label.rjust(9), MUTED), " ", (row, FORWARD)) for label, row in zip(labels, rows, strict=True)]
    if losses:
        under = [" "] * width
        for mark in marks:
            under[min(mark * width // len(losses), width - 1)] = "·"
        if here is not None:
            under[min(here * width // len(losses), width - 1)] = "▲"
        lines.append(line("loss".rjust(9), " ", ("".join(under), GRADIENT)))
        end = f"step {len(losses) - 1:,}"
        lines.append(line(" " * 10, ("step 0" + end.rjust(width - 6), MUTED), "   "))
    return Group(*lines)


def verdict(result: Outcome, last: Step | None) -> Iterator[Text]:
    """What happened, in computed facts."""
    if result.steps == 0:
        yield line(("No training step was seen.", f"bold {WARNING}"))
        return
    plural = "s" if result.steps != 1 else ""
    fell = f"loss {number(result.first)} → {number(result.last)} in {result.steps:,} step{plural}"
    if result.not_finite is not None:
        said = f"The loss is not finite since step {result.not_finite:,}."
        yield line((said, f"bold {WARNING}"), f"  {fell}")
    elif result.fell_to is not None and result.fell_to < 0.1:
        yield line(
            (f"The loss fell to {number(100 * result.fell_to, 2)} %", f"bold {UPDATE}"), f" of where it began: {fell}."
        )
    elif result.flat_since is not None:
        said = f"Flat since step {result.flat_since:,}"
        yield line((said, f"bold {WARNING}"), f" at loss {number(result.last)}: {fell}.")
    else:
        yield line((fell, "bold"), f"; lowest {number(result.lowest)} at step {result.at:,}")
    if last is not None:
        yield from cancellation(last)


def cancellation(step: Step) -> Iterator[Text]:
    """Whether the samples of a step pull against each other, where the step is small enough to say."""
    deriver = Deriver(step)
    found = deriver.cancellation()
    if found is None or found.ratio > 0.05:
        return
    yield line(
        f"At step {step.index:,} the {deriver.batch.count} samples pull against each other: their shares of the "
        f"gradient add up to {number(100 * found.ratio, 2)} % of their sizes"
    )
    if found.spread is not None and found.spread < 0.01 and found.error is not None:
        yield line(
            f"while every prediction is {number(found.prediction)} and wrong by up to {number(found.error)}. ",
            "The gradient is almost zero because the shares cancel, not because the answers are right.",
        )


def agreement(found: Agreement | None) -> Text:
    """The computed check of a step."""
    if found is None:
        return line(("not checked", MUTED))
    if not found.holds:
        return Text("\n".join(f"✗ {error}" for error in found.errors), style="bold red")
    parts: list[str | tuple[str, str]] = [("✓ equals autograd's .grad", f"bold {UPDATE}")]
    if not math.isnan(found.parameters):
        limit = number(found.parameters_tolerance, 2)
        parts.append((f"   worst difference {number(found.parameters, 2)}, rounding allows {limit}", MUTED))
    if found.proved:
        parts.append(
            (f"\n✓ each of the {found.by_rule} rules alone equals autograd's ({number(found.calls, 2)})", MUTED)
        )
    if found.opaque:
        parts.append((f"\n  {found.opaque} calls have no rule and are autograd's own (opaque)", WARNING))
    return line(*parts)


# ---------------------------------------------------------------- one step in four


class StepReport:
    """The four numbered steps of one training step."""

    def __init__(self, step: Step, steps: int | None = None) -> None:
        self.step = step
        self.steps = steps
        self.deriver = Deriver(step)
        self.notation = self.deriver.notation
        self.batch = self.deriver.batch

    def __rich__(self) -> Group:
        return Group(*self.parts())

    def parts(self) -> Iterator[RenderableType]:
        yield self.title()
        if not self.step.backwards:
            yield line(("     no backward pass was recorded in this step", WARNING))
            yield from self.problems()
            return
        yield line()
        yield badge(1, "Forward", "what the network computed")
        yield indented(*self.forward())
        yield line()
        yield badge(2, "Partial derivatives", "each operation's own slope")
        yield indented(*self.partials())
        yield line()
        yield badge(3, "Backward", "the chain rule carries the error to every weight")
        yield indented(*self.backward())
        yield line()
        yield badge(4, "Update", "gradient descent moves the weights")
        yield indented(*self.update())
        yield from self.problems()

    def problems(self) -> Iterator[Text]:
        for problem in self.step.problems:
            yield line((f"     ! {problem}", WARNING))

    def title(self) -> Text:
        total = f" of {self.steps:,}" if self.steps else ""
        where = f"the {ordinal(self.step.index + 1)}{total}"
        return line(
            (f"STEP {self.step.index:,}", "bold"),
            (f"  {where}", MUTED),
            "   loss ",
            (number(self.step.loss, 6), "bold"),
        )

    # ------------------------------------------------------------ 1

    def forward(self) -> Iterator[RenderableType]:
        rows = forward_rows(self.notation)
        for row in rows[:CALLS]:
            note = " · ".join(part for part in (row.call.module, row.call.where.rpartition("/")[2]) if part)
            opaque = "   opaque" if row.call.rule is None else ""
            yield formula_line(row.formula, FORWARD, note + opaque, row.definition)
        if len(rows) > CALLS:
            yield line((f"… and {len(rows) - CALLS} more calls", MUTED))
        values = self.shown_values()
        if values:
            yield line()
            yield self.sample_table([(v, None) for v in values], FORWARD)
        if not all(call.output in values for call in self.notation.calls if call.output.shape):
            yield from self.sizes()

    def shown_values(self) -> list[Value]:
        """Data, results and target, where a sample has few enough numbers to write them out."""
        wanted: list[Value] = [self.batch.data] if self.batch.data is not None else []
        wanted += [call.output for call in self.notation.calls]
        wanted += [self.batch.target] if self.batch.target is not None else []
        fits = [v for v in dict.fromkeys(wanted) if v.tensor is not None and self.per_sample(v) <= COLUMNS]
        results = any(v.kind == "result" for v in fits)
        return fits if results and sum(self.per_sample(v) for v in fits) <= 12 else []

    def per_sample(self, value: Value) -> int:
        """How many numbers a sample has in this value; many where it has no sample axis."""
        return value.numel // max(value.shape[0], 1) if self.batch.of(value.shape) else COLUMNS + 1

    def sample_table(self, columns: Sequence[tuple[Value, torch.Tensor | None]], colour: str) -> RenderableType:
        """One row per sample; each column a value, or a tensor of its shape."""
        headers = [("sample", MUTED)]
        numbers: list[torch.Tensor] = []
        for value, tensor in columns:
            count = self.per_sample(value)
            name = self.notation[value].text
            headers += [(name if count == 1 else f"{name}[{i}]", colour) for i in range(count)]
            source = value.tensor if tensor is None else tensor
            assert source is not None
            numbers.append(source.detach().reshape(value.shape[0], -1).double())
        together = torch.cat(numbers, 1)
        whole = [bool((column == column.round()).all()) for column in together.T]
        rows = [
            [str(n), *(number(x) if w else fixed(x) for x, w in zip(together[n].tolist(), whole, strict=True))]
            for n in range(min(len(together), ROWS))
        ]
        table = grid(headers, rows)
        more = len(together) - ROWS
        return Group(table, line((f"… {more:,} more samples", MUTED))) if more > 0 else table

    def sizes(self) -> Iterator[RenderableType]:
        rows = []
        for call in self.notation.calls[:CALLS]:
            value = call.output
            gradient = self.step.gradients.get(value.index)
            statistic = (
                f"{fixed(float(value.tensor.double().abs().mean()))}"
                if value.tensor is not None and value.numel
                else "–"
            )
            slope = fixed(float(gradient.double().norm())) if gradient is not None else "–"
            rows.append([self.notation[value].text, call.name, call.module, shape(value.shape), statistic, slope])
        if rows:
            yield line()
            headers = [("value", FORWARD), ("call", ""), ("module", MUTED), ("shape", ""), ("mean |value|", FORWARD)]
            yield grid([*headers, ("‖∂L/∂value‖", GRADIENT)], rows)

    # ------------------------------------------------------------ 2 and 3

    def partials(self) -> Iterator[RenderableType]:
        rows = partial_rows(self.notation)
        for row in rows[-CALLS:][::-1]:
            yield formula_line(row.formula, GRADIENT, row.call.module)
        if len(rows) > CALLS:
            yield line((f"… and {len(rows) - CALLS} more, towards the data", MUTED))
        fits = [
            r for r in rows if r.numbers is not None and r.numbers.shape == r.value.shape and self.writable(r.value)
        ]
        if fits:
            yield line()
            titles = [text(r.formula.sides[0]) for r in fits]
            yield self.gradient_table([(r.value, r.numbers) for r in fits[::-1]], titles[::-1])

    def writable(self, value: Value) -> bool:
        return self.per_sample(value) <= COLUMNS

    def gradient_table(
        self, columns: Sequence[tuple[Value, torch.Tensor | None]], titles: Sequence[str]
    ) -> RenderableType:
        headers, numbers = [("sample", MUTED)], []
        for (value, tensor), title in zip(columns, titles, strict=True):
            count = self.per_sample(value)
            headers += [(title if count == 1 else f"{title}[{i}]", GRADIENT) for i in range(count)]
            assert tensor is not None
            numbers.append(tensor.detach().reshape(value.shape[0], -1).double())
        together = torch.cat(numbers, 1)
        if together.shape[1] > 8:
            return line(("(too many to write out; explain one weight to see its factors)", MUTED))
        return grid(headers, [[str(n), *map(fixed, together[n].tolist())] for n in range(min(len(together), ROWS))])

    def backward(self) -> Iterator[RenderableType]:
        rows = backward_rows(self.notation)
        for row in rows[:CALLS]:
            note = f"+ what its other {row.uses - 1} uses send" if row.uses > 1 else row.call.module
            yield formula_line(row.formula, GRADIENT, note)
        if len(rows) > CALLS:
            yield line((f"… and {len(rows) - CALLS} more, down to the parameters", MUTED))
        yield from self.shares()
        yield line()
        yield agreement(self.step.agreement)

    def shares(self) -> Iterator[RenderableType]:
        """For few weights: each sample's share of each weight's gradient, and the sum. Else: norms."""
        weights = self.deriver.weights(most=6)
        if weights is None:
            rows = [
                [name, shape(value.shape), fixed(float(g.double().norm())), fixed(float(g.double().abs().max()))]
                for name, value in self.step.parameters.items()
                if (g := self.step.gradients.get(value.index)) is not None and g.numel()
            ]
            yield line()
            yield grid([("parameter", ""), ("shape", MUTED), ("‖gradient‖", GRADIENT), ("largest", GRADIENT)], rows)
            return
        derivations = [self.deriver.derive(name, index) for name, index in weights]
        shown = [d for d in derivations if d.shares is not None]
        if not shown:
            rows = [[written(d.parameter.name, d.index), fixed(d.gradient)] for d in derivations]
            yield line()
            yield grid([("weight", ""), ("gradient", GRADIENT)], rows)
            return
        yield line()
        yield line(("each sample's share of each weight's gradient; their sum is the gradient", MUTED))
        headers = [("sample", MUTED), *((written(d.parameter.name, d.index), GRADIENT) for d in shown)]
        count = len(shown[0].shares or ())
        rows = [[str(n), *(fixed((d.shares or ())[n]) for d in shown)] for n in range(min(count, ROWS))]
        if count > ROWS:
            rows.append(["…", *("…" for _ in shown)])
        rows.append(["sum", *(fixed(d.gradient) for d in shown)])
        yield grid(headers, rows, last_style="bold")

    # ------------------------------------------------------------ 4

    def update(self) -> Iterator[RenderableType]:
        rows = update_rows(self.step)
        if not rows:
            yield line(("no optimizer stepped", MUTED))
            return
        yield from rule_lines(rows[0])
        weights = self.deriver.weights(most=12)
        if weights is None:
            yield from self.moves(rows)
            return
        table = []
        for row in rows:
            for name, index in weights:
                if name == row.parameter.name:
                    new = row.change.after
                    moved = (
                        [fixed(float(new[index])), fixed(float(new[index] - row.change.before[index]))]
                        if new is not None
                        else ["?", "?"]
                    )
                    table.append(
                        [
                            written(name, index),
                            number(float(row.change.before[index]), 6),
                            fixed(float(row.change.gradient[index])),
                            *moved,
                        ]
                    )
        yield line()
        headers = [("weight", ""), ("before", ""), ("gradient used", GRADIENT), ("after", UPDATE), ("change", UPDATE)]
        yield grid(headers, table)
        yield from update_agreement(self.step.agreement)

    def moves(self, rows: list[UpdateRow]) -> Iterator[RenderableType]:
        table = []
        for row in rows[:CALLS]:
            change, before = row.change, row.change.before.double()
            moved = float((change.after.double() - before).norm()) if change.after is not None else math.nan
            size = float(before.norm())
            ratio = moved / size if size else math.nan
            table.append([row.parameter.name, shape(before.shape), fixed(size), fixed(moved), fixed(ratio)])
        yield line()
        headers = [
            ("parameter", ""),
            ("shape", MUTED),
            ("‖weight‖", ""),
            ("‖change‖", UPDATE),
            ("change/weight", UPDATE),
        ]
        yield grid(headers, table)
        yield from update_agreement(self.step.agreement)


def rule_lines(row: UpdateRow) -> Iterator[RenderableType]:
    settings = "  ".join(f"{s.text} = {number(v)}" for s, v in row.settings.items())
    yield line((row.optimizer or "no optimizer", "bold"), "   ", (settings or row.reason, MUTED))
    for assignment in row.assignments:
        yield line((f"{assignment.symbol.text} ← {text(assignment.formula)}", UPDATE))


def update_agreement(found: Agreement | None) -> Iterator[Text]:
    if found is not None and found.holds and not math.isnan(found.update):
        said = "bit for bit" if found.update == 0 else f"within {number(found.update, 2)}"
        yield line()
        yield line(("✓ our rule gives the weights that the optimizer wrote", f"bold {UPDATE}"), (f"   {said}", MUTED))


# ---------------------------------------------------------------- one weight


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


def console(stderr: bool = False) -> Console:
    """A console of at most our width; plain text where it is not a terminal."""
    made = Console(stderr=stderr, highlight=False)
    made.width = min(made.width, WIDTH) if made.is_terminal else WIDTH
    return made


def show(what: RenderableType, stderr: bool = False) -> None:
    """Print, without the blanks that pad lines to equal length."""
    target = console(stderr)
    with target.capture() as captured:
        target.print(what)
    target.file.write(re.sub(r"[ \u2800]+$", "", captured.get(), flags=re.MULTILINE))
    target.file.flush()


__all__ = [
    "DerivationReport",
    "Level",
    "StepReport",
    "agreement",
    "console",
    "loss_curve",
    "sentence",
    "show",
    "verdict",
]
