"""The mathematical functions of one and two numbers beyond arithmetic: one expression each, and its derivative.

Those that are constant between their jumps (sign, floor, round, ...) have the derivative 0, at the jumps too, as in
PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from chainrule.formula import Formula, Number, Symbol, Words, where
from chainrule.formula.tree import Phi, absolute, exp, log, phi, sigma, sqrt
from chainrule.rules.elementwise import real_only, unary
from chainrule.rules.rule import Adjoint, Bound, Elementwise, Gradients, Tensor, named, rule, sum_to, x, y

b = Symbol("other", "b", "b")
ONE, ZERO = Number(1), Number(0)
LN2, LN10, PI = math.log(2), math.log(10), math.pi


def binary(name: str, value: Formula, by_x: Formula, by_other: Formula, functions: str = "", note: str = ""):  # type: ignore[no-untyped-def]
    """A function of x and b with its two derivatives."""
    return Elementwise(name, value, {x: by_x, b: by_other}, "input, other", functions.split(), "", note, real_only)


# ---------------------------------------------------------------- angles

tangent = unary("tan", named("tan", x), 1 + y * y, "tan")
arc_sine = unary("asin", named("asin", x), 1 / sqrt(1 - x * x), "asin", "asin arcsin")
arc_cosine = unary("acos", named("acos", x), -1 / sqrt(1 - x * x), "acos", "acos arccos")
arc_tangent = unary("atan", named("atan", x), 1 / (x * x + 1), "atan", "atan arctan")
squares = x * x + b * b
angle_of = binary(
    "atan2",
    named("atan2", x, b),
    where(squares > 0, b / squares, 0),
    where(squares > 0, -x / squares, 0),
    "atan2 arctan2",
    "slope 0 at the origin, as PyTorch",
)
hypotenuse = binary("hypot", sqrt(squares), x / y, b / y)
to_radians = unary("deg2rad", x * (PI / 180), Number(PI / 180))
to_degrees = unary("rad2deg", x * (180 / PI), Number(180 / PI))

# ---------------------------------------------------------------- hyperbolic functions

half_difference, half_sum = (exp(x) - exp(-x)) / 2, (exp(x) + exp(-x)) / 2
hyperbolic_sine = unary("sinh", half_difference, named("cosh", x), "sinh")
hyperbolic_cosine = unary("cosh", half_sum, named("sinh", x), "cosh")
area_sine = unary("asinh", named("asinh", x), 1 / sqrt(x * x + 1), "asinh", "asinh arcsinh")
area_cosine = unary("acosh", named("acosh", x), 1 / sqrt(x * x - 1), "acosh", "acosh arccosh")
area_tangent = unary("atanh", named("atanh", x), 1 / (1 - x * x), "atanh", "atanh arctanh")

# ---------------------------------------------------------------- exponentials and logarithms

power_of_two = unary("exp2", Number(2) ** x, y * LN2, functions="exp2 special.exp2")
binary_logarithm = unary("log2", log(x) / LN2, 1 / (x * LN2), "log₂")
decimal_logarithm = unary("log10", log(x) / LN10, 1 / (x * LN10), "log₁₀")
log_of_sum = binary("logaddexp", log(exp(x) + exp(b)), 1 / (1 + exp(b - x)), 1 / (1 + exp(x - b)))
log2_of_sum = binary(
    "logaddexp2",
    log(Number(2) ** x + Number(2) ** b) / LN2,
    1 / (1 + Number(2) ** (b - x)),
    1 / (1 + Number(2) ** (x - b)),
)
x_log_b = binary(
    "xlogy",
    where(absolute(x) > 0, x * log(b), 0),
    where(b > 0, log(b), where(absolute(x) > 0, log(b), 0)),
    x / b,
    "xlogy special.xlogy",
)
scaled_by_power = binary("ldexp", x * Number(2) ** b, Number(2) ** b, y * LN2)


def logit_declines(c: Bound) -> str:
    if c.eps is not None:
        return "eps moves the numbers near 0 and 1"
    return real_only(c) or ("numbers that are no probabilities" if bool(((c.input < 0) | (c.input > 1)).any()) else "")


logit = Elementwise(
    "logit",
    log(x / (1 - x)),
    {x: 1 / (x * (1 - x))},
    "input, eps=None",
    ["logit", "special.logit"],
    "logit",
    declines=logit_declines,
)
entropy = unary("entr", -x * log(x), -log(x) - 1, functions="special.entr")

# ---------------------------------------------------------------- the normal distribution and the gamma function

ROOT_PI, ROOT_2PI = math.sqrt(PI), math.sqrt(2 * PI)
complementary_error = unary("erfc", named("erfc", x), (-2 / ROOT_PI) * exp(-(x * x)), "erfc", "erfc special.erfc")
scaled_complementary_error = unary("erfcx", named("erfcx", x), 2 * x * y - 2 / ROOT_PI, "erfcx", "special.erfcx")
inverse_error = unary("erfinv", named("erfinv", x), (ROOT_PI / 2) * exp(y * y), "erf⁻¹", "erfinv special.erfinv")
normal_distribution = unary("ndtr", Phi(x), phi(x), "Φ", "special.ndtr")
normal_quantile = unary("ndtri", named("ndtri", x), ROOT_2PI * exp(y * y / 2), "Φ⁻¹", "special.ndtri")
log_normal = unary("log_ndtr", log(Phi(x)), exp(-(x * x) / 2 - y) / ROOT_2PI, "ln Φ", "special.log_ndtr")
log_gamma = unary("lgamma", named("lgamma", x), named("digamma", x), "ln Γ", "lgamma special.gammaln")
digamma = unary("digamma", named("digamma", x), named("trigamma", x), "ψ", "digamma special.digamma special.psi")
bessel = unary("i0", named("i0", x), named("i1", x), "I₀", "i0 special.i0")

# ---------------------------------------------------------------- shrinkage

bound = Symbol("lambd", "λ", r"\lambda")
hardshrink = unary(
    "hardshrink",
    where(absolute(x) > bound, x, 0),
    where(absolute(x) > bound, 1, 0),
    "hardshrink",
    "F.hardshrink torch.hardshrink Tensor.hardshrink",
    "input, lambd=0.5",
)
softshrink = unary(
    "softshrink",
    where(x > bound, x - bound, where(x < -bound, x + bound, 0)),
    where(absolute(x) > bound, 1, 0),
    "softshrink",
    "F.softshrink",
    "input, lambd=0.5",
)

# ---------------------------------------------------------------- mixtures of three

end, weight = Symbol("end", "e"), Symbol("weight", "w")
first, second, factor = Symbol("tensor1", "a"), Symbol("tensor2", "b"), Symbol("value", "v")
lerp = Elementwise(
    "lerp",
    x + weight * (end - x),
    {x: 1 - weight, end: weight, weight: end - x},
    "input, end, weight",
    declines=real_only,
)
addcmul = Elementwise(
    "addcmul",
    x + factor * (first * second),
    {x: ONE, first: factor * second, second: factor * first},
    "input, tensor1, tensor2, *, value=1",
    declines=real_only,
)
addcdiv = Elementwise(
    "addcdiv",
    x + factor * (first / second),
    {x: ONE, first: factor / second, second: -(factor * first) / (second * second)},
    "input, tensor1, tensor2, *, value=1",
    declines=real_only,
)
alpha = Symbol("alpha", "α", r"\alpha")
rsub = Elementwise(
    "rsub", b - alpha * x, {x: -alpha, b: ONE}, "input, other, *, alpha=1", ["torch.rsub"], declines=real_only
)

# ---------------------------------------------------------------- the larger and the smaller, nan apart

fmax = binary("fmax", where(x >= b, x, b), where(x >= b, 1, 0), where(x >= b, 0, 1), note="x where both are equal")
fmin = binary("fmin", where(x <= b, x, b), where(x <= b, 1, 0), where(x <= b, 0, 1), note="x where both are equal")

# ---------------------------------------------------------------- steps


def nothing(g: Tensor) -> Tensor:
    """0 for every number of the gradient, whatever it is."""
    return g.masked_fill(torch.ones_like(g, dtype=torch.bool), 0)


def steps(name: str, signature: str = "input", functions: str = "") -> Adjoint:
    """A function that is constant between its jumps."""
    return rule(
        name,
        signature,
        functions=functions,
        formula=named(name, x),
        partials={"input": ZERO},
        declines=real_only,
        local=lambda c, argument: torch.zeros((), dtype=c.call.outputs[0].dtype),
        note="slope 0, at the jumps too, as PyTorch",
    )(lambda c, g: {"input": nothing(g)})


sign = steps("sign", functions="sign sgn")
floor = steps("floor")
ceil = steps("ceil")
trunc = steps("trunc", functions="trunc fix")
round_ = steps("round", "input, *, decimals=0")
fraction = rule(
    "frac", "input", formula=x - named("trunc", x), partials={"input": ONE}, local=lambda c, _: torch.ones(())
)(lambda c, g: {"input": g})


def rest(name: str, whole: str, functions: str) -> Adjoint:
    """What a division by b leaves over: x − b·⌊x/b⌋."""
    quotient = getattr(torch, whole)

    def vjp(c: Bound, g: Tensor, positive: bool = False) -> Gradients:
        gradients: Gradients = {}
        if c.needs("input"):
            gradients["input"] = sum_to(g, c.call.arguments["input"].shape)
        if c.needs("other"):
            times = quotient(c.input / c.other)
            gradients["other"] = sum_to(g * (times.abs() if positive else -times), c.call.arguments["other"].shape)
        return gradients

    return rule(
        name,
        "input, other",
        functions=functions,
        formula=x - b * named(whole, x / b),
        partials={"input": ONE, "other": -named(whole, x / b)},
        keeps="input other",
        declines=real_only,
        magnitude=lambda c, m: vjp(c, m, positive=True),
    )(vjp)


remainder = rest("remainder", "floor", "remainder Tensor.__mod__")
fmod = rest("fmod", "trunc", "fmod")


def divided(c: Bound, g: Tensor) -> Gradients:
    return {name: sum_to(nothing(g), c.call.arguments[name].shape) for name in ("input", "other") if c.needs(name)}


whole_quotient = rule(
    "div_rounded",
    "input, other, *, rounding_mode=None",
    functions="div divide true_divide",
    formula=named("round", x / b),
    partials={"input": ZERO, "other": ZERO},
    declines=lambda c: "no rounding_mode" if c.rounding_mode is None else "",
    note="slope 0, at the jumps too, as PyTorch",
)(divided)


def same_sign(c: Bound, g: Tensor, positive: bool = False) -> Gradients:
    gradients: Gradients = {}
    if c.needs("input"):
        turned = torch.where(c.input == 0, 0, torch.where(c.input.signbit() == c.output.signbit(), 1, -1))
        gradients["input"] = sum_to(g * (turned.abs() if positive else turned), c.input.shape)
    if c.needs("other"):
        gradients["other"] = sum_to(nothing(g), c.call.arguments["other"].shape)
    return gradients


copysign = rule(
    "copysign",
    "input, other",
    formula=absolute(x) * named("sign", b),
    partials={"input": named("sign", x) * named("sign", b), "other": ZERO},
    keeps="input output",
    note="slope 0 at 0, as PyTorch",
    magnitude=lambda c, m: same_sign(c, m, positive=True),
)(same_sign)


def chosen_where(condition: Callable[[Bound], Tensor]) -> Callable[[Bound, Tensor], Gradients]:
    return lambda c, g: {"input": g.masked_fill(~condition(c), 0)}


nan_to_num = rule(
    "nan_to_num",
    "input, nan=0.0, posinf=None, neginf=None",
    formula=where(Words("x is finite"), x, Words("a number")),
    partials={"input": where(Words("x is finite"), 1, 0)},
    keeps="input",
    declines=real_only,
    local=lambda c, argument: c.input.isfinite().to(c.input.dtype),
)(chosen_where(lambda c: c.input.isfinite()))


def halves(c: Bound) -> tuple[Tensor, Tensor]:
    first, second = c.input.chunk(2, c.dim)
    return first, second


def gated(c: Bound, g: Tensor) -> Gradients:
    a, gate = halves(c)
    opened = torch.sigmoid(gate)
    return {"input": torch.cat([g * opened, g * a * opened * (1 - opened)], c.dim)}


def gated_size(c: Bound, m: Tensor) -> Gradients:
    a, gate = halves(c)
    opened = torch.sigmoid(gate)
    return {"input": torch.cat([m * opened, m * a.abs() * opened * (1 + opened)], c.dim)}


first_half, second_half = Symbol("first", "x₁", "x_1"), Symbol("second", "x₂", "x_2")
glu = rule(
    "glu",
    "input, dim=-1",
    functions="F.glu",
    formula=first_half * sigma(second_half),
    partials={
        "input": where(
            Words("the first half"), sigma(second_half), first_half * sigma(second_half) * sigma(-second_half)
        )
    },
    keeps="input",
    symbol="GLU",
    note="Dauphin et al. 2017; x₁ and x₂ are the halves of x",
    magnitude=gated_size,
)(gated)
