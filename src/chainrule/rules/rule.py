"""What a rule is: the chain rule for one torch function, stated once.

A rule knows, for y = f(x, ...):

- the value, as notation (`formula`), and where the value is one expression, how to compute it;
- the local partial derivatives ∂y/∂x, as notation (`partials`);
- the vector-Jacobian product (`vjp`): from the upstream gradient ∂L/∂y to ∂L/∂x for every input. It is linear in
  the upstream gradient and made of differentiable torch operations, so that the full row of partials of any single
  number can be had from it;
- its `magnitude`: the same product with every term made positive, the scale against which rounding is judged;
- what it keeps: the arguments (and "output") whose numbers the vjp reads;
- what it covers: `declines` says why a particular call is left to autograd.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import torch

from chainrule.formula import Formula, Symbol, python, symbols_of
from chainrule.formula.tree import Apply, Binary, Cases, Negative, Number
from chainrule.step import Argument, Call, Value, map_argument

Tensor = torch.Tensor
# The gradient of each input by its argument's name; a list where the argument is a list of tensors.
Gradients: TypeAlias = "dict[str, Any]"

x = Symbol("input", "x", "x")
y = Symbol("output", "y", "y")


class Bound:
    """A call's arguments as a vjp reads them: `c.input`, `c.dim`, `c.output` are tensors and literals.

    A tensor whose numbers were not kept is stood in for by one of the same shape and dtype that uses no memory.
    """

    __slots__ = ("absolute", "call")

    def __init__(self, call: Call, absolute: bool = False) -> None:
        self.call = call
        self.absolute = absolute

    def __getattr__(self, name: str) -> Any:
        if name == "output":
            return self._numbers(self.call.outputs[0])
        try:
            argument = self.call.arguments[name]
        except KeyError:
            raise AttributeError(name) from None
        if isinstance(argument, Value):
            return self._numbers(argument)
        return map_argument(self._numbers, argument)

    def _numbers(self, part: Any) -> Any:
        if not isinstance(part, Value):
            return part
        if part.tensor is None:
            return torch.zeros((), dtype=part.dtype).expand(part.shape)
        return part.tensor.abs() if self.absolute and part.tensor.is_floating_point() else part.tensor

    def needs(self, name: str) -> bool:
        """Whether a gradient flows to this argument."""
        argument = self.call.arguments.get(name)
        if isinstance(argument, Value):
            return argument.requires_grad
        return isinstance(argument, list | tuple) and any(isinstance(a, Value) and a.requires_grad for a in argument)

    @property
    def saved(self) -> dict[str, Tensor]:
        return self.call.saved


# Names of arguments that torch also takes, from NumPy.
NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}


class Signature:
    """The arguments a rule knows, written as Python writes them: "input, weight, bias=None".

    A name with a star, "*shape", collects positional integers, or takes them as one tuple.
    """

    def __init__(self, written: str) -> None:
        scope: dict[str, Any] = {}
        exec(f"def function({written}): pass", scope)  # the text is ours, never the user's
        parameters = inspect.signature(scope["function"]).parameters.values()
        self.names = [p.name for p in parameters]
        self.positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.collects = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.defaults = {p.name: p.default for p in parameters if p.default is not p.empty}

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Arguments by name with defaults filled in; None when they do not fit."""
        bound = dict(self.defaults)
        bound.update(zip(self.positional, args, strict=False))
        surplus = args[len(self.positional) :]
        if self.collects:
            bound[self.collects] = surplus[0] if len(surplus) == 1 and isinstance(surplus[0], list | tuple) else surplus
        elif surplus:
            return None
        for name, value in kwargs.items():
            if name not in self.names:
                name = NUMPY_NAMES.get(name, name)
                if name not in self.names:
                    return None
            bound[name] = value
        return {name: bound[name] for name in self.names} if len(bound) == len(self.names) else None


