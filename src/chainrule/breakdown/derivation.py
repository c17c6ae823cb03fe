"""One weight, followed through all four steps: where its gradient came from, number by number.

The gradient of a weight is the sum, over every number it directly enters, of

    (partial of that number by the weight) × (gradient of the loss by that number),

and the gradient of that number is again such a sum, one call nearer the loss: the δ recursion. The partials of any rule
come from its vjp (breakdown/partials.py), so this works for every model.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import torch

from chainrule.breakdown.backward import reverse
from chainrule.breakdown.notation import Notation, averaged
from chainrule.breakdown.partials import Index, row
from chainrule.breakdown.samples import Samples
from chainrule.breakdown.update import UpdateLine, UpdateRow, at, update_rows
from chainrule.breakdown.verify import dense, pass_tolerance, roundoff
from chainrule.errors import BadOption, IndexOutOfRange, NotKept, ParameterMissing, SampleOutOfRange
from chainrule.formula import Formula, Number, Words, functions_of, replace, symbols_of, tidy
from chainrule.rules import Bound, Contraction, rule_of
from chainrule.rules.rule import TORCH
from chainrule.step import Argument, Call, Step, Value, arguments_of

Tensor = torch.Tensor
TERMS = 5  # the largest terms of a sum that are written out
SMALL = 1e-4  # a gradient this small beside its shares has lost digits to cancellation
SHARE_OF_ROUNDING = 0.01  # errors are mostly this much below their bound; what is smaller says nothing


@dataclass(frozen=True, slots=True)
class Term:
    """One product of a sum: how one number enters another one, and what the loss makes of that.

    call      the call it passes through
    into      the output it enters, `at` its index there
    formula   the partial in symbols, and in numbers where it is an expression of a few of them
    partial   ∂into[at]/∂(the number); nan for an opaque call, where only the product is known
    upstream  gradient of the loss by into[at]
    product   partial · upstream
    """

    call: Call
    into: Value
    at: Index
    formula: Formula
    numeric: Formula | None
    partial: float
    upstream: float
    product: float


@dataclass(frozen=True, slots=True)
class Level:
    """One number on the way to the loss, and the sum that is its gradient.

    value, at      the number: value[at]
    number         what the forward pass computed for it; nan where it was not kept
    gradient       of the loss by it: the sum of all its terms
    terms          the largest terms, largest first; with a sample chosen, of that sample
    more, rest     how many further terms there are that are not zero, and their exact sum
    """

    value: Value
    at: Index
    number: float
    gradient: float
    terms: tuple[Term, ...]
    more: int
    rest: float


@dataclass(frozen=True, slots=True)
class Derivation:
    """Where one weight's gradient came from.

    parameter, index   the weight
    value              before the step
    gradient           ours; the sum of the shares
    autograd           autograd's, for comparison; nan where it was not recorded
    used               the .grad the optimizer used: equal to `gradient` unless the script accumulated or clipped
    samples            number of samples in the batch, or None
    sample             the sample that is followed, or None
    shares             each sample's contribution to the gradient, or None
    scale              the sizes of the terms that were added up to the gradient, by which rounding is judged
    levels             from the weight towards the loss, following the largest term at each
    after              the weight the optimizer wrote; nan where not known
    lines              the optimizer's rule for this weight
    reason             why there are no lines, else ""
    """

    notation: Notation
    batch: Samples
    parameter: Value
    index: Index
    value: float
    gradient: float
    autograd: float
    used: float
    samples: int | None
    sample: int | None
    shares: tuple[float, ...] | None
    scale: float
    levels: tuple[Level, ...]
    after: float
    update: UpdateRow | None
    lines: tuple[UpdateLine, ...]
    loss: float
    step: int

    @property
    def is_chain(self) -> bool:
        """One path only: the sample's share is a single product."""
        return all(len(level.terms) == 1 and level.more == 0 for level in self.levels)

    @property
    def factors(self) -> tuple[float, ...]:
        """The partials along the followed path, from the loss down to the weight."""
        return tuple(level.terms[0].partial for level in reversed(self.levels) if level.terms)

    @property
    def share(self) -> float:
        """The followed sample's contribution; the whole gradient where there are no samples."""
        if self.shares is None or self.sample is None:
            return self.gradient
        return self.shares[self.sample]

    @property
    def recorded(self) -> bool:
        """Whether autograd's value is known; it may be NaN."""
        return any(self.parameter.index in backward.received for backward in self.notation.step.backwards)

    @property
    def difference(self) -> float:
        """|ours − autograd's|, relative to `scale`; both may be the same NaN or infinity."""
        if self.gradient == self.autograd or (math.isnan(self.gradient) and math.isnan(self.autograd)):
            return 0.0
        gap = abs(self.gradient - self.autograd)
        return gap / self.scale if self.scale > 0 and math.isfinite(gap) else math.inf

    @property
    def tolerance(self) -> float:
        """What rounding allows, relative to `scale`: as for the whole pass (breakdown/verify.py)."""
        bound = sum(pass_tolerance(backward) for backward in self.notation.step.backwards)
        return max(bound, 32 * roundoff(self.parameter.dtype))

    @property
    def agrees(self) -> bool:
        """Whether the difference to autograd is within what rounding allows for this step's calls."""
        return self.difference <= self.tolerance

    @property
    def is_rounding(self) -> bool:
        """Whether the gradient is nothing but rounding: exactly zero, or lost in the sizes of what was added."""
        return self.gradient == 0 or abs(self.gradient) <= self.tolerance * self.scale * SHARE_OF_ROUNDING

    @property
    def uses_other_gradient(self) -> bool:
        """Whether the optimizer was given another gradient than this step's loss has."""
        if math.isnan(self.used) or math.isnan(self.autograd):
            return False
        return abs(self.used - self.autograd) > 32 * roundoff(self.parameter.dtype) * abs(self.autograd)

    @property
    def per_hundredth(self) -> float:
        """To first order, how much the loss changes when the weight is raised by 0.01."""
        return 0.01 * self.gradient

    @property
    def cancellation(self) -> float:
        """|Σ shares| / Σ |shares|: 1 when all samples pull the same way, 0 when they cancel; nan without samples."""
        total = sum(abs(s) for s in self.shares or ())
        return abs(sum(self.shares or ())) / total if total > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Cancellation:
    """How far the samples' shares of the gradient cancel.

    ratio        root of Σ(Σ shares)² / Σ(Σ |shares|)² over the weights: 1 all pull one way, 0 they cancel
    prediction   mean prediction; spread is its range over the samples, error the largest |prediction − target|
    """

    ratio: float
    prediction: float
    spread: float | None
    error: float | None


