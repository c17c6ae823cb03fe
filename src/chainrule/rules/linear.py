"""Products of matrices: each is linear in either operand, so its vjp is the same sum with the letters exchanged."""

from __future__ import annotations

from chainrule.formula import Formula, Index, Number, Symbol, Transpose, symbols
from chainrule.rules.rule import Bound, Contraction, x

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
    ["matmul", "mm", "bmm", "mv", "dot"],
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