class Rule:
    """The chain rule for one torch function; see the head of this file.

    name        the rule's own name, unique in the table
    functions   the torch functions it differentiates, by qualified name (rules/table.py resolves them)
    signature   the arguments by name
    formula     the value, in terms of symbols named after the arguments
    partials    ∂y/∂argument as notation
    symbol      how a composed formula writes it: "σ" prints σ(z); "" prints the formula itself
    keeps       names of the arguments (and "output") whose numbers the vjp reads
    """

    def __init__(
        self,
        name: str,
        signature: str,
        functions: Iterable[str],
        formula: Formula,
        partials: Mapping[str, Formula],
        keeps: Iterable[str],
        symbol: str = "",
        note: str = "",
    ) -> None:
        self.name = name
        self.signature = Signature(signature)
        self.functions = tuple(functions)
        self.formula = formula
        self.partials = dict(partials)
        self.keeps = frozenset(keeps)
        self.symbol = symbol
        self.note = note

    def declines(self, c: Bound) -> str:
        """Why this call is left to autograd, or "" when the rule covers it."""
        return ""

    def save(self, c: Bound, out: Tensor) -> dict[str, Tensor] | None:
        """Numbers to take at the moment of the call; None when they are not to be had and the rule declines."""
        return {}

    def vjp(self, c: Bound, g: Tensor) -> Gradients:
        """The gradient of every input, from the upstream gradient g of the output."""
        raise NotImplementedError

    def magnitude(self, c: Bound, m: Tensor) -> Gradients:
        """`vjp` with every term positive: the sum of |∂y/∂x|·m. By default, for rules whose terms are products."""
        return {name: absolute(g) for name, g in self.vjp(Bound(c.call, absolute=True), m).items()}

    def scale(self, c: Bound, *g: Tensor | None) -> Gradients:
        """The sizes of the terms that vjp(g) sums, for the same g. A rule of many steps, whose `magnitude` grows with
        each, takes them from the gradient as it is at each step."""
        return self.magnitude(c, *(t if t is None else t.abs() for t in g))  # type: ignore[arg-type]

    def local(self, c: Bound, argument: str) -> Tensor | None:
        """∂y/∂argument element by element, for rules where each output depends on one element of the argument."""
        return None

    def __repr__(self) -> str:
        return f"<rule {self.name}>"


def absolute(g: Any) -> Any:
    return [absolute(part) for part in g] if isinstance(g, list | tuple) else g if g is None else g.abs()


def in_dtype(part: Any, dtype: torch.dtype) -> Any:
    """A tensor in the dtype of the result, as PyTorch's promotion computes: 1/b for a count b is no float32 then."""
    return part.to(dtype) if isinstance(part, Tensor) and part.dtype != dtype else part


def sum_to(g: Tensor, shape: torch.Size | tuple[int, ...]) -> Tensor:
    """Sum a gradient over the axes along which its input was broadcast."""
    return g if g.shape == torch.Size(shape) else g.sum_to_size(shape)


# ---------------------------------------------------------------- notation read with torch


def _where(condition: Tensor, then: Any, otherwise: Any, dtype: torch.dtype) -> Tensor:
    """torch.where, with Python numbers taken in the call's own dtype rather than the default one."""
    first, second = (v if isinstance(v, Tensor) else torch.tensor(v, dtype=dtype) for v in (then, otherwise))
    return torch.where(condition, first, second)


# functions that torch has under the name of the notation
PLAIN = "sin cos tan asin acos atan atan2 sinh cosh asinh acosh atanh erf erfc erfinv log1p lgamma digamma i0"
TORCH = {
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "tanh": torch.tanh,
    "abs": abs,  # of numbers too
    "sign": torch.sgn,
    **{name: getattr(torch, name) for name in PLAIN.split()},
    "trigamma": lambda v: torch.polygamma(1, v),
    "i1": torch.special.i1,
    "ndtri": torch.special.ndtri,
    "erfcx": torch.special.erfcx,
    "sigma": torch.sigmoid,
    "Phi": torch.special.ndtr,
    "phi": lambda v: torch.exp(-v * v / 2) * 0.3989422804014327,  # 1/sqrt(2 pi)
    "max": lambda a, b: torch.clamp_min(b, a),
    "min": lambda a, b: torch.clamp_max(b, a),
    "where": _where,
}


def compile_torch(formula: Formula, arguments: list[str]) -> Callable[..., Any]:
    """The formula as a function of its arguments and of the dtype to compute in, made of torch operations."""
    source = python(formula, cases_need="dtype")
    scope = dict(TORCH)
    exec(f"def value({', '.join([*arguments, 'dtype'])}): return {source}", scope)
    return scope["value"]  # type: ignore[no-any-return]


def sizes(formula: Formula) -> Formula:
    """The formula with every term positive, |a| + |b| for a − b: the scale of its rounding."""
    match formula:
        case Binary("+" | "-", left, right):
            return sizes(left) + sizes(right)
        case Binary("*", left, right):
            return sizes(left) * sizes(right)
        case Binary("/", left, right):
            return sizes(left) / Apply("abs", (right,))
        case Negative(body):
            return sizes(body)
        case Cases(condition, then, otherwise):
            return Cases(condition, sizes(then), sizes(otherwise))
        case Number(value):
            return Number(abs(value))
    return Apply("abs", (formula,))


# ---------------------------------------------------------------- the kinds of rules


