"""Functions of a whole matrix: trace, inverse, determinant, the solution of equations, Cholesky's factor.

Their derivatives: Giles, An extended collection of matrix derivative results, 2008.
"""

from __future__ import annotations

import torch

from chainrule.formula import Index, Number, Sum, Symbol, Transpose, Words, symbols, where
from chainrule.rules.rule import Bound, Gradients, Tensor, named, rule, sum_to, x, y

i, j = symbols("i j")
inverse = named("inv", x)
b = Symbol("B")


def real_only(c: Bound) -> str:
    return "complex numbers" if c.call.outputs[0].dtype.is_complex else ""


def inverse_size(a: Tensor, inverse: Tensor) -> Tensor:
    """|A⁻¹| |A| |A⁻¹|: how far rounding can move the inverse; at least |A⁻¹|."""
    return inverse.abs() @ a.abs() @ inverse.abs()


@rule(
    "trace",
    "input",
    formula=Sum("i", Index(x, (i, i))),
    partials={"input": where(Words("on the diagonal"), 1, 0)},
)
def trace(c: Bound, g: Tensor) -> Gradients:
    shape = c.call.arguments["input"].shape
    return {"input": torch.eye(*shape, dtype=g.dtype, device=g.device) * g}


@rule(
    "inv",
    "input",
    functions="torch.inverse Tensor.inverse linalg.inv",
    formula=inverse,
    partials={"input": -(y @ y)},
    keeps="output",
    declines=real_only,
    magnitude=lambda c, m: inv_size(c, m),
)
def inv(c: Bound, g: Tensor) -> Gradients:
    turned = c.output.mT
    return {"input": -(turned @ g @ turned)}


def inv_size(c: Bound, m: Tensor) -> Gradients:
    size = inverse_size(torch.linalg.inv(c.output), c.output).mT
    return {"input": size @ m @ size}


def inverted(c: Bound) -> Tensor:
    found: Tensor = torch.linalg.inv(c.input)
    return found


def singular(c: Bound) -> str:
    if real_only(c) or not c.input.numel():
        return real_only(c) or "an empty matrix"
    with torch.no_grad():
        fine = torch.linalg.inv_ex(c.input).info == 0
    return "" if bool(fine.all()) else "a singular matrix"


def each(g: Tensor) -> Tensor:
    """A number for each matrix, shaped to multiply matrices."""
    return g[..., None, None]


det = rule(
    "det",
    "input",
    functions="torch.det Tensor.det linalg.det",
    formula=named("det", x),
    partials={"input": y * Transpose(inverse)},
    keeps="input output",
    declines=singular,
    magnitude=lambda c, m: {"input": each(m * c.output.abs()) * inverse_size(c.input, inverted(c)).mT},
)(lambda c, g: {"input": each(g * c.output) * inverted(c).mT})
logdet = rule(
    "logdet",
    "input",
    functions="torch.logdet Tensor.logdet",
    formula=named("log det", x),
    partials={"input": Transpose(inverse)},
    keeps="input",
    declines=singular,
    magnitude=lambda c, m: {"input": each(m) * inverse_size(c.input, inverted(c)).mT},
)(lambda c, g: {"input": each(g) * inverted(c).mT})
slogdet = rule(
    "slogdet",
    "input",
    functions="torch.slogdet Tensor.slogdet linalg.slogdet",
    formula=named("log |det|", x),
    partials={"input": Transpose(inverse)},
    keeps="input",
    declines=singular,
    magnitude=lambda c, *m: {"input": each(m[1]) * inverse_size(c.input, inverted(c)).mT},
    note="(sign, ln |det|); the sign has slope 0",
)(lambda c, *g: {"input": each(g[1] if g[1] is not None else g[0] * 0) * inverted(c).mT})


def solution(c: Bound, g: Tensor, size: bool) -> Gradients:
    """A X = B: ∂L/∂B = A⁻ᵀ G, and ∂L/∂A = −(∂L/∂B) Xᵀ."""
    back = torch.linalg.inv(c.A)
    back = inverse_size(c.A, back).mT if size else back.mT
    vector = g.dim() == 1 or (g.dim() == c.A.dim() - 1 and g.shape == c.A.shape[:-1])
    g, y = (t.unsqueeze(-1) if vector else t for t in (g, c.output))
    by_b = back @ g
    gradients: Gradients = {}
    if c.needs("B"):
        gradients["B"] = sum_to(by_b.squeeze(-1) if vector else by_b, c.call.arguments["B"].shape)
    if c.needs("A"):
        by_a = by_b @ y.abs().mT if size else -(by_b @ y.mT)
        gradients["A"] = sum_to(by_a, c.call.arguments["A"].shape)
    return gradients


matrix = Symbol("A")
solve = rule(
    "solve",
    "A, B, *, left=True",
    functions="linalg.solve",
    formula=named("inv", matrix) @ b,
    partials={"A": -(Transpose(named("inv", matrix)) @ y), "B": Transpose(named("inv", matrix))},
    keeps="A output",
    declines=lambda c: real_only(c) if c.left else "left=False",
    note="the X of A X = B",
    magnitude=lambda c, m: solution(c, m, size=True),
)(lambda c, g: solution(c, g, size=False))


def cholesky_vjp(c: Bound, g: Tensor, size: bool = False) -> Gradients:
    """Iain Murray, Differentiation of the Cholesky decomposition, 2016: L⁻ᵀ Φ(Lᵀ G) L⁻¹ made symmetric."""
    lower = c.output
    turned = torch.linalg.inv(lower)
    if size:
        lower, turned = lower.abs(), inverse_size(lower, turned)
    middle = (lower.mT @ g.tril()).tril()
    middle = middle - middle.diagonal(dim1=-2, dim2=-1).diag_embed() / 2
    found = turned.mT @ middle @ turned
    return {"input": (found + found.mT) / 2}


cholesky = rule(
    "cholesky",
    "input, *, upper=False",
    functions="linalg.cholesky",
    formula=named("chol", x),
    partials={"input": named("inv", Transpose(y)) @ named("inv", y) * Number(0.5)},
    keeps="output",
    declines=lambda c: "the upper factor" if c.upper else real_only(c),
    note="the lower triangular L with L Lᵀ = x (Murray 2016)",
    magnitude=lambda c, m: cholesky_vjp(c, m, size=True),
)(cholesky_vjp)
