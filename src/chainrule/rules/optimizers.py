"""Step 4 of backpropagation: how an optimizer turns a gradient into a new weight. One declaration per optimizer.

A declaration is a function of the optimizer's settings and state that yields its lines in order, in our notation:

    g ← g + λ·w,   m ← β₁·m + (1 − β₁)·g,   ...,   w ← w − η·m̂/(√v̂ + ε)

The same lines are shown, computed with torch (`replay`), bounded for rounding (`compare`) and read by native code.
Every symbol is assigned once: the old m is named "exp_avg" as in torch's state, the new one "m"; both print as m.

`replay` does what torch.optim's _single_tensor_* functions do, operation by operation, so that on a CPU the result is
theirs bit for bit. Fused and foreach kernels and tensors as settings round differently; `compare` knows by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch

from chainrule.formula import Formula, Number, Symbol, symbols_of
from chainrule.formula.tree import Apply, Binary, Negative, maximum, sqrt
from chainrule.step import ParameterUpdate

Tensor = torch.Tensor
Settings: TypeAlias = Mapping[str, Any]
State: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of an update: symbol ← formula. `into` names what it replaces: a part of the state, or "w"."""

    symbol: Symbol
    formula: Formula
    into: str = ""


Lines: TypeAlias = Generator[Assignment, None, None]

# ---------------------------------------------------------------- symbols: settings, state before, values computed

lr = Symbol("lr", "η", r"\eta")
weight_decay = Symbol("weight_decay", "λ", r"\lambda")
momentum = Symbol("momentum", "μ", r"\mu")
dampening = Symbol("dampening", "τ", r"\tau")
alpha = Symbol("alpha", "α", r"\alpha")
beta1 = Symbol("beta1", "β₁", r"\beta_1")
beta2 = Symbol("beta2", "β₂", r"\beta_2")
eps = Symbol("eps", "ε", r"\varepsilon")
lr_decay = Symbol("lr_decay", "κ", r"\kappa")
SETTINGS = (lr, weight_decay, momentum, dampening, alpha, beta1, beta2, eps, lr_decay)
t = Symbol("t", "t", "t")  # the number of this step, from 1

w = Symbol("w", "w", "w")
gradient = Symbol("gradient", "g", "g")
momentum_buffer = Symbol("momentum_buffer", "b", "b")
exp_avg = Symbol("exp_avg", "m", "m")
exp_avg_sq = Symbol("exp_avg_sq", "v", "v")
max_exp_avg_sq = Symbol("max_exp_avg_sq", "v_max", r"v_{\max}")
square_avg = Symbol("square_avg", "v", "v")
grad_avg = Symbol("grad_avg", "ḡ", r"\bar{g}")
squares = Symbol("sum", "s", "s")

g = Symbol("g", "g", "g")
b = Symbol("b", "b", "b")
nesterov = Symbol("nesterov", "b̃", r"\tilde{b}")
m = Symbol("m", "m", "m")
v = Symbol("v", "v", "v")
v_max = Symbol("v_max", "v_max", r"v_{\max}")
m_hat = Symbol("m_hat", "m̂", r"\hat{m}")
v_hat = Symbol("v_hat", "v̂", r"\hat{v}")
g_mean = Symbol("g_mean", "ḡ", r"\bar{g}")
variance = Symbol("variance", "v̄", r"\bar{v}")
s = Symbol("s", "s", "s")
rate = Symbol("rate", "η", r"\eta")
shrunk = Symbol("shrunk", "w", "w")
after = Symbol("after", "w", "w")

# ---------------------------------------------------------------- the declarations


def descent(settings: Settings, penalty: bool = True) -> Generator[Assignment, None, Symbol]:
    """g ← −g where the objective is maximized, g ← g + λ·w with an L2 penalty; returns the gradient to use."""
    formula: Formula = -gradient if settings.get("maximize") else gradient
    if penalty and settings["weight_decay"] != 0:
        formula = formula + weight_decay * w
    if formula is gradient:
        return gradient
    yield Assignment(g, formula)
    return g


