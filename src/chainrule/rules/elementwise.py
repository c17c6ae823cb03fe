"""Functions that act on each number alone: one expression for the value, one for each partial derivative.

x is the input and y the output; a partial written in y is the textbook's form or the numerically stable one.
Conventions at kinks are PyTorch's (tools/autograd/derivatives.yaml): relu'(0) = 0, |x|' at 0 is 0.
"""

from __future__ import annotations

import math

import torch

from chainrule.formula import Formula, Number, Symbol, Words, where
from chainrule.formula.tree import Phi, absolute, exp, log, maximum, minimum, phi, sigma, sign, sqrt, tanh
from chainrule.rules.rule import Adjoint, Bound, Elementwise, Gradients, Tensor, named, rule, sum_to, x, y

b = Symbol("other", "b", "b")
p = Symbol("exponent", "p", "p")
alpha = Symbol("alpha", "α", r"\alpha")
slope = Symbol("negative_slope", "α", r"\alpha")
beta = Symbol("beta", "β", r"\beta")
threshold = Symbol("threshold", "τ", r"\tau")

ONE = Number(1)


def real_only(c: Bound) -> str:
    values = (*c.call.outputs, *c.call.values)
    return "complex numbers" if any(value.dtype.is_complex for value in values) else ""


def unary(name: str, value, partial, symbol: str = "", functions: str = "", signature: str = "input", note: str = ""):  # type: ignore[no-untyped-def]
    """A function of x alone, with its derivative."""
    return Elementwise(name, value, {x: partial}, signature, functions.split(), symbol, note, real_only)


# ---------------------------------------------------------------- arithmetic


def plain_division(c: Bound) -> str:
    return "rounding_mode makes the slope zero" if c.rounding_mode is not None else real_only(c)


add = Elementwise("add", x + alpha * b, {x: ONE, b: alpha}, "input, other, *, alpha=1", declines=real_only)
sub = Elementwise(
    "sub", x - alpha * b, {x: ONE, b: -alpha}, "input, other, *, alpha=1", ["sub", "subtract"], declines=real_only
)
mul = Elementwise("mul", x * b, {x: b, b: x}, "input, other", ["mul", "multiply"], declines=real_only)
div = Elementwise(
    "div",
    x / b,
    {x: 1 / b, b: -x / (b * b)},
    "input, other, *, rounding_mode=None",
    ["div", "divide", "true_divide"],
    declines=plain_division,
)
neg = unary("neg", -x, Number(-1), functions="neg negative")


def pow_local(c: Bound, argument: str) -> Tensor:
    base, power = torch.as_tensor(c.input), torch.as_tensor(c.exponent)
    if argument == "input":  # 0 where p = 0, also at x = 0, where p·x^(p-1) would be 0·inf
        return torch.where(power == 0, torch.zeros_like(base), power * base ** torch.where(power == 0, 1, power - 1))
    # d x^p/dp = y ln x; 0 where x = 0 and p >= 0, where it would be 0·(-inf)
    flat = (base == 0) & (power >= 0)
    return c.output * torch.where(flat, torch.ones_like(c.output), base).log()  # type: ignore[no-any-return]


@rule(
    "pow",
    "input, exponent",
    formula=x**p,
    partials={"input": p * x ** (p - 1), "exponent": y * log(x)},
    keeps="input exponent output",
    declines=real_only,
    local=pow_local,
    magnitude=lambda c, m: {
        a: sum_to(m * pow_local(c, a).abs(), getattr(c, a).shape) for a in ("input", "exponent") if c.needs(a)
    },
)
def power(c: Bound, g: Tensor) -> Gradients:
    gradients: Gradients = {}
    if c.needs("input"):
        if isinstance(c.exponent, Tensor):
            local = pow_local(c, "input")
        else:
            local = c.exponent * c.input ** (c.exponent - 1) if c.exponent != 0 else torch.zeros_like(c.input)
        gradients["input"] = sum_to(g * local, c.input.shape)
    if c.needs("exponent"):
        gradients["exponent"] = sum_to(g * pow_local(c, "exponent"), c.exponent.shape)
    return gradients


