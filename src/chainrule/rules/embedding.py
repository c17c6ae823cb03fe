"""Rows looked up in a table: each row gets the sum of the gradients of the places where it was used."""

from __future__ import annotations

from chainrule.formula import Index, Symbol, Words, where
from chainrule.rules.rule import Bound, Gradients, Tensor, rule

w = Symbol("weight", "W", "W")
i = Symbol("input", "i", "i")


def changed_lookup(c: Bound) -> str:
    if c.max_norm is not None:
        return "max_norm rescales the rows in place"
    if c.scale_grad_by_freq:
        return "scale_grad_by_freq"
    return "a sparse gradient" if c.sparse else ""


@rule(
    "embedding",
    "input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False",
    functions="F.embedding",
    formula=Index(w, (i,)),
    partials={"weight": where(Words("in row i"), 1, 0)},
    keeps="input",
    note="the row padding_idx gets no gradient",
    declines=changed_lookup,
)
def embedding(c: Bound, g: Tensor) -> Gradients:
    shape, rows = c.call.arguments["weight"].shape, c.input.reshape(-1)
    g = g.reshape(-1, shape[1])
    if c.padding_idx is not None:
        g = g.masked_fill((rows == c.padding_idx % shape[0]).unsqueeze(1), 0)
    return {"weight": g.new_zeros(shape).index_add(0, rows, g)}