def sgd(settings: Settings, state: State) -> Lines:
    direction = yield from descent(settings)
    if settings["momentum"] != 0:
        if state.get("momentum_buffer") is None:
            yield Assignment(b, direction, "momentum_buffer")
        elif settings["dampening"] != 0:
            yield Assignment(b, momentum * momentum_buffer + (1 - dampening) * direction, "momentum_buffer")
        else:
            yield Assignment(b, momentum * momentum_buffer + direction, "momentum_buffer")
        if settings["nesterov"]:
            yield Assignment(nesterov, direction + momentum * b)
            direction = nesterov
        else:
            direction = b
    yield Assignment(after, w - lr * direction, "w")


def adam(settings: Settings, state: State) -> Lines:
    return moments(settings, decoupled=settings.get("decoupled_weight_decay", False))


def adamw(settings: Settings, state: State) -> Lines:
    return moments(settings, decoupled=True)


def moments(settings: Settings, decoupled: bool) -> Lines:
    start = w
    if decoupled and settings["weight_decay"] != 0:
        yield Assignment(shrunk, (1 - lr * weight_decay) * w)
        start = shrunk
    direction = yield from descent(settings, penalty=not decoupled)
    yield Assignment(m, beta1 * exp_avg + (1 - beta1) * direction, "exp_avg")
    yield Assignment(v, beta2 * exp_avg_sq + (1 - beta2) * direction**2, "exp_avg_sq")
    second = v
    if settings["amsgrad"]:
        yield Assignment(v_max, maximum(max_exp_avg_sq, v), "max_exp_avg_sq")
        second = v_max
    yield Assignment(m_hat, m / (1 - beta1**t))
    yield Assignment(v_hat, second / (1 - beta2**t))
    yield Assignment(after, start - lr * m_hat / (sqrt(v_hat) + eps), "w")


def rmsprop(settings: Settings, state: State) -> Lines:
    direction = yield from descent(settings)
    yield Assignment(v, alpha * square_avg + (1 - alpha) * direction**2, "square_avg")
    second = v
    if settings["centered"]:
        yield Assignment(g_mean, alpha * grad_avg + (1 - alpha) * direction, "grad_avg")
        yield Assignment(variance, v - g_mean**2)
        second = variance
    if settings["momentum"] > 0:
        yield Assignment(b, momentum * momentum_buffer + direction / (sqrt(second) + eps), "momentum_buffer")
        yield Assignment(after, w - lr * b, "w")
    else:
        yield Assignment(after, w - lr * direction / (sqrt(second) + eps), "w")


def adagrad(settings: Settings, state: State) -> Lines:
    direction = yield from descent(settings)
    yield Assignment(s, squares + direction**2, "sum")
    pace = lr
    if settings["lr_decay"] != 0:
        yield Assignment(rate, lr / (1 + (t - 1) * lr_decay))
        pace = rate
    yield Assignment(after, w - pace * direction / (sqrt(s) + eps), "w")


# ---------------------------------------------------------------- notation read with torch


@dataclass(slots=True)
class Product:
    """over/under · top·top/bottom: numbers are gathered apart from tensors, so that they meet them in one operation.

    `fresh` says that the first top is a temporary that nobody else holds and may be overwritten.
    """

    over: float = 1.0
    under: float = 1.0
    tops: tuple[Tensor, ...] = ()
    bottoms: tuple[Tensor, ...] = ()
    fresh: bool = False

    @property
    def number(self) -> float:
        return self.over / self.under

    @property
    def is_number(self) -> bool:
        return not self.tops and not self.bottoms

    def tensor(self) -> tuple[Tensor, bool]:
        """The product carried out, and whether the tensor is a temporary."""
        if not self.tops:
            return self.number / self.bottoms[0], True
        value, fresh = self.tops[0], self.fresh
        steps: list[tuple[Callable[..., Tensor], Tensor | float]] = []
        steps += [(torch.mul, top) for top in self.tops[1:]]
        steps += [(torch.div, bottom) for bottom in self.bottoms]
        if self.over != 1:
            steps.append((torch.mul, self.number))
        elif self.under != 1:
            steps.append((torch.div, self.under))
        for operation, other in steps:
            value = operation(value, other, out=value if fresh else None)
            fresh = True
        return value, fresh