# ---------------------------------------------------------------- functions of one number

exponential = unary("exp", exp(x), y)
logarithm = unary("log", log(x), 1 / x)
square_root = unary("sqrt", sqrt(x), 1 / (2 * y))
reciprocal_root = unary("rsqrt", 1 / sqrt(x), Number(-0.5) * y**3)
absolute_value = unary("abs", absolute(x), sign(x), functions="abs absolute")
square = unary("square", x * x, 2 * x)
reciprocal = unary("reciprocal", 1 / x, -(y * y))
sine = unary("sin", named("sin", x), named("cos", x), "sin")
cosine = unary("cos", named("cos", x), -named("sin", x), "cos")
exponential_less_one = unary("expm1", exp(x) - 1, y + 1)
logarithm_of_one_more = unary("log1p", log(1 + x), 1 / (1 + x))
error_function = unary("erf", named("erf", x), (2 / math.sqrt(math.pi)) * exp(-(x * x)), "erf")

# ---------------------------------------------------------------- the larger, the smaller, what lies between


def not_two_tensors(c: Bound) -> str:
    return real_only(c) if isinstance(c.other, Tensor) else "not two tensors"


larger = Elementwise(
    "maximum",
    maximum(x, b),
    {x: where(x > b, 1, where(x < b, 0, 0.5)), b: where(x > b, 0, where(x < b, 1, 0.5))},
    "input, other",
    ["maximum", "max"],
    "max",
    "½ to each where x = b, as PyTorch",
    not_two_tensors,
)
smaller = Elementwise(
    "minimum",
    minimum(x, b),
    {x: where(x < b, 1, where(x > b, 0, 0.5)), b: where(x < b, 0, where(x > b, 1, 0.5))},
    "input, other",
    ["minimum", "min"],
    "min",
    "½ to each where x = b, as PyTorch",
    not_two_tensors,
)

lowest, highest = Symbol("min", "lo"), Symbol("max", "hi")


def between(c: Bound, argument: str) -> Tensor:
    """1 where the argument of a clamp is the result, else 0; x on a bound is itself, and of crossed bounds hi wins."""
    low, high = (c.call.arguments.get(name) is not None for name in ("min", "max"))
    shape, always = c.call.outputs[0].shape, torch.ones((), dtype=torch.bool, device=c.input.device)
    if argument == "input":
        found = (c.input >= c.min if low else always) & (c.input <= c.max if high else always)
    elif argument == "min":
        found = (c.input < c.min) & (torch.as_tensor(c.min < c.max, device=c.input.device) if high else always)
    else:
        found = (c.input > c.max) | (torch.as_tensor(c.max < c.min, device=c.input.device) if low else ~always)
    return found.to(c.input.dtype).expand(shape)


def clamp_vjp(c: Bound, g: Tensor) -> Gradients:
    arguments = c.call.arguments
    return {
        name: sum_to(g * between(c, name), arguments[name].shape) for name in ("input", "min", "max") if c.needs(name)
    }


def clamped(name: str, signature: str, functions: str, value: Formula, partials: dict[str, Formula]) -> Adjoint:
    return rule(
        name,
        signature,
        functions=functions,
        formula=value,
        partials=partials,
        keeps=" ".join(partials),
        declines=real_only,
        magnitude=clamp_vjp,
        local=between,
        note="slope 1 on the bounds, as PyTorch",
    )(clamp_vjp)


def one_where(condition: str) -> Formula:
    return where(Words(condition), 1, 0)