@dataclass(slots=True)
class Deriver:
    """Derives weights of one step; keeps what all derivations of the step share."""

    step: Step
    notation: Notation = field(init=False)
    batch: Samples = field(init=False)
    consumers: dict[int, list[Call]] = field(init=False)

    def __post_init__(self) -> None:
        self.notation = Notation(self.step)
        self.batch = Samples(self.notation)
        self.consumers = {}
        for call in self.notation.calls:
            for index in {value.index for value in call.inputs}:
                self.consumers.setdefault(index, []).append(call)

    def derive(self, name: str, index: Index, sample: int | None = None) -> Derivation:
        """The derivation of parameter `name` at `index`, following one sample of the batch.

        Raises ParameterMissing, IndexOutOfRange, SampleOutOfRange, NotKept; BadOption where numbers are complex.
        """
        parameter = self.step.parameters.get(name)
        if parameter is None:
            raise ParameterMissing(name, sorted(self.step.parameters))
        if len(index) != len(parameter.shape) or not all(
            -size <= i < size for i, size in zip(index, parameter.shape, strict=True)
        ):
            raise IndexOutOfRange(name, index, parameter.shape)
        index = tuple(i % size for i, size in zip(index, parameter.shape, strict=True))
        if parameter.dtype.is_complex:
            raise complex_numbers(parameter)
        count = self.batch.count
        if sample is not None and not 0 <= sample < (count or 0):
            raise SampleOutOfRange(sample, count or 0)
        gradient = self._gradient(parameter)
        shares = self._shares(parameter, index)
        if sample is None and shares:
            sample = max(range(len(shares)), key=lambda n: abs(shares[n]) if math.isfinite(shares[n]) else math.inf)
        theirs = [b.received[parameter.index] for b in self.step.backwards if parameter.index in b.received]
        theirs_at = float(sum(t[index] for t in theirs)) if theirs else math.nan
        rows = [r for r in update_rows(self.step) if r.parameter is parameter]
        change = rows[-1].change if rows else None
        return Derivation(
            notation=self.notation,
            batch=self.batch,
            parameter=parameter,
            index=index,
            value=float(parameter.tensor[index]) if parameter.tensor is not None else math.nan,
            gradient=float(gradient[index]),
            autograd=theirs_at,
            used=float(change.gradient[index]) if change is not None else math.nan,
            samples=count,
            sample=sample,
            shares=shares,
            scale=self._scale(parameter, index, shares, float(gradient[index]), theirs_at),
            levels=tuple(self._levels(parameter, index, sample)),
            after=float(change.after[index]) if change is not None and change.after is not None else math.nan,
            update=rows[-1] if rows else None,
            lines=tuple(at(rows[-1], index)) if rows else (),
            loss=self.step.loss,
            step=self.step.index,
        )

    def weights(self, most: int) -> list[tuple[str, Index]] | None:
        """Every single weight of the step, where there are at most that many, all real; else None."""
        parameters = self.step.parameters
        if (
            any(value.dtype.is_complex for value in parameters.values())
            or sum(value.numel for value in parameters.values()) > most
        ):
            return None
        return [
            (name, tuple(int(i) for i in place))
            for name, value in parameters.items()
            if value.index in self.step.gradients
            for place in itertools.product(*(range(size) for size in value.shape))
        ]

    def cancellation(self, most: int = 64) -> Cancellation | None:
        """Whether the samples' shares cancel in every weight; None where there are no shares or too many weights."""
        weights = self.weights(most)
        if not weights or self.batch.count is None or self.batch.count < 2:
            return None
        total, size = 0.0, 0.0
        for name, index in weights:
            shares = self._shares(self.step.parameters[name], index)
            if shares is None:
                return None
            total, size = total + sum(shares) ** 2, size + sum(map(abs, shares)) ** 2
        if size == 0 or not math.isfinite(size):
            return None
        predicted = self.notation.prediction.tensor if self.notation.prediction is not None else None
        target = self.batch.target.tensor if self.batch.target is not None else None
        spread = float(predicted.max() - predicted.min()) if predicted is not None else None
        comparable = predicted is not None and target is not None and predicted.shape == target.shape
        return Cancellation(
            ratio=math.sqrt(total / size),
            prediction=float(predicted.mean()) if predicted is not None else math.nan,
            spread=spread,
            error=float((predicted - target).abs().max()) if comparable else None,  # type: ignore[operator]
        )

    # ------------------------------------------------------------ sums

    def _gradient(self, value: Value) -> Tensor:
        found = self.step.gradients.get(value.index)
        if found is None:
            raise not_kept(f"the gradient of {value.name or self.notation[value].text}", value)
        return dense(found)

    def _products(self, call: Call, value: Value, index: Index) -> list[tuple[Value, Tensor, Tensor]]:
        """(output, partials, gradient) for each output of a call with a rule that value[index] enters."""
        rule = rule_of(call)
        assert rule is not None
        lost = call.missing(rule.keeps)
        if lost:
            argument = [v for v in arguments_of(call.arguments.get(lost)) if v.tensor is None]
            raise not_kept(f"{lost} of {call.name} ({call.where})", argument or call.output)
        for v in call.outputs:
            if v.dtype.is_complex:
                raise complex_numbers(value)
            if v.index in self.step.lost:
                raise not_kept(f"the gradient of {self.notation[v].text}", v)
        upstream = [self.step.gradients.get(v.index) for v in call.outputs]
        rows = row(call, value, index, upstream)
        return [
            (output, partial, gradient)
            for output, partial, gradient in zip(call.outputs, rows, upstream, strict=True)
            if partial is not None and gradient is not None
        ]

    def _shares(self, value: Value, index: Index) -> tuple[float, ...] | None:
        """What each sample contributes; None where the numbers that the weight enters have no sample axis."""
        total: Tensor | None = None
        for call in self.consumers.get(value.index, ()):
            if call.rule is None:
                return None
            for output, partial, gradient in self._products(call, value, index):
                if not self.batch.of(output.shape):
                    return None
                share = live(partial, gradient, (partial != 0).any(0))[1]
                share = share.reshape(output.shape[0], math.prod(output.shape[1:])).sum(1)
                total = share if total is None else total + share
        return None if total is None else tuple(total.tolist())

    def _scale(
        self, value: Value, index: Index, shares: tuple[float, ...] | None, gradient: float, autograd: float
    ) -> float:
        """The sizes of the terms: of the shares where those say enough, else along the whole pass."""
        total = sum(map(abs, shares or ()))
        if math.isfinite(total) and abs(gradient) > SMALL * total and abs(gradient - autograd) < SMALL**2 * total:
            return total
        sizes = [m[value.index] for b in self.step.backwards if value.index in (m := reverse(b, magnitudes=True))]
        return max(total, float(sum(size[index] for size in sizes)) if sizes else 0.0, abs(gradient))

    # ------------------------------------------------------------ the path to the loss

    def _levels(self, value: Value, index: Index, sample: int | None) -> list[Level]:
        """One level for every number on the path that follows the largest term."""
        levels: list[Level] = []
        roots = {root.index for backward in self.step.backwards for root in backward.roots}
        while value.index not in roots:
            level = self._level(value, index, sample)
            levels.append(level)
            if not level.terms or level.terms[0].call.rule is None:
                break  # nothing further, or an opaque call: autograd's number ends the path
            value, index = level.terms[0].into, level.terms[0].at
        return levels

    def _level(self, value: Value, index: Index, sample: int | None) -> Level:
        found: list[Term] = []
        count, total = 0, 0.0
        for call in self.consumers.get(value.index, ()):
            if call.rule is None:
                found.append(self._opaque_term(call, value, index))
                count, total = count + 1, total + found[-1].product
                continue
            for output, rows, gradient in self._products(call, value, index):
                partial, pattern = rows, rows != 0
                lead: Index = ()
                if sample is not None and self.batch.of(output.shape):
                    pattern = pattern.any(0)  # the same for each sample, even where this one's partial is zero
                    partial, gradient, lead = partial[sample], gradient[sample], (sample,)
                entered, product = live(partial, gradient, pattern)
                flat = product.reshape(-1)
                used = int(entered.sum())
                count, total = count + used, total + float(flat.sum())
                places: list[int] = []
                if used == 0 and product.numel():
                    places = [_entered(value, index, output, rows)]
                elif used:
                    size = torch.nan_to_num(flat.abs(), math.inf) + torch.nan_to_num(partial.reshape(-1).abs()) * 1e-30
                    places = size.topk(min(TERMS, used)).indices.tolist()
                for place in places:
                    inner = tuple(int(i) for i in torch.unravel_index(torch.tensor(place), product.shape))
                    where = lead + inner
                    numbers = float(partial[inner]), float(gradient[inner]), float(product[inner])
                    symbolic, numeric = self._partial(call, value, index, output, where)
                    found.append(Term(call, output, where, symbolic, numeric, *numbers))
        found.sort(key=lambda term: -abs(term.product) if math.isfinite(term.product) else -math.inf)
        terms = tuple(found[:TERMS])
        rest = total - sum(term.product for term in terms)
        more = max(count - len(terms), 0)
        number = float(value.tensor[index]) if value.tensor is not None else math.nan
        return Level(value, index, number, total, terms, more, rest if more else 0.0)

    def _opaque_term(self, call: Call, value: Value, index: Index) -> Term:
        sent = [g for v, g in zip(call.inputs, call.sent or (), strict=False) if v is value and g is not None]
        product = float(sum(g[index] for g in sent)) if sent else 0.0
        words = Words(f"autograd through {call.name}")
        return Term(call, call.output, (), words, None, math.nan, math.nan, product)

    def _partial(
        self, call: Call, value: Value, index: Index, output: Value, at: Index
    ) -> tuple[Formula, Formula | None]:
        """The partial ∂output[at]/∂value[index] in symbols, and with numbers put in for them."""
        rule = rule_of(call)
        assert rule is not None
        name = next(n for n, a in call.arguments.items() if a is value or (isinstance(a, list | tuple) and value in a))
        if isinstance(rule, Contraction) and name in rule.operands:
            other, place = rule.operand_entry(Bound(call), name, index, at)
            operand = call.arguments[other]
            return Words(written(self.notation[operand].text, place)), None
        formula = rule.partials.get(name)
        if formula is None:
            return Words(f"{rule.name} by {name}"), None
        symbolic = self.notation.inside(call, formula)
        return symbolic, self._numbers(call, formula, value, index, output, at)

    def _numbers(
        self, call: Call, formula: Formula, value: Value, index: Index, output: Value, at: Index
    ) -> Formula | None:
        """A partial with this element's numbers put in; None where a symbol stands for more than one number."""
        if not functions_of(formula) <= TORCH.keys():
            return None
        known: dict[str, Formula] = {}
        for name in symbols_of(formula):
            argument = call.output if name == "output" else call.arguments.get(name)
            if name == "N":
                known[name] = Number(averaged(call))
            elif isinstance(argument, Value):
                number = element(argument, ((value.shape, index), (output.shape, at)))
                if number is None:
                    return None
                known[name] = Number(number, 5)
            elif isinstance(argument, int | float) and not isinstance(argument, bool):
                known[name] = Number(argument)
            else:
                return None
        return tidy(replace(formula, known))


