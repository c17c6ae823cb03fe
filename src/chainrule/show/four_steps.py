"""One training step in its four numbered steps."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence

import torch
from rich.console import Group, RenderableType
from rich.text import Text

from chainrule.breakdown import Deriver, backward_rows, forward_rows, partial_rows, update_rows
from chainrule.breakdown.derivation import written
from chainrule.breakdown.update import UpdateRow
from chainrule.errors import BadOption, NotKept
from chainrule.formula import text
from chainrule.run.all_reduce import AllReduce
from chainrule.show.numbers import fixed, number, ordinal, shape
from chainrule.show.processes import shared
from chainrule.show.terminal import (
    FORWARD,
    GRADIENT,
    MUTED,
    ROWS,
    UPDATE,
    WARNING,
    badge,
    formula_line,
    grid,
    indented,
    line,
    module_name,
)
from chainrule.step import Agreement, Step, Value

CALLS = 16  # calls that are written out
COLUMNS = 3  # a value with more numbers per sample than this is described, not written out


class StepReport:
    """The four numbered steps of one training step."""

    def __init__(self, step: Step, steps: int | None = None, all_reduce: AllReduce | None = None) -> None:
        self.step = step
        self.steps = steps
        self.all_reduce = all_reduce
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
            note = " · ".join(
                part for part in (module_name(row.call.module), row.call.where.rpartition("/")[2]) if part
            )
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
        fits = [v for v in dict.fromkeys(wanted) if v.tensor is not None and self.writable(v)]
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
                f"{fixed(float(value.tensor.abs().double().mean()))}"
                if value.tensor is not None and value.numel
                else "–"
            )
            slope = fixed(float(gradient.abs().double().norm())) if gradient is not None else "–"
            rows.append(
                [self.notation[value].text, call.name, module_name(call.module), shape(value.shape), statistic, slope]
            )
        if rows:
            yield line()
            headers = [("value", FORWARD), ("call", ""), ("module", MUTED), ("shape", ""), ("mean |value|", FORWARD)]
            yield grid([*headers, ("‖∂L/∂value‖", GRADIENT)], rows)

    # ------------------------------------------------------------ 2 and 3

    def partials(self) -> Iterator[RenderableType]:
        rows = partial_rows(self.notation)
        for row in rows[-CALLS:][::-1]:
            yield formula_line(row.formula, GRADIENT, module_name(row.call.module))
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
        return self.per_sample(value) <= COLUMNS and value.numel > 0 and not value.dtype.is_complex

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
            note = f"+ what its other {row.uses - 1} uses send" if row.uses > 1 else module_name(row.call.module)
            yield formula_line(row.formula, GRADIENT, note)
        if len(rows) > CALLS:
            yield line((f"… and {len(rows) - CALLS} more, down to the parameters", MUTED))
        yield from self.shares()
        yield line()
        yield agreement(self.step.agreement, self.all_reduce is None)
        yield from shared(self.all_reduce)

    def shares(self) -> Iterator[RenderableType]:
        """For few weights: each sample's share of each weight's gradient, and the sum. Else: norms."""
        weights = self.deriver.weights(most=6)
        derivations = []
        with contextlib.suppress(NotKept, BadOption):
            derivations = [self.deriver.derive(name, index) for name, index in weights or ()]
        if not derivations:
            rows = [
                [name, shape(value.shape), fixed(float(g.abs().double().norm())), fixed(float(g.abs().double().max()))]
                for name, value in self.step.parameters.items()
                if (g := self.step.gradients.get(value.index)) is not None and g.numel()
            ]
            yield line()
            yield grid([("parameter", ""), ("shape", MUTED), ("‖gradient‖", GRADIENT), ("largest", GRADIENT)], rows)
            return
        shown = [d for d in derivations if d.shares]
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
            change, before = row.change, row.change.before
            moved = float((change.after - before).abs().double().norm()) if change.after is not None else math.nan
            size = float(before.abs().double().norm())
            ratio = "–" if size == 0 else fixed(moved / size)
            table.append([row.parameter.name, shape(before.shape), fixed(size), fixed(moved), ratio])
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


def agreement(found: Agreement | None, alone: bool = True) -> Text:
    """The computed check of a step. Where others train with this process (not `alone`), .grad is not its own."""
    if found is None or (found.holds and math.isnan(found.parameters) and math.isnan(found.calls)):
        return line(("not checked: there was no gradient to compare", MUTED))
    if not found.holds:
        return Text("\n".join(f"✗ {error}" for error in found.errors), style="bold red")
    parts: list[str | tuple[str, str]] = [
        (f"✓ equals autograd's {'.grad' if alone else 'own gradient'}", f"bold {UPDATE}")
    ]
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