clamp = clamped(
    "clamp",
    "input, min=None, max=None",
    "clamp clip",
    minimum(maximum(x, lowest), highest),
    {"input": one_where("lo ≤ x ≤ hi"), "min": one_where("x < lo"), "max": one_where("x > hi")},
)
clamp_min = clamped(
    "clamp_min",
    "input, min",
    "clamp_min",
    maximum(x, lowest),
    {"input": one_where("x ≥ lo"), "min": one_where("x < lo")},
)
clamp_max = clamped(
    "clamp_max",
    "input, max",
    "clamp_max",
    minimum(x, highest),
    {"input": one_where("x ≤ hi"), "max": one_where("x > hi")},
)

# ---------------------------------------------------------------- activations

sigmoid = unary("sigmoid", 1 / (1 + exp(-x)), y * (1 - y), "σ", "sigmoid special.expit")
hyperbolic_tangent = unary("tanh", tanh(x), 1 - y * y, "tanh")
relu = unary(
    "relu", maximum(0, x), where(y <= 0, 0, 1), "ReLU", "relu", "input, inplace=False", note="relu'(0) = 0, as PyTorch"
)
leaky_relu = unary(
    "leaky_relu",
    where(x > 0, x, slope * x),
    where(x > 0, 1, slope),
    "LeakyReLU",
    "F.leaky_relu",
    "input, negative_slope=0.01, inplace=False",
)
elu = unary(
    "elu",
    where(x > 0, x, alpha * (exp(x) - 1)),
    where(x > 0, 1, alpha * exp(x)),
    "ELU",
    "F.elu",
    "input, alpha=1.0, inplace=False",
)
silu = unary("silu", x * sigma(x), sigma(x) * (1 + x * (1 - sigma(x))), "SiLU", "F.silu", "input, inplace=False")
softplus = unary(
    "softplus",
    where(beta * x > threshold, x, log(1 + exp(beta * x)) / beta),
    where(beta * x > threshold, 1, sigma(beta * x)),
    "softplus",
    "F.softplus",
    "input, beta=1, threshold=20",
)
logsigmoid = unary("logsigmoid", -log(1 + exp(-x)), sigma(-x), "log σ", "F.logsigmoid")


def declines_form(form: str):  # type: ignore[no-untyped-def]
    return lambda c: f"approximate={c.approximate!r}" if c.approximate != form else real_only(c)


ROOT = math.sqrt(2 / math.pi)
bend = ROOT * (x + 0.044715 * x**3)
bend_slope = ROOT * (1 + 3 * 0.044715 * (x * x))
gelu = Elementwise(
    "gelu",
    x * Phi(x),
    {x: Phi(x) + x * phi(x)},
    "input, *, approximate='none'",
    ["F.gelu"],
    "GELU",
    "Hendrycks & Gimpel 2016, the exact form",
    declines_form("none"),
)
gelu_tanh = Elementwise(
    "gelu_tanh",
    x / 2 * (1 + tanh(bend)),
    {x: (1 + tanh(bend)) / 2 + x / 2 * (1 - tanh(bend) * tanh(bend)) * bend_slope},
    "input, *, approximate='none'",
    ["F.gelu"],
    "GELU",
    "Hendrycks & Gimpel 2016, the tanh form",
    declines_form("tanh"),
)

low, high = Symbol("min_val", "lo"), Symbol("max_val", "hi")
hardtanh = unary(
    "hardtanh",
    where(x <= low, low, where(x >= high, high, x)),
    where(x > low, where(x < high, 1, 0), 0),
    "hardtanh",
    "F.hardtanh",
    "input, min_val=-1.0, max_val=1.0, inplace=False",
)
relu6 = unary(
    "relu6",
    minimum(6, maximum(0, x)),
    where(x > 0, where(x < 6, 1, 0), 0),
    "ReLU6",
    "F.relu6",
    "input, inplace=False",
)
gate = tanh(named("log1p", exp(x)))  # tanh of softplus
mish = unary(
    "mish",
    x * gate,
    gate + x * sigma(x) * (1 - gate * gate),
    "Mish",
    "F.mish",
    "input, inplace=False",
    "Misra 2019",
)
softsign = unary("softsign", x / (1 + absolute(x)), 1 / (1 + absolute(x)) ** 2, "softsign", "F.softsign")
LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017
selu = unary(
    "selu",
    where(x > 0, LAMBDA * x, LAMBDA * ALPHA * (exp(x) - 1)),
    where(x > 0, LAMBDA, LAMBDA * ALPHA * exp(x)),
    "SELU",
    "F.selu torch.selu",
    "input, inplace=False",
    "Klambauer et al. 2017",
)