def _entered(value: Value, index: Index, output: Value, rows: Tensor) -> int:
    """Which number of one sample's output the value enters, when its partial there is zero: as for other samples."""
    if output.shape == value.shape:
        place = torch.zeros(output.shape)
        place[index] = 1
        return int((place.reshape(output.shape[0], -1) if place.dim() > 1 else place.reshape(1, -1)).sum(0).argmax())
    pattern = rows.abs().reshape(rows.shape[0], -1).sum(0) if rows.dim() > 1 else rows.abs()
    return int(torch.nan_to_num(pattern).argmax())


def live(partial: Tensor, gradient: Tensor, pattern: Tensor) -> tuple[Tensor, Tensor]:
    """Which numbers are entered, and the products there: 0·∞ is NaN, and says nothing of a number not entered."""
    product = partial * gradient
    entered = (partial != 0) | (pattern & ~product.isfinite())
    return entered, product.masked_fill(~entered, 0)


def complex_numbers(value: Value) -> BadOption:
    return BadOption("weight", value.name, "its numbers, or those it enters, are complex: not derived one by one")


def not_kept(what: str, values: Argument) -> NotKept:
    largest = max(arguments_of(values), key=lambda value: value.numel)
    return NotKept(what, largest.shape)


def element(argument: Value, places: tuple[tuple[tuple[int, ...], Index], ...]) -> float | None:
    """The one number of an argument that goes with an element: found by shape, or the only one there is."""
    if argument.tensor is None:
        return None
    for shape, index in places:
        if argument.shape == shape:
            return float(argument.tensor[index])
    return float(argument.tensor) if argument.numel == 1 else None


def written(name: str, index: Index) -> str:
    """name[i,j]."""
    return f"{name}[{','.join(map(str, index))}]" if index else name