def evaluate(formula: Formula, values: Mapping[str, Product]) -> Product:
    """The formula computed with torch, in as few operations over whole tensors as torch.optim itself uses."""
    match formula:
        case Symbol():
            return values[formula.name]
        case Number():
            return Product(formula.value)
        case Negative(body):
            p = evaluate(body, values)
            return replace(p, over=-p.over)
        case Binary("*" | "/" as operator, left, right):
            p, q = evaluate(left, values), evaluate(right, values)
            if operator == "/":
                q = Product(q.under, q.over, q.bottoms, q.tops)
            return Product(p.over * q.over, p.under * q.under, p.tops + q.tops, p.bottoms + q.bottoms)
        case Binary("**", base, Number(2)):
            p = evaluate(base, values)
            return Product(p.over**2, p.under**2, 2 * p.tops, 2 * p.bottoms)
        case Binary("**", base, exponent):
            return Product(evaluate(base, values).number ** evaluate(exponent, values).number)
        case Binary("+", Binary("*", share, left), Binary("*", Binary("-", Number(1), rest), right)) if share == rest:
            return mean(evaluate(share, values), evaluate(left, values), evaluate(right, values))
        case Binary("+" | "-" as operator, left, right):
            q = evaluate(right, values)
            return added(evaluate(left, values), replace(q, over=-q.over) if operator == "-" else q)
        case Apply("sqrt", (body,)):
            p = evaluate(body, values)
            root, fresh = Product(1.0, 1.0, p.tops, p.bottoms, p.fresh).tensor()
            return Product(p.over**0.5, p.under**0.5, (root.sqrt_() if fresh else root.sqrt(),), fresh=True)
        case Apply("max", (left, right)):
            (a, _), (c, _) = evaluate(left, values).tensor(), evaluate(right, values).tensor()
            return Product(tops=(torch.maximum(a, c),), fresh=True)
    raise TypeError(f"an update is not written with {formula!r}")


def mean(share: Product, a: Product, c: Product) -> Product:
    """share·a + (1 − share)·c: one interpolation, or for c = d·d a sum of two terms."""
    rest = 1 - share.number
    if len(c.tops) == 1:
        return Product(tops=(torch.lerp(a.tensor()[0], c.tensor()[0], rest),), fresh=True)
    return added(replace(a, over=share.number * a.over), replace(c, over=rest * c.over))


def added(a: Product, c: Product) -> Product:
    """a + c, where the product c is multiplied and added in one operation."""
    if a.is_number and c.is_number:
        return Product(a.number + c.number)
    if a.is_number:
        a, c = c, a
    base, fresh = a.tensor()
    out = base if fresh else None
    match len(c.tops), len(c.bottoms):
        case 0, 0:
            total = torch.add(base, c.number, out=out)
        case 1, 0:
            total = torch.add(base, c.tops[0], alpha=c.number, out=out)
        case 2, 0:
            total = torch.addcmul(base, *c.tops, value=c.number, out=out)
        case 1, 1:
            total = torch.addcdiv(base, c.tops[0], c.bottoms[0], value=c.number, out=out)
        case _:
            total = torch.add(base, c.tensor()[0], out=out)
    return Product(tops=(total,), fresh=True)


# ---------------------------------------------------------------- rounding

Bounded: TypeAlias = "tuple[Any, Any]"  # a number or tensor, and how far rounding can have moved it


