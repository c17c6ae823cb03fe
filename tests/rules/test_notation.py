"""What a rule shows is true: the partial is the derivative of the value, and the value is the torch function's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import pytest
import sympy
import torch
from rule_calls import make
from rule_samples import SAMPLES

from chainrule.formula import Formula, latex, mathml, python, text
from chainrule.rules import RULES, Bound, Elementwise
from chainrule.rules.losses import PointwiseLoss

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's advice on shapes and reductions
ELEMENTWISE = {name: rule for name, rule in RULES.items() if isinstance(rule, Elementwise)}
SHOWN = ELEMENTWISE | {name: rule for name, rule in RULES.items() if isinstance(rule, PointwiseLoss)}

SAME = ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh")
SYMPY = {
    "exp": sympy.exp,
    "log": sympy.log,
    "log1p": lambda x: sympy.log(1 + x),
    "sqrt": sympy.sqrt,
    "tanh": sympy.tanh,
    "abs": sympy.Abs,
    "sign": sympy.sign,
    **{name: getattr(sympy, name) for name in SAME},
    **{name: getattr(sympy, name) for name in ("erf", "erfc", "erfinv", "digamma")},
    "lgamma": sympy.loggamma,
    "trigamma": lambda x: sympy.polygamma(1, x),
    "i0": lambda x: sympy.besseli(0, x),
    "i1": lambda x: sympy.besseli(1, x),
    "ndtri": lambda x: sympy.sqrt(2) * sympy.erfinv(2 * x - 1),
    "erfcx": lambda x: sympy.exp(x * x) * sympy.erfc(x),
    "max": sympy.Max,
    "min": sympy.Min,
    "sigma": lambda x: 1 / (1 + sympy.exp(-x)),
    "Phi": lambda x: (1 + sympy.erf(x / sympy.sqrt(2))) / 2,
    "phi": lambda x: sympy.exp(-x * x / 2) / sympy.sqrt(2 * sympy.pi),
    "where": lambda condition, then, otherwise: sympy.Piecewise((then, condition), (otherwise, True)),
}
# Interior points only: no kink of any rule lies on one of them. Exact fractions, so nothing is rounded before the end.
POINTS = [sympy.Rational(*p) for p in ((-9, 2), (-7, 5), (-1, 3), (1, 7), (2, 5), (3, 5), (8, 3), (9, 4), (13, 2))]
DIGITS = 40  # of the evaluation; constants such as √(2/π) are written in double precision, and that is the limit
LIMIT = sympy.Float(2) ** -48


def read(formula: Formula, symbols: dict[str, Any]) -> Any:
    """The notation as SymPy understands it, by way of its Python source."""
    return eval(python(formula), dict(SYMPY), symbols)


def points(names: list[str], value: Any, symbols: dict[str, Any]) -> Iterator[dict[Any, Any]]:
    """Where the value is a real number: in two arguments every pair, the other arguments fixed."""
    others = {symbols[n]: sympy.Rational(2 + i, 3) for i, n in enumerate(names[2:])}
    for chosen in product(POINTS, repeat=min(len(names), 2)):
        at = dict(zip((symbols[n] for n in names[:2]), chosen, strict=True)) | others
        with suppress(ValueError):  # max(−100, ln x) for negative x
            if value.subs(at).evalf(DIGITS).is_real:
                yield at


def partial_is_the_derivative(rule: Any, argument: str, partial: Formula) -> None:
    """∂value/∂argument, differentiated by SymPy, equals the partial at every point."""
    names = rule.signature.names
    symbols = {name: sympy.Symbol(name, real=True) for name in names}
    value = sympy.sympify(read(rule.formula, symbols))
    shown = sympy.sympify(read(partial, symbols | {"output": value}))
    derivative = sympy.diff(value, symbols[argument])
    occurring = [n for n in names if symbols[n] in value.free_symbols]
    tried = 0
    for at in points(occurring, value, symbols):
        expected, found = (f.subs(at).evalf(DIGITS) for f in (derivative, shown))
        assert abs(expected - found) <= LIMIT * (1 + abs(expected)), f"at {at}: {found} is not {expected}"
        tried += 1
    assert tried >= 3, "no points inside the domain"


@pytest.mark.parametrize(
    ("name", "argument"), [(name, argument) for name, rule in SHOWN.items() for argument in rule.partials]
)
def test_partial_is_the_derivative(name: str, argument: str) -> None:
    rule = SHOWN[name]
    partial = rule.partials[argument]
    if isinstance(rule, PointwiseLoss):
        partial = partial.left  # type: ignore[attr-defined]  # the 1/N of the mean apart
    partial_is_the_derivative(rule, argument, partial)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu", "div", "mse_loss"])
def test_a_partial_wrong_by_a_thousandth_is_caught(name: str) -> None:
    rule = SHOWN[name]
    partial = rule.partials["input"]
    partial = partial.left if isinstance(rule, PointwiseLoss) else partial  # type: ignore[attr-defined]
    with pytest.raises(AssertionError):
        partial_is_the_derivative(rule, "input", partial * 1.001)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.rule in ELEMENTWISE], ids=repr)
def test_value_is_the_torch_function(sample: Any) -> None:
    """Where e^x does not overflow; as written the value rounds by a few u of 1: 1 + e^x loses what is far below 1."""
    made = make(sample.function, sample.args, sample.kwargs)
    (expected,) = made.outputs
    arguments = {name: getattr(Bound(made.call), name) for name in made.rule.signature.names}
    arguments["input"] = torch.as_tensor(arguments["input"], dtype=expected.dtype)
    found = made.rule.value(**arguments)
    moderate = (arguments["input"].abs() < 700).expand_as(expected)
    allowed = 64 * torch.finfo(expected.dtype).eps * (1 + expected.abs())
    assert bool(((found - expected).abs() <= allowed)[moderate].all()), f"{found} is not {expected}"


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_can_be_written(name: str) -> None:
    rule = RULES[name]
    for formula in (rule.formula, *rule.partials.values()):
        for write in (text, latex, mathml):
            assert write(formula)


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_input_with_a_gradient_has_a_partial(name: str) -> None:
    rule = RULES[name]
    for sample in (s for s in SAMPLES if s.rule == name):
        made = make(sample.function, sample.args, sample.kwargs)
        assert {argument for argument, *_ in made.inputs} <= set(rule.partials)