def in_double(c: Bound, constant: float, name: str) -> str:
    """PyTorch's kernel holds this constant as a float32, also where it computes in float64."""
    rounded = torch.tensor(constant, dtype=torch.float32).item() != constant
    if rounded and c.call.outputs[0].dtype == torch.float64:
        return f"float64, where PyTorch rounds {name} to float32"
    return real_only(c)


celu = Elementwise(
    "celu",
    where(x > 0, x, alpha * (exp(x / alpha) - 1)),
    {x: where(x > 0, 1, exp(x / alpha))},
    "input, alpha=1.0, inplace=False",
    ["F.celu", "torch.celu"],
    "CELU",
    "Barron 2017",
    lambda c: in_double(c, 1 / c.alpha, "1/α"),
)
hardsigmoid = Elementwise(
    "hardsigmoid",
    minimum(6, maximum(0, x + 3)) / 6,
    {x: where(x > -3, where(x < 3, 1 / 6, 0), 0)},
    "input, inplace=False",
    ["F.hardsigmoid"],
    "hardsigmoid",
    "Courbariaux et al. 2015",
    lambda c: in_double(c, 1 / 6, "1/6"),
)
hardswish = unary(
    "hardswish",
    x * minimum(6, maximum(0, x + 3)) / 6,
    where(x <= -3, 0, where(x < 3, x / 3 + 0.5, 1)),
    "hardswish",
    "F.hardswish",
    "input, inplace=False",
    "Howard et al. 2019",
)
bound, constant = Symbol("threshold", "τ", r"\tau"), Symbol("value", "v")
threshold_ = unary(
    "threshold",
    where(x > bound, x, constant),
    where(x > bound, 1, 0),
    "threshold",
    "F.threshold torch.threshold",
    "input, threshold, value, inplace=False",
)

a = Symbol("weight", "a", "a")


def per_channel(c: Bound) -> Tensor:
    """PReLU's slope, shaped to act on axis 1 of x."""
    if c.weight.numel() == 1:
        return c.weight.reshape(())  # type: ignore[no-any-return]
    return c.weight.reshape([-1 if axis == 1 else 1 for axis in range(c.input.dim())])  # type: ignore[no-any-return]


def prelu_gradients(c: Bound, g: Tensor, low: Tensor, slope: Tensor) -> Gradients:
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = torch.where(c.input > 0, g, g * slope)
    if c.needs("weight"):
        gradients["weight"] = sum_to(g * low, slope.shape).reshape(c.weight.shape)
    return gradients


@rule(
    "prelu",
    "input, weight",
    functions="torch.prelu F.prelu Tensor.prelu",
    formula=where(x > 0, x, a * x),
    partials={"input": where(x > 0, 1, a), "weight": where(x > 0, 0, x)},
    keeps="input weight",
    symbol="PReLU",
    note="He et al. 2015",
    local=lambda c, argument: torch.where(c.input > 0, 1.0, per_channel(c)) if argument == "input" else None,
    magnitude=lambda c, m: prelu_gradients(c, m, c.input.clamp_max(0).abs(), per_channel(c).abs()),
)
def prelu(c: Bound, g: Tensor) -> Gradients:
    return prelu_gradients(c, g, c.input.clamp_max(0), per_channel(c))