class Elementwise(Rule):
    """y[i] = f(x[i], ...), broadcast: the value is one expression, and so is every partial."""

    def __init__(
        self,
        name: str,
        value: Formula,
        partials: Mapping[Symbol, Formula],
        signature: str = "input",
        functions: Iterable[str] = (),
        symbol: str = "",
        note: str = "",
        declines: Callable[[Bound], str] | None = None,
    ) -> None:
        by_name = {argument.name: partial for argument, partial in partials.items()}
        read = set().union(*(symbols_of(partial) for partial in by_name.values()))
        super().__init__(name, signature, functions or (name,), value, by_name, read, symbol, note)
        self._declines = declines
        self._value = compile_torch(value, self.signature.names)
        self._arguments = {a: sorted(symbols_of(p)) for a, p in by_name.items()}
        self._partial = {a: compile_torch(p, self._arguments[a]) for a, p in by_name.items()}
        self._size = {a: compile_torch(sizes(p), self._arguments[a]) for a, p in by_name.items()}
        self._constant = {a: p.value for a, p in by_name.items() if isinstance(p, Number)}
        self._blocked: dict[str, Callable[..., Any]] = {}  # where the partial is 0 by cases, as the first of them
        for a, p in by_name.items():
            if isinstance(p, Cases) and p.then == Number(0):
                self._blocked[a] = compile_torch(p.condition, self._arguments[a])
                if p.otherwise == Number(1):
                    self._constant[a] = 1

    def declines(self, c: Bound) -> str:
        return self._declines(c) if self._declines else ""

    def value(self, **arguments: Argument) -> Tensor:
        """The value expression computed with torch; used by the tests and by native code's reference."""
        return self._value(**arguments, dtype=arguments["input"].dtype)  # type: ignore[no-any-return]

    def local(self, c: Bound, argument: str) -> Tensor:
        return self._read(self._partial[argument], c, argument)

    def _read(self, expression: Callable[..., Any], c: Bound, argument: str) -> Tensor:
        dtype = c.call.outputs[0].dtype
        found = expression(*(in_dtype(getattr(c, a), dtype) for a in self._arguments[argument]), dtype=dtype)
        return found if isinstance(found, Tensor) else torch.tensor(found, dtype=dtype)

    def _times_local(self, c: Bound, g: Tensor, positive: bool) -> Gradients:
        gradients: Gradients = {}
        for argument in self._partial:
            if not c.needs(argument):
                continue
            constant = self._constant.get(argument)
            if constant is not None:
                product = g if constant == 1 else g * (abs(constant) if positive else constant)
            else:
                expression = self._size if positive else self._partial
                product = g * self._read(expression[argument], c, argument)
            if argument in self._blocked:  # 0·g is NaN where g is not finite; a blocked gradient is 0, as in autograd
                product = passed(product, self._read(self._blocked[argument], c, argument))
            gradients[argument] = sum_to(product, getattr(c, argument).shape)
        return gradients

    def vjp(self, c: Bound, g: Tensor) -> Gradients:
        return self._times_local(c, g, positive=False)

    def magnitude(self, c: Bound, m: Tensor) -> Gradients:
        return self._times_local(c, m, positive=True)


def passed(product: Tensor, blocked: Tensor) -> Tensor:
    """The product, and 0 where blocked. To multiply takes a quarter of the time of filling by a mask, on a CPU."""
    found = (product * ~blocked).add_(0)  # −0 + 0 is 0
    return found if bool(found.sum().isfinite()) else product.masked_fill(blocked, 0)  # 0·∞ is no 0