@dataclass(frozen=True, slots=True)
class Rounding:
    """Running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.3).

    Each operation is charged the errors of its operands, carried through it, and `unit` times the size of its terms.
    `unit` is the dtype's eps, twice the rounding error of one operation: the other half pays for a setting that is
    rounded to the dtype first. Sums are charged for |a| + |b|, not |a + b|, so that the bound holds in any order of
    summation, fused or not. `scalar` is the unit of operations among settings, 2⁻⁵² for Python's own numbers.
    """

    unit: float
    scalar: float
    smallest: float  # an underflow loses this much

    def charge(self, *terms: Any) -> Any:
        size = sum(abs(term) for term in terms)
        return self.unit * size + self.smallest if isinstance(size, Tensor) else self.scalar * size

    def bound(self, formula: Formula, values: Mapping[str, Bounded]) -> Bounded:
        match formula:
            case Symbol():
                return values[formula.name]
            case Number():
                return formula.value, 0.0
            case Negative(body):
                a, da = self.bound(body, values)
                return -a, da
            case Binary("**", base, Number(2)):
                return self.bound(base * base, values)
            case Binary(operator, left, right):
                (a, da), (c, dc) = self.bound(left, values), self.bound(right, values)
                return self.binary(operator, a, da, c, dc)
            case Apply("sqrt", (body,)):
                a, da = self.bound(body, values)
                # |√a − √(a ± da)| ≤ da/√a, and ≤ √da where da is as large as a
                return a.sqrt(), torch.where(da < a, da / a.sqrt(), da.sqrt()) + self.charge(a.sqrt())
            case Apply("max", (left, right)):
                (a, da), (c, dc) = self.bound(left, values), self.bound(right, values)
                return torch.maximum(a, c), torch.maximum(da, dc)
        raise TypeError(f"an update is not written with {formula!r}")

    def binary(self, operator: str, a: Any, da: Any, c: Any, dc: Any) -> Bounded:
        match operator:
            case "+":
                return a + c, da + dc + self.charge(a, c)
            case "-":
                return a - c, da + dc + self.charge(a, c)
            case "*":
                return a * c, abs(a) * dc + abs(c) * da + self.charge(a * c)
            case "/":
                least = abs(c) - dc  # the smallest the divisor can be
                least = least.clamp_min(0) if isinstance(least, Tensor) else max(least, 0.0)
                return a / c, (da + abs(a / c) * dc) / least + self.charge(a / c)
            case "**":  # of settings only: β^t
                return a**c, abs(c * a ** (c - 1)) * da + self.charge(a**c)
        raise TypeError(f"an update is not written with {operator}")


# ---------------------------------------------------------------- an update rule


