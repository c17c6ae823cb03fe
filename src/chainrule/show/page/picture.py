"""One recorded step as the page needs it: its structure as plain data, and its numbers in one array of float32.

The structure holds no number of the step: where one belongs it has an offset into the array. So the steps of a run
share one structure, and moving from one to the next only exchanges the array.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import Any

import torch

from chainrule.breakdown import Deriver, Notation, Samples, update_rows
from chainrule.breakdown.computation import Map, Products, Total, computation, is_pointwise
from chainrule.breakdown.flow import blocks, norm, rms, update_norm
from chainrule.breakdown.links import Aligned, Gathered, Link, Product, Rows, Windows, links
from chainrule.breakdown.update import UpdateRow
from chainrule.breakdown.verify import dense
from chainrule.formula import Equation, Formula, Number, Symbol, expression, mathml, replace, symbols_of, text
from chainrule.formula.mathml import MathMLWriter
from chainrule.show.page.templates import Slot, Templates, template
from chainrule.step import Call, Step, Summary, Value

Tensor = torch.Tensor


@dataclass(frozen=True, slots=True)
class Keep:
    """What goes into the page.

    samples      of the batch, from its beginning
    activations  entries of an activation and of a partial, of the kept samples
    weights      entries of a parameter
    states       entries of a parameter up to which the optimizer's state is kept, so that its lines have numbers
    """

    samples: int = 16
    activations: int = 8192
    weights: int = 16_384
    states: int = 4096


AFAR = 20  # rows and columns of blocks in which a parameter that is not kept is seen
ENOUGH = 0.9  # of the results have their numbers: fewer samples are kept before there are fewer than this


def fitting_samples(notation: Notation, batch: Samples, keep: Keep) -> int:
    """How many samples are kept: fewer where their activations would be too large, so that paths can be followed."""
    widths = sorted(
        call.output.numel // max(call.output.shape[0], 1) for call in notation.calls if batch.of(call.output.shape)
    )
    if not widths or not batch.count:
        return min(batch.count or 0, keep.samples)
    wide = widths[min(int(ENOUGH * len(widths)), len(widths) - 1)]
    return max(1, min(batch.count, keep.samples, keep.activations // max(wide, 1)))


def expected_size(step: Step, keep: Keep) -> int:
    """About how many numbers a picture of this step will have: values, gradients and one partial for each result."""
    deriver = Deriver(step)
    samples = fitting_samples(deriver.notation, deriver.batch, keep)
    total = 0
    for value in {v.index: v for call in deriver.notation.calls for v in (*call.values, *call.outputs)}.values():
        if value.kind == "parameter":
            kept = 5 + 2 * (value.numel <= keep.states)  # number, gradient, after, received, used; the state
            total += kept * value.numel if value.numel <= keep.weights else 2 * AFAR**2
        else:
            count = value.numel
            if deriver.batch.of(value.shape):
                count = count // max(value.shape[0], 1) * samples
            total += 3 * count if count <= keep.activations else 0
    return total


class Picture:
    """The structure and the numbers of one step.

    Of what was not kept, `lost` are statistics of gradients by value, `norms` those of parameters, their gradients and
    updates by name, as the run's rows have them.
    """

    def __init__(
        self,
        step: Step,
        keep: Keep,
        lost: Mapping[int, Summary] | None = None,
        norms: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.lost = lost or {}
        self.norms = norms or {}
        self.keep = keep
        self.step = step
        self.deriver = Deriver(step)
        self.notation = self.deriver.notation
        self.batch = self.deriver.batch
        self.numbers = array("f")
        self.samples = fitting_samples(self.notation, self.batch, keep)
        share = self.samples / self.batch.count if self.batch.count else 1
        self.largest = int(keep.activations / share)  # entries before samples are left out
        self.rows = [row for row in update_rows(step) if row.optimizer or row.reason]
        self.positions: dict[int, int] = {}
        self.values: list[Value] = []
        for call in self.notation.calls:
            for value in (*call.values, *call.outputs):
                self._place(value)
        for row in self.rows:
            self._place(row.parameter)
        for value in step.parameters.values():
            if value.name in self.norms:
                self._place(value)
        self.templates = Templates(self.notation, self._place)
        self.structure = self._structure()

    def _place(self, value: Value) -> int:
        if value.index not in self.positions:
            self.positions[value.index] = len(self.values)
            self.values.append(value)
        return self.positions[value.index]

    def _optional(self, value: Value | None) -> int | None:
        return None if value is None or value.index not in self.positions else self.positions[value.index]

    # ------------------------------------------------------------ the array

    def _add(self, tensor: Tensor) -> int:
        """The offset at which the entries now stand."""
        at = len(self.numbers)
        flat = tensor.detach().to(torch.float32).reshape(-1).contiguous()
        self.numbers.frombytes(flat.numpy().tobytes())
        return at

    def _add_number(self, *numbers: float) -> int:
        at = len(self.numbers)
        self.numbers.extend(numbers)
        return at

    def _batched(self, value: Value) -> bool:
        """Whether the value has one row per sample; a parameter with as many rows as there are samples has not."""
        return value.kind != "parameter" and not value.owned and self.batch.of(value.shape)

    def _shape(self, shape: tuple[int, ...], batched: bool) -> list[int]:
        """The shape without the samples that are left out."""
        return [self.samples, *shape[1:]] if batched else list(shape)

    def _add_kept(self, tensor: Tensor | None, most: int, batched: bool = False) -> int | None:
        """The kept samples of a tensor; None where there are too many numbers, or none."""
        if tensor is None or tensor.is_complex() or math.prod(self._shape(tuple(tensor.shape), batched)) > most:
            return None
        whole = dense(tensor)
        return self._add(whole[: self.samples] if batched else whole)

    # ------------------------------------------------------------ the structure

    def _structure(self) -> dict[str, Any]:
        notation = self.notation
        return {
            "values": [self._value(value) for value in self.values],
            "calls": [self._call(call) for call in notation.calls],
            "parameters": [*map(self._parameter, self._last_rows()), *map(self._unkept, self._not_in_rows())],
            "loss": self._optional(notation.loss),
            "prediction": self._optional(notation.prediction),
            "data": self._optional(self.batch.data),
            "target": self._optional(self.batch.target),
            "count": self.batch.count,
            "samples": self.samples,
            "size": len(self.numbers),
        }

    def _value(self, value: Value) -> dict[str, Any]:
        symbol = self.notation[value]
        most = self.keep.weights if value.kind == "parameter" else self.keep.activations
        gradient = self.step.gradients.get(value.index)
        known = value.kind == "parameter" and value.tensor is not None and gradient is not None
        return {
            "symbol": MathMLWriter().write(symbol),
            "text": symbol.text or symbol.name,
            "name": value.name,
            "kind": value.kind,
            "shape": list(value.shape),
            "batched": self._batched(value),
            "number": self._add_kept(value.tensor, most, self._batched(value)),
            "gradient": self._add_kept(gradient, most, self._batched(value)),
            "afar": self._afar(value.tensor, gradient) if known and value.numel > most else None,
            "flow": self._add_number(
                rms(value.tensor, value.summary, value.numel),
                norm(gradient, self.lost.get(value.index), value.numel)
                if gradient is not None or value.name not in self.norms
                else self.norms[value.name].get("gradient_norm", math.nan),
            ),
        }

    def _afar(self, tensor: Tensor | None, gradient: Tensor | None) -> dict[str, Any] | None:
        """A parameter too large to keep, and its gradient, in blocks."""
        if tensor is None or gradient is None or gradient.layout is not torch.strided or tensor.is_complex():
            return None
        near, far = blocks(tensor, AFAR), blocks(gradient, AFAR)
        return {"shape": list(near.shape), "number": self._add(near), "gradient": self._add(far)}

    def _call(self, call: Call) -> dict[str, Any]:
        formula = Equation((self.notation[call.output], self.notation.formula(call)))
        definition = self.notation.definition(call)
        found = links(call, self.largest)
        return {
            "name": call.name,
            "module": call.module,
            "where": f"{PurePath(call.file).name}:{call.line}" if call.file else "",
            "rule": call.rule,
            "reason": call.reason,
            "formula": mathml(formula),
            "text": text(formula),
            "definition": mathml(definition) if definition is not None else None,
            "inputs": [self._place(value) for value in call.values],
            "output": self._place(call.output),
            "forward": self.templates.forward(call) if is_pointwise(call, found) else None,
            "compute": self._compute(call, found),
            "links": [self._link(link) for link in found],
        }

    def _compute(self, call: Call, found: list[Link]) -> dict[str, Any] | None:
        """How to compute the call again for other numbers, for the maps of prediction and loss."""
        match computation(call, found):
            case Products(operands, letters, added):
                return {
                    "kind": "product",
                    "operands": [self._place(operand) for operand in operands],
                    "letters": list(letters),
                    "added": None if added is None else self._place(added),
                }
            case Map(formula, arguments, reduction):
                body = expression(formula)
                named = {
                    name: {"value": self._place(a)} if isinstance(a, Value) else {"number": a}
                    for name, a in arguments.items()
                }
                how = {"kind": "map", "formula": body, "arguments": named, "reduction": reduction}
                return None if body is None else how
            case Total(value, mean):
                return {"kind": "mean" if mean else "sum", "input": self._place(value)}
        return None

    # ------------------------------------------------------------ links

    def _link(self, link: Link) -> dict[str, Any]:
        return {
            "argument": link.argument,
            "value": self._place(link.value),
            "output": self._place(link.output),
            "partial": self._partial(link),
            "why": link.why,
            "pattern": self._pattern(link),
        }

    def _partial(self, link: Link) -> str:
        if isinstance(link.pattern, Product | Windows):
            return self.templates.entry(link.output, link.value, link.pattern.other)
        formula = Number(1) if isinstance(link.pattern, Gathered) else link.partial
        return self.templates.partial(link.call, link.argument, link.value, formula) if formula is not None else ""

    def _pattern(self, link: Link) -> dict[str, Any] | None:
        """The pattern as data; None also where its numbers are too many."""
        match link.pattern:
            case Aligned(partials, input, output):
                whole = len(partials.shape) == max(len(input), len(output)) and self.batch.of(partials.shape)
                batched = whole and (self._batched(link.value) or self._batched(link.output))
                at = self._add_kept(partials, self.keep.activations, batched)
                shapes = [
                    self._shape(tuple(partials.shape), batched),
                    self._shape(input, self._batched(link.value)),
                    self._shape(output, self._batched(link.output)),
                ]
                return None if at is None else {"kind": "aligned", "partials": at, "shapes": shapes}
            case Product(other, letters, factor):
                return {"kind": "product", "other": self._place(other), "letters": list(letters), "factor": factor}
            case Windows(other, weight, stride, padding, dilation, groups):
                return {
                    "kind": "windows",
                    "other": self._place(other),
                    "weight": weight,
                    "stride": list(stride),
                    "padding": list(padding),
                    "dilation": list(dilation),
                    "groups": groups,
                }
            case Gathered(source):
                known = math.prod(self._shape(link.value.shape, self._batched(link.value)))
                inside = torch.where(source < known, source, -1)
                at = self._add_kept(inside, self.keep.activations, self._batched(link.output))
                return None if at is None else {"kind": "gathered", "source": at}
            case Rows(partials):
                at = self._add_kept(partials, self.keep.activations, self._batched(link.output))
                return None if at is None else {"kind": "rows", "partials": at}
        return None

    # ------------------------------------------------------------ the update

    def _last_rows(self) -> list[UpdateRow]:
        """The last update of each parameter in this step."""
        return list({row.parameter.index: row for row in self.rows}.values())

    def _parameter(self, row: UpdateRow) -> dict[str, Any]:
        value, change = row.parameter, row.change
        received = [b.received[value.index] for b in self.step.backwards if value.index in b.received]
        total = sum(map(dense, received[1:]), start=dense(received[0])) if received else None
        most = self.keep.weights
        return {
            "value": self._place(value),
            "after": self._add_kept(change.after, most),
            "received": self._add_kept(total, most),
            "used": self._add_kept(change.gradient, most),
            "flow": self._add_number(norm(change.before), norm(change.gradient), update_norm(change)),
            "optimizer": row.optimizer,
            "reason": row.reason,
            "settings": [
                {"symbol": MathMLWriter().write(symbol), "text": symbol.text, "at": self._add_number(number)}
                for symbol, number in row.settings.items()
            ],
            **self._lines(row),
        }

    def _not_in_rows(self) -> list[Value]:
        """The parameters whose update was too large to keep."""
        known = {row.parameter.name for row in self.rows}
        return [v for name, v in self.step.parameters.items() if name in self.norms and name not in known]

    def _unkept(self, value: Value) -> dict[str, Any]:
        """Such a parameter: its norms are all there is."""
        norms = self.norms[value.name]
        sizes = (norms.get(name, math.nan) for name in ("weight_norm", "gradient_norm", "update_norm"))
        return {
            "value": self._place(value),
            "after": None,
            "received": None,
            "used": None,
            "flow": self._add_number(*sizes),
            "optimizer": "",
            "reason": "its numbers were too many for the run",
            "settings": [],
            "lines": [],
            "quantities": {},
        }

    def _lines(self, row: UpdateRow) -> dict[str, Any]:
        """The optimizer's rule line by line, and the quantities it starts from."""
        quantities = {}
        for name, x in row.quantities().items():
            if not isinstance(x, Tensor):
                quantities[name] = {"at": self._add_number(float(x)), "single": True}
            elif row.parameter.numel <= self.keep.states and x.dtype.is_floating_point:
                quantities[name] = {"at": self._add(x.broadcast_to(row.parameter.shape)), "single": False}
        return {
            "lines": [_line(assignment.symbol, assignment.formula) for assignment in row.assignments],
            "quantities": quantities,
        }


@cache
def _line(symbol: Symbol, formula: Formula) -> dict[str, Any]:
    slots: dict[str, Formula] = {name: Slot(name, role="") for name in symbols_of(formula)}
    return {
        "name": symbol.name,
        "symbolic": mathml(Equation((symbol, formula), "←")),
        "numeric": template(replace(formula, slots)),
        "formula": expression(formula),
    }
