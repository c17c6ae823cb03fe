"""Products of matrices: each is linear in either operand, so its vjp is the same sum with the letters exchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from chainrule.formula import Formula, Index, Number, Sum, Symbol, Transpose, Words, symbols
from chainrule.rules.rule import Adjoint, Bound, Contraction, Gradients, Tensor, named, rule, sum_to, x

w = Symbol("weight", "W", "W")
bias = Symbol("bias", "b", "b")
a = Symbol("input", "A", "A")
other = Symbol("other", "B", "B")
k, m, n = symbols("k m n")
ONE = Number(1)


def entry(matrix: Formula, *letters: Symbol) -> Formula:
    return Index(matrix, letters)


def matmul_letters(c: Bound) -> str:
    """torch.matmul treats one-dimensional operands as a row and a column (its documentation)."""
    first, second = c.call.arguments["input"], c.call.arguments["other"]
    left = "k" if len(first.shape) == 1 else "...nk"
    right = "k" if len(second.shape) == 1 else "...km"
    kept = right.replace("...", "") if "..." in left else right
    return f"{left},{right}->{(left + kept).replace('k', '')}"


def linear_letters(c: Bound) -> str:
    return "...k,k->..." if len(c.call.arguments["weight"].shape) == 1 else "...k,mk->...m"


linear = Contraction(
    "linear",
    "input, weight, bias=None",
    ("input", "weight"),
    linear_letters,
    x @ Transpose(w) + bias,
    {"input": entry(w, m, k), "weight": entry(x, n, k), "bias": ONE},
    ["F.linear"],
    added="bias",
)
matmul = Contraction(
    "matmul",
    "input, other",
    ("input", "other"),
    matmul_letters,
    a @ other,
    {"input": entry(other, k, m), "other": entry(a, n, k)},
    ["matmul", "mm", "bmm", "mv", "dot", "vdot"],
)

mat1, mat2 = Symbol("mat1", "A", "A"), Symbol("mat2", "B", "B")
beta, alpha = Symbol("beta", "β", r"\beta"), Symbol("alpha", "α", r"\alpha")
addmm = Contraction(
    "addmm",
    "input, mat1, mat2, *, beta=1, alpha=1",
    ("mat1", "mat2"),
    lambda c: "nk,km->nm",
    beta * x + alpha * (mat1 @ mat2),
    {"input": beta, "mat1": alpha * entry(mat2, k, m), "mat2": alpha * entry(mat1, n, k)},
    added="input",
    scales=("beta", "alpha"),
)
batch1, batch2 = Symbol("batch1", "A", "A"), Symbol("batch2", "B", "B")
baddbmm = Contraction(
    "baddbmm",
    "input, batch1, batch2, *, beta=1, alpha=1",
    ("batch1", "batch2"),
    lambda c: "cnk,ckm->cnm",
    beta * x + alpha * (batch1 @ batch2),
    {"input": beta, "batch1": alpha * entry(batch2, k, m), "batch2": alpha * entry(batch1, n, k)},
    added="input",
    scales=("beta", "alpha"),
)

# ---------------------------------------------------------------- the other products of two tensors

vector, vec1, vec2 = Symbol("vec", "b", "b"), Symbol("vec1", "a", "a"), Symbol("vec2", "b", "b")
matrix = Symbol("mat", "A", "A")
outer = Contraction(
    "outer",
    "input, vec2",
    ("input", "vec2"),
    lambda c: "n,m->nm",
    entry(x, n) * entry(vec2, m),
    {"input": entry(vec2, m), "vec2": entry(x, n)},
    ["outer", "ger"],
)
addmv = Contraction(
    "addmv",
    "input, mat, vec, *, beta=1, alpha=1",
    ("mat", "vec"),
    lambda c: "nk,k->n",
    beta * x + alpha * (matrix @ vector),
    {"input": beta, "mat": alpha * entry(vector, k), "vec": alpha * entry(matrix, n, k)},
    added="input",
    scales=("beta", "alpha"),
)
addr = Contraction(
    "addr",
    "input, vec1, vec2, *, beta=1, alpha=1",
    ("vec1", "vec2"),
    lambda c: "n,m->nm",
    beta * x + alpha * (entry(vec1, n) * entry(vec2, m)),
    {"input": beta, "vec1": alpha * entry(vec2, m), "vec2": alpha * entry(vec1, n)},
    added="input",
    scales=("beta", "alpha"),
)
addbmm = Contraction(
    "addbmm",
    "input, batch1, batch2, *, beta=1, alpha=1",
    ("batch1", "batch2"),
    lambda c: "cnk,ckm->nm",
    beta * x + alpha * Sum("c", batch1 @ batch2),
    {"input": beta, "batch1": alpha * entry(batch2, k, m), "batch2": alpha * entry(batch1, n, k)},
    added="input",
    scales=("beta", "alpha"),
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def ranks(c: Bound, other: str) -> tuple[int, int]:
    return len(c.call.arguments["input"].shape), len(c.call.arguments[other].shape)


def inner_letters(c: Bound) -> str:
    """The last axes are summed over, the others stand side by side."""
    first, second = ranks(c, "other")
    left, right = LETTERS[: first - 1], LETTERS[first - 1 : first + second - 2]
    return f"{left}z,{right}z->{left}{right}"


def tensordot_letters(c: Bound) -> str:
    """`dims` axes at the end of the first with as many at the beginning of the second, or two lists of axes."""
    first, second = ranks(c, "other")
    dims = c.dims
    left_axes, right_axes = (range(first - dims, first), range(dims)) if isinstance(dims, int) else dims
    left, right = list(LETTERS[:first]), list(LETTERS[first : first + second])
    for mine, theirs in zip(left_axes, right_axes, strict=True):
        right[theirs] = left[mine]
    kept = [letter for letter in (*left, *right) if not (letter in left and letter in right)]
    return f"{''.join(left)},{''.join(right)}->{''.join(kept)}"


def no_axes(c: Bound) -> str:
    return "numbers without axes" if 0 in ranks(c, "other") else real_operands(c)


def real_operands(c: Bound) -> str:
    return "complex numbers" if c.call.outputs[0].dtype.is_complex else ""


def axes_that_are_not_numbers(c: Bound) -> str:
    dims = c.dims
    plain = isinstance(dims, int) or (isinstance(dims, list | tuple) and all(isinstance(d, list | tuple) for d in dims))
    if not plain:
        return "dims as a tensor or a single list"
    left, right = tensordot_letters(c).split("->")[0].split(",")
    shapes = [c.call.arguments[name].shape for name in ("input", "other")]
    sizes = [dict(zip(letters, shape, strict=True)) for letters, shape in zip((left, right), shapes, strict=True)]
    uneven = any(sizes[0][letter] != sizes[1].get(letter, sizes[0][letter]) for letter in left)
    return "an axis of length 1 summed with a longer one" if uneven else real_operands(c)


class Declining(Contraction):
    """A contraction that leaves some calls to autograd."""

    def __init__(self, declines: Callable[[Bound], str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._declines = declines

    def declines(self, c: Bound) -> str:
        return self._declines(c)


SUMMED = {"input": entry(other, m, k), "other": entry(a, n, k)}
inner = Declining(
    no_axes,
    "inner",
    "input, other",
    ("input", "other"),
    inner_letters,
    Sum("k", entry(a, n, k) * entry(other, m, k)),
    SUMMED,
)
tensordot = Declining(
    axes_that_are_not_numbers,
    "tensordot",
    "input, other, dims=2",
    ("input", "other"),
    tensordot_letters,
    Sum("k", entry(a, n, k) * entry(other, k, m)),
    {"input": entry(other, k, m), "other": entry(a, n, k)},
    ["torch.tensordot"],
)
vecdot = Declining(
    lambda c: "another axis than the last" if c.dim != -1 else real_operands(c),
    "vecdot",
    "input, other, *, dim=-1",
    ("input", "other"),
    lambda c: "...k,...k->...",
    Sum("k", entry(a, k) * entry(other, k)),
    {"input": entry(other, k), "other": entry(a, k)},
    ["linalg.vecdot"],
)

# ---------------------------------------------------------------- sums of products written with letters

operands = Symbol("operands", "x", "x")


def spelled(c: Bound) -> tuple[list[str], str]:
    """The letters of each operand and of the result, "..." replaced by capitals."""
    inputs, arrow, output = c.equation.replace(" ", "").partition("->")
    parts = inputs.split(",")
    if not arrow:  # the letters that occur once, in the order of the alphabet
        once = sorted(letter for letter in set(inputs) - set(",.") if inputs.count(letter) == 1)
        output = ("..." if "..." in inputs else "") + "".join(once)
    shapes = [part.shape for part in c.call.arguments["operands"]]
    dots = [len(shape) - len(part.replace("...", "")) for part, shape in zip(parts, shapes, strict=True)]
    names = "ZYXWVUTS"[: max([d for part, d in zip(parts, dots, strict=True) if "..." in part], default=0)]
    parts = [part.replace("...", names[len(names) - d :]) for part, d in zip(parts, dots, strict=True)]
    return parts, output.replace("...", names)


def einsum_declines(c: Bound) -> str:
    if not isinstance(c.equation, str):
        return "letters given as numbers"
    if any(letter in "ZYXWVUTS" for letter in c.equation):
        return "letters that stand for ... here"
    parts, _ = spelled(c)
    return "a diagonal" if any(len(set(part)) < len(part) for part in parts) else real_operands(c)


def shared_sizes(c: Bound, parts: list[str]) -> dict[str, int]:
    """How long the axis of each letter is; 1 where every operand broadcasts it."""
    found: dict[str, int] = {}
    for part, value in zip(parts, c.call.arguments["operands"], strict=True):
        for letter, size in zip(part, value.shape, strict=True):
            found[letter] = max(found.get(letter, 0), size) if size != 1 else found.get(letter, 1)
    return found


def einsum_vjp(c: Bound, g: Tensor) -> Gradients:
    """For each operand the sum over the letters it does not have, of the gradient times the other operands."""
    parts, output = spelled(c)
    tensors, sizes = list(c.operands), shared_sizes(c, parts)
    gradients: list[Tensor | None] = []
    for index, (part, value) in enumerate(zip(parts, c.call.arguments["operands"], strict=True)):
        if not value.requires_grad:
            gradients.append(None)
            continue
        others = [output, *parts[:index], *parts[index + 1 :]]
        known = "".join(letter for letter in part if any(letter in other for other in others))
        factors = [g, *tensors[:index], *tensors[index + 1 :]]
        found = torch.einsum(f"{','.join(others)}->{known}", *factors)
        for axis, letter in enumerate(part):  # a letter that only this operand has: summed away, so spread again
            if letter not in known:
                found = found.unsqueeze(axis)
        found = found.expand([sizes[letter] for letter in part])
        gradients.append(sum_to(found, value.shape))
    return {"operands": gradients}


einsum = rule(
    "einsum",
    "equation, *operands",
    functions="torch.einsum",
    formula=named("einsum", operands),
    partials={"operands": named("einsum", Words("the other operands"))},
    keeps="operands",
    declines=einsum_declines,
    note="a sum over the letters that the result does not have",
)(einsum_vjp)

input1, input2 = Symbol("input1", "a", "a"), Symbol("input2", "b", "b")
i, j, o = symbols("i j o")


def bilinear_vjp(c: Bound, g: Tensor) -> Gradients:
    first, second, shapes = c.input1, c.input2, c.call.arguments
    found: Gradients = {}
    if c.needs("input1"):
        found["input1"] = torch.einsum("...o,oij,...j->...i", g, c.weight, second)
    if c.needs("input2"):
        found["input2"] = torch.einsum("...o,oij,...i->...j", g, c.weight, first)
    if c.needs("weight"):
        flat = [t.reshape(-1, t.shape[-1]) for t in (g, first, second)]
        found["weight"] = torch.einsum("no,ni,nj->oij", *flat)
    if c.needs("bias"):
        found["bias"] = sum_to(g, shapes["bias"].shape)
    return found


bilinear = rule(
    "bilinear",
    "input1, input2, weight, bias=None",
    functions="F.bilinear",
    formula=Sum("i,j", Index(input1, (i,)) * Index(w, (o, i, j)) * Index(input2, (j,))) + bias,
    partials={
        "input1": Sum("j", Index(w, (o, i, j)) * Index(input2, (j,))),
        "input2": Sum("i", Index(w, (o, i, j)) * Index(input1, (i,))),
        "weight": Index(input1, (i,)) * Index(input2, (j,)),
        "bias": ONE,
    },
    keeps="input1 input2 weight",
)(bilinear_vjp)


def cross_vjp(c: Bound, g: Tensor, size: bool = False) -> Gradients:
    dim = c.dim
    if dim is None:  # torch.cross: the first axis of length 3
        dim = next(axis for axis, length in enumerate(g.shape) if length == 3)
    first, second = torch.broadcast_tensors(c.input, c.other)
    product = crossed_sizes if size else torch.linalg.cross
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = sum_to(product(second, g, dim=dim), c.input.shape)
    if c.needs("other"):
        gradients["other"] = sum_to(product(g, first, dim=dim), c.other.shape)
    return gradients


def crossed_sizes(a: Tensor, b: Tensor, dim: int) -> Tensor:
    """|a₂b₃| + |a₃b₂| and so on."""
    a, b = a.abs(), b.abs()
    return a.roll(-1, dim) * b.roll(1, dim) + a.roll(1, dim) * b.roll(-1, dim)


def cross_product(name: str, signature: str, functions: str) -> Adjoint:
    return rule(
        name,
        signature,
        functions=functions,
        formula=named("cross", a, other),
        partials={"input": named("cross", other), "other": named("cross", a)},
        keeps="input other",
        declines=real_operands,
        magnitude=lambda c, m: cross_vjp(c, m, size=True),
    )(cross_vjp)


cross = cross_product("cross", "input, other, dim=None", "torch.cross Tensor.cross")
linalg_cross = cross_product("linalg_cross", "input, other, *, dim=-1", "linalg.cross")

# ---------------------------------------------------------------- groups of rows, each with a matrix of its own

groups = Symbol("mat2", "B", "B")


def ends_of(c: Bound) -> list[int]:
    return [int(end) for end in c.offs.tolist()]


def grouped_declines(c: Bound) -> str:
    shapes = [len(c.call.arguments[name].shape) for name in ("input", "mat2")]
    return "" if c.offs is not None and c.bias is None and shapes == [2, 3] else "not rows by one matrix for each group"


def grouped_vjp(c: Bound, g: Tensor) -> Gradients:
    ends = ends_of(c)
    gradients: Gradients = {}
    parts = list(zip([0, *ends], ends, strict=False))
    if c.needs("input"):
        rows = [g[start:end] @ c.mat2[group].mT for group, (start, end) in enumerate(parts)]
        missed = g.new_zeros(len(c.input) - ends[-1], c.input.shape[1])
        gradients["input"] = torch.cat([*rows, missed]).to(c.input.dtype)
    if c.needs("mat2"):
        gradients["mat2"] = torch.stack([c.input[start:end].mT @ g[start:end] for start, end in parts])
    return gradients


if hasattr(torch, "_grouped_mm"):
    grouped_mm = rule(
        "grouped_mm",
        "input, mat2, offs=None, bias=None, out_dtype=None",
        functions="torch._grouped_mm",
        formula=Index(a, (i,)) @ Index(groups, (i,)),
        partials={"input": entry(groups, k, m), "mat2": entry(a, n, k)},
        keeps="input mat2 offs",
        declines=grouped_declines,
        note="rows of group i by matrix i: a mixture of experts",
    )(grouped_vjp)