@dataclass(frozen=True, slots=True)
class UpdateRule:
    """How one optimizer of torch.optim updates a weight.

    name        the class's name in torch.optim
    reference   the paper, the torch function, and how PyTorch differs from the paper
    lines       the declaration: the update's lines from settings and state
    state       what the optimizer keeps between steps, zero at first, named by torch's own keys
    """

    name: str
    reference: str
    lines: Callable[[Settings, State], Iterable[Assignment]]
    state: tuple[Symbol, ...]

    def assignments(self, settings: Settings, state: State) -> list[Assignment]:
        """The lines of the update in order; the last one assigns the new weight, named "after"."""
        return list(self.lines(settings, state))

    def symbols(self, settings: Settings, state: State) -> dict[Symbol, float]:
        """The settings that the update reads, with their values: η = 0.1."""
        read = set().union(*(symbols_of(line.formula) for line in self.lines(settings, state)))
        values = numbers(settings)
        return {symbol: values[symbol.name] for symbol in SETTINGS if symbol.name in read}

    def covers(self, update: ParameterUpdate) -> str:
        """Why this update cannot be replayed; "" when it can."""
        if update.before.is_complex():
            return "complex numbers"
        if update.gradient.layout is not torch.strided:
            return "sparse gradient"
        if update.settings.get("differentiable"):
            return "differentiable=True"
        return ""

    def inputs(self, update: ParameterUpdate) -> dict[str, float | Tensor]:
        """What the lines start from, by symbol name: the settings, t, "w", "gradient" and the state."""
        found: dict[str, float | Tensor] = {**numbers(update.settings)}
        found |= {"t": float(update.state.get("step", 0)) + 1, "w": update.before, "gradient": update.gradient}
        for symbol in self.state:
            kept = update.state.get(symbol.name)
            found[symbol.name] = update.before.new_zeros(()).expand_as(update.before) if kept is None else kept
        return found

    @torch.no_grad()
    def replay(self, update: ParameterUpdate) -> dict[str, Tensor]:
        """The value of every assigned symbol by its name, and "w" as it was before; the new weight is "after".

        The update's own tensors are not changed; where a line only renames one (b ← g), the value is that tensor.
        """
        computed = self._compute(update)
        values = {
            name: torch.tensor(p.number, dtype=torch.double) if p.is_number else p.tensor()[0]
            for name, p in computed.items()
        }
        return {"w": update.before, **values}

    @torch.no_grad()
    def result(self, update: ParameterUpdate) -> Tensor:
        """The new weight alone, without carrying out what only a reader wants to see."""
        return self._compute(update)["after"].tensor()[0]

    @torch.no_grad()
    def compare(self, update: ParameterUpdate, result: Tensor | None = None) -> tuple[float, float]:
        """(difference, tolerance) between our new weight and the one that the optimizer wrote.

        Both are relative to |w| + |w' − w| and taken at the element that is worst for its own tolerance. The tolerance
        is twice the running error bound: each of the two computations may be off by it. Where all are equal: (0, eps).
        """
        if update.after is None:
            raise ValueError("the weight after this update was not recorded")
        ours, written = self.result(update) if result is None else result, update.after
        eps_of_weight = torch.finfo(ours.dtype).eps
        if torch.equal(ours, written):
            return 0.0, eps_of_weight
        differs = ((ours != written) & ~(ours.isnan() & written.isnan())).flatten()
        if not differs.any():
            return 0.0, eps_of_weight
        change = only(update, differs)
        ours, written = ours.flatten()[differs].double(), written.flatten()[differs].double()
        before = change.before.double()
        difference = (ours - written).abs().nan_to_num(torch.inf, torch.inf)
        tolerance = 2 * self.rounding(change).nan_to_num(0, torch.inf)
        worst = int((difference / tolerance).nan_to_num(torch.inf).argmax())
        scale = (before.abs() + (written - before).abs())[worst].clamp_min(torch.finfo(torch.double).tiny)
        return float(difference[worst] / scale), float(tolerance[worst] / scale)

    @torch.no_grad()
    def rounding(self, update: ParameterUpdate) -> Tensor:
        """How far rounding can move the new weight from the exact result of the lines, element by element."""
        finfo = torch.finfo(update.before.dtype)
        scalar = max(
            (torch.finfo(x.dtype).eps for x in tensors(update.settings)), default=torch.finfo(torch.double).eps
        )
        if update.settings.get("capturable"):  # then the step is a float32 tensor, and so is all that follows from it
            scalar = max(scalar, torch.finfo(torch.float32).eps)
        rounding = Rounding(finfo.eps, scalar, finfo.tiny * finfo.eps)
        values: dict[str, Bounded] = {
            name: (x.double(), torch.zeros_like(x, dtype=torch.double)) if isinstance(x, Tensor) else (x, 0.0)
            for name, x in self.inputs(update).items()
        }
        for line in self.lines(update.settings, update.state):
            values[line.symbol.name] = rounding.bound(line.formula, values)
        error: Tensor = values["after"][1]
        return error

    def _compute(self, update: ParameterUpdate) -> dict[str, Product]:
        inputs = self.inputs(update)
        values = {name: Product(tops=(x,)) if isinstance(x, Tensor) else Product(x) for name, x in inputs.items()}
        computed = {}
        for line in self.lines(update.settings, update.state):
            found = evaluate(line.formula, values)
            values[line.symbol.name] = computed[line.symbol.name] = replace(found, fresh=False)
        return computed