class Contraction(Rule):
    """A sum of products over shared letters, such as y[n,m] = Σ_k x[n,k]·W[m,k], plus an optional added term.

    Linear in each operand, so the vjp of one operand is the same sum with the letters exchanged.
    `letters(c)` gives an einsum equation for the shapes at hand; "..." stands for batch axes that broadcast.
    """

    def __init__(
        self,
        name: str,
        signature: str,
        operands: tuple[str, str],
        letters: Callable[[Bound], str],
        formula: Formula,
        partials: Mapping[str, Formula],
        functions: Iterable[str] = (),
        added: str | None = None,
        scales: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(name, signature, functions or (name,), formula, partials, operands)
        self.operands = operands
        self.letters = letters
        self.added = added
        self.scales = scales  # names of (factor of the added term, factor of the product)

    def declines(self, c: Bound) -> str:
        return "complex numbers" if c.call.outputs[0].dtype.is_complex else ""

    def equations(self, c: Bound) -> tuple[str, str, str]:
        inputs, output = self.letters(c).split("->")
        first, second = inputs.split(",")
        return first, second, output

    def operand_entry(
        self, c: Bound, argument: str, at: tuple[int, ...], of: tuple[int, ...]
    ) -> tuple[str, tuple[int, ...]]:
        """Which entry of the other operand is ∂output[of]/∂argument[at]: its name and index."""
        first, second, output = (part.replace("...", "") for part in self.equations(c))
        mine, other, name = (first, second, 1) if argument == self.operands[0] else (second, first, 0)
        place = {**dict(zip(mine[::-1], at[::-1], strict=False)), **dict(zip(output[::-1], of[::-1], strict=False))}
        entry = tuple(place[letter] for letter in other)
        shape = getattr(c, self.operands[name]).shape
        batch = of[: len(of) - len(output)][-(len(shape) - len(entry)) or len(of) :]
        batch = tuple(0 if size == 1 else i for size, i in zip(shape, batch, strict=False))
        return self.operands[name], batch + entry

    def vjp(self, c: Bound, g: Tensor) -> Gradients:
        first, second, output = self.equations(c)
        a, b = (getattr(c, name) for name in self.operands)
        beta, alpha = (getattr(c, name) for name in self.scales) if self.scales else (1, 1)
        gradients: Gradients = {}
        if self.added and c.needs(self.added):
            added = sum_to(g, getattr(c, self.added).shape)
            gradients[self.added] = added if beta == 1 else added * beta
        if alpha != 1:
            g = g * alpha
        if c.needs(self.operands[0]):
            gradients[self.operands[0]] = contract(f"{output},{second}->{first}", g, b, a.shape)
        if c.needs(self.operands[1]):
            gradients[self.operands[1]] = contract(f"{output},{first}->{second}", g, a, b.shape)
        return gradients


def contract(equation: str, g: Tensor, other: Tensor, shape: torch.Size) -> Tensor:
    """The einsum with letters exchanged; axes that only the result has (a broadcast batch) are summed away."""
    inputs, output = equation.split("->")
    first, second = inputs.split(",")
    if "..." in inputs and "..." not in output:
        # The operand has no batch axes: fold them into one named letter and sum over it.
        batch = g.dim() - len(first.replace("...", ""))
        names = "ABCDEFGH"[:batch]
        equation = f"{first.replace('...', names)},{second.replace('...', names)}->{output}"
        if "..." in first and "..." in second:
            lead = g.shape[:batch]
            other = other.expand(lead + other.shape[other.dim() - len(second.replace("...", "")) :])
    return sum_to(torch.einsum(equation, g, other), shape)


class Adjoint(Rule):
    """Any other rule: its vjp is a function (c, g) -> gradients, given by the decorator `rule`."""

    def __init__(
        self,
        vjp: Callable[..., Gradients],
        *args: Any,
        declines: Callable[[Bound], str] | None,
        magnitude: Callable[[Bound, Tensor], Gradients] | None,
        save: Callable[[Bound, Tensor], dict[str, Tensor] | None] | None,
        local: Callable[[Bound, str], Tensor | None] | None,
        scale: Callable[..., Gradients] | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._vjp, self._declines, self._magnitude, self._save, self._local = vjp, declines, magnitude, save, local
        self._scale = scale

    def vjp(self, c: Bound, *g: Tensor) -> Gradients:
        return self._vjp(c, *g)

    def declines(self, c: Bound) -> str:
        return self._declines(c) if self._declines else ""

    def magnitude(self, c: Bound, *m: Tensor) -> Gradients:
        if self._magnitude:
            return self._magnitude(c, *m)
        return {name: absolute(g) for name, g in self._vjp(Bound(c.call, absolute=True), *m).items()}

    def scale(self, c: Bound, *g: Tensor | None) -> Gradients:
        return self._scale(c, *g) if self._scale else super().scale(c, *g)

    def save(self, c: Bound, out: Tensor) -> dict[str, Tensor] | None:
        return self._save(c, out) if self._save else {}

    def local(self, c: Bound, argument: str) -> Tensor | None:
        return self._local(c, argument) if self._local else None


def rule(
    name: str,
    signature: str,
    *,
    formula: Formula,
    partials: Mapping[str, Formula],
    keeps: str = "",
    functions: str = "",
    symbol: str = "",
    note: str = "",
    declines: Callable[[Bound], str] | None = None,
    magnitude: Callable[[Bound, Tensor], Gradients] | None = None,
    save: Callable[[Bound, Tensor], dict[str, Tensor] | None] | None = None,
    local: Callable[[Bound, str], Tensor | None] | None = None,
    scale: Callable[..., Gradients] | None = None,
) -> Callable[[Callable[..., Gradients]], Adjoint]:
    """Declare a rule by its adjoint: decorates the function (c, upstream) -> {argument: gradient}.

    `keeps` and `functions` are words separated by spaces; `functions` is the rule's name by default.
    """

    def declare(vjp: Callable[..., Gradients]) -> Adjoint:
        return Adjoint(
            vjp,
            name,
            signature,
            functions.split() or (name,),
            formula,
            partials,
            keeps.split(),
            symbol,
            note,
            declines=declines,
            magnitude=magnitude,
            save=save,
            local=local,
            scale=scale,
        )

    return declare


def named(function: str, *arguments: Formula) -> Formula:
    """Notation of a function that has a name of its own: softmax(x)."""
    return Apply(function, arguments)
