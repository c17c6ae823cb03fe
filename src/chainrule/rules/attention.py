"""Scaled dot-product attention (Vaswani et al. 2017): softmax(Q Kᵀ·s + M) V.

With P the softmax and G the upstream gradient:

    ∂L/∂V = Pᵀ G,   ∂L/∂P = G Vᵀ,   ∂L/∂A = P ∘ (∂L/∂P − Σ_j ∂L/∂P ∘ P),   ∂L/∂Q = s · ∂L/∂A K,   ∂L/∂K = s · ∂L/∂Aᵀ Q
"""

from __future__ import annotations

import math

import torch

from chainrule.formula import Index, Sum, Symbol, Transpose, symbols
from chainrule.formula.tree import sqrt
from chainrule.rules.norm import single
from chainrule.rules.rule import Bound, Gradients, Tensor, named, rule, sum_to, y

query, key, value = Symbol("query", "Q", "Q"), Symbol("key", "K", "K"), Symbol("value", "V", "V")
weights = Symbol("weights", "P", "P")
(d, i, j) = symbols("d i j")
moved = Index(weights, (i, j)) * (Index(value, (j,)) - Index(y, (i,)))  # ∂y/∂A, the scores


def scale_of(c: Bound) -> float:
    return float(c.scale) if c.scale is not None else 1 / math.sqrt(c.call.arguments["query"].shape[-1])


def operands(c: Bound) -> tuple[Tensor, Tensor, Tensor]:
    """Q, K and V, at least in float32 as PyTorch's kernels; with grouped queries each head of K and V repeated."""
    q, k, v = single(c.query), single(c.key), single(c.value)
    if c.enable_gqa:
        k = k.repeat_interleave(q.shape[-3] // k.shape[-3], -3)
        v = v.repeat_interleave(q.shape[-3] // v.shape[-3], -3)
    return q, k, v


def probabilities(c: Bound, q: Tensor, k: Tensor) -> Tensor:
    """P; a row in which everything is masked is 0, as in PyTorch."""
    scores = q @ k.mT * scale_of(c)
    mask = c.attn_mask
    if c.is_causal:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask is None:
        return scores.softmax(-1)
    scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    return scores.softmax(-1).masked_fill((scores == -math.inf).all(-1, keepdim=True), 0)


def gradients_of(c: Bound, g: Tensor, p: Tensor, q: Tensor, k: Tensor, v: Tensor, sign: int) -> Gradients:
    g, s, arguments = single(g), scale_of(c), c.call.arguments
    by_p, kept = g @ v.mT, c.saved.get("factor")
    if kept is not None:
        by_p = by_p * kept
    by_scores = p * (by_p + sign * (by_p * p).sum(-1, keepdim=True))
    gradients: Gradients = {}
    if c.needs("query"):
        gradients["query"] = by_scores @ k * s
    if c.needs("key"):
        gradients["key"] = heads_summed(c, by_scores.mT @ q * s, "key")
    if c.needs("value"):
        dropped = p if kept is None else p * kept
        gradients["value"] = heads_summed(c, dropped.mT @ g, "value")
    if c.needs("attn_mask"):
        gradients["attn_mask"] = by_scores
    return {name: sum_to(found, arguments[name].shape).to(arguments[name].dtype) for name, found in gradients.items()}


def heads_summed(c: Bound, g: Tensor, name: str) -> Tensor:
    """The sum over the query heads that share one head of K or V."""
    heads = c.call.arguments[name].shape[-3] if c.enable_gqa else 0
    return g.unflatten(-3, (heads, -1)).sum(-3) if c.enable_gqa else g


def not_covered(c: Bound) -> str:
    if c.is_causal and c.attn_mask is not None:
        return "a mask beside is_causal"
    return "complex numbers" if c.call.outputs[0].dtype.is_complex else ""


def dropped_weights(c: Bound, out: Tensor) -> dict[str, Tensor] | None:
    """m/(1 − p) for dropout of the weights P, from the node inside that multiplied by it.

    There is one where PyTorch computes attention step by step, as on a CPU; a fused kernel draws the mask again.
    """
    if not c.dropout_p:
        return {}
    shapes = [c.call.arguments[name].shape for name in ("query", "key")]
    weights = (*shapes[0][:-1], shapes[1][-2])
    node = out.grad_fn
    for _ in range(8):
        if node is None or torch._C._autograd._top_saved_tensors_default_hooks(False) is not None:
            return None
        factor = getattr(node, "_saved_other", None)
        if type(node).__name__ == "MulBackward0" and factor is not None:
            return {"factor": factor} if tuple(factor.shape) == tuple(weights) else None
        node = node.next_functions[0][0]
    return None


def attention_magnitude(c: Bound, m: Tensor) -> Gradients:
    """P is taken with the rounding of its exponents: the sums in Q Kᵀ are computed again, perhaps in another order."""
    q, k, v = operands(c)
    p = probabilities(c, q, k)
    size = q.abs() @ k.abs().mT * abs(scale_of(c))
    p = p * (1 + size + (p * size).sum(-1, keepdim=True))
    found = gradients_of(c, m, p, q.abs(), k.abs(), v.abs(), 1)
    return {name: g.abs() for name, g in found.items()}


@rule(
    "scaled_dot_product_attention",
    "query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False",
    functions="F.scaled_dot_product_attention",
    formula=named("softmax", query @ Transpose(key) / sqrt(d)) @ value,
    partials={
        "query": Sum("j", moved * Index(key, (j,))) / sqrt(d),
        "key": moved * Index(query, (i,)) / sqrt(d),
        "value": Index(weights, (i, j)),
        "attn_mask": moved,
    },
    keeps="query key value attn_mask",
    symbol="attention",
    declines=not_covered,
    save=dropped_weights,
    note="with dropout, P∘m/(1 − p) takes the place of P before V",
    magnitude=attention_magnitude,
)
def scaled_dot_product_attention(c: Bound, g: Tensor) -> Gradients:
    q, k, v = operands(c)
    return gradients_of(c, g, probabilities(c, q, k), q, k, v, -1)