def only(update: ParameterUpdate, chosen: Tensor) -> ParameterUpdate:
    """The update of the chosen elements alone; `chosen` is flat."""
    shape = update.before.shape

    def pick(x: Any) -> Any:
        return x.flatten()[chosen] if isinstance(x, Tensor) and x.shape == shape else x

    state = {name: x if name == "step" else pick(x) for name, x in update.state.items()}
    return ParameterUpdate(pick(update.before), pick(update.gradient), state, update.settings)


def numbers(settings: Settings) -> dict[str, float]:
    """The settings as Python numbers, by the names of their symbols."""
    first, second = settings.get("betas", (0.0, 0.0))
    named = {**settings, "beta1": first, "beta2": second}
    return {symbol.name: float(named[symbol.name]) for symbol in SETTINGS if symbol.name in named}


def tensors(settings: Settings) -> list[Tensor]:
    """The settings that are tensors."""
    single = [settings.get(symbol.name) for symbol in SETTINGS]
    return [x for x in [*single, *settings.get("betas", ())] if isinstance(x, Tensor) and x.is_floating_point()]


UPDATE_RULES: dict[str, UpdateRule] = {
    rule.name: rule
    for rule in (
        UpdateRule(
            "SGD",
            "Sutskever et al., On the importance of initialization and momentum in deep learning, 2013. "
            "torch.optim.sgd._single_tensor_sgd. "
            "The paper puts the learning rate into the momentum (b ← μ·b − η·g, w ← w + b); PyTorch multiplies by it "
            "at the end, and its first b is the gradient, without 1 − τ.",
            sgd,
            (momentum_buffer,),
        ),
        UpdateRule(
            "Adam",
            "Kingma & Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1; "
            "AMSGrad: Reddi et al., On the Convergence of Adam and Beyond, 2018. torch.optim.adam._single_tensor_adam. "
            "As in algorithm 1, ε is added to the corrected root. AMSGrad's paper corrects no bias; PyTorch takes the "
            "largest v first and corrects that. The decay λ is an L2 penalty.",
            adam,
            (exp_avg, exp_avg_sq, max_exp_avg_sq),
        ),
        UpdateRule(
            "AdamW",
            "Loshchilov & Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2. "
            "torch.optim.adam._single_tensor_adam with decoupled_weight_decay. "
            "The paper shrinks the weight by λ times the schedule; PyTorch by λ times the learning rate.",
            adamw,
            (exp_avg, exp_avg_sq, max_exp_avg_sq),
        ),
        UpdateRule(
            "RMSprop",
            "Hinton, Neural Networks for Machine Learning, lecture 6e, 2012; "
            "centered: Graves, Generating Sequences With Recurrent Neural Networks, 2013, eq. 38-45. "
            "torch.optim.rmsprop._single_tensor_rmsprop. "
            "PyTorch adds ε outside the root; Graves adds it inside, and the lecture has none.",
            rmsprop,
            (square_avg, grad_avg, momentum_buffer),
        ),
        UpdateRule(
            "Adagrad",
            "Duchi, Hazan & Singer, Adaptive Subgradient Methods, 2011. torch.optim.adagrad._single_tensor_adagrad. "
            "ε is added outside the root, as the paper's δ (many books put it inside); the decay κ of the learning "
            "rate is PyTorch's.",
            adagrad,
            (squares,),
        ),
    )
}

__all__ = ["UPDATE_RULES", "Assignment", "UpdateRule"]
