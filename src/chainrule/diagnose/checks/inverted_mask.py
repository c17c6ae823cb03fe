"""Attention looks at what tells something.

Law: a mask of −∞ before the softmax gives a place the weight 0, and ∂L/∂v[s] = 0 for its value. Masks are to take out
the padding; the other way round (True for what is kept where True means what is taken out, or a mask negated once too
often) attention sees the padding alone, the same symbol everywhere, and nothing of what is said reaches the answer
through it.

The finding: in all steps looked at the symbols that a mask lets through are one and the same, those that it takes out
are several, and what is weighted are these symbols place by place (behind a recurrent layer one place, as the end, may
stand for all). The threshold is none; only a network that has learnt its targets all the same is left in peace.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.layers import calls_by_place
from chainrule.step import Call, Value

Tensor = torch.Tensor

LEARNT = 0.9  # of the targets' spread
OUT = -1e3  # added to a logit, it leaves a weight of 0
MASKED = {"scaled_dot_product_attention": ("attn_mask", "key"), "baddbmm": ("input", "batch2")}


def check(case: Case) -> Iterator[Finding]:
    if not case.steps or late_answers(case).explained > LEARNT:
        return
    found = [_let_through(seen) for seen in case.steps]
    if any(one is None for one in found):
        return
    calls, kept, taken = zip(*(one for one in found if one is not None), strict=True)
    kept, taken = (torch.cat(part).unique() for part in (kept, taken))
    if len(kept) != 1 or len(taken) < 2 or bool((taken == kept[0]).any()):
        return
    yield Finding(
        slug="inverted-mask",
        title=f"a mask lets attention look at the symbol {int(kept[0])} alone, and takes out all others",
        where=Where.of(calls[0]),
        steps=(case.steps[0].index, case.last),
        evidence={"symbols let through": kept.tolist(), "different symbols taken out": len(taken)},
        because="a place that is taken out has the weight 0, so that no gradient comes back to what stands there; and "
        "what is let through is the same in every sample",
        fix="negate the mask: key_padding_mask is True for what is taken out, attn_mask of booleans for what is kept",
        diff="-    attention(x, x, x, key_padding_mask=ids != 0)\n+    attention(x, x, x, key_padding_mask=ids == 0)",
        attempts=(Intervention.at(calls[0], "before", function="logical_not", argument="mask"),)
        if calls[0].rule == "masked_fill"
        else (),
    )


def _let_through(seen: Seen) -> tuple[Call, Tensor, Tensor] | None:
    """The first call with a mask for each sample, the symbols that it lets through, and those that it takes out."""
    data = seen.batch.data
    if data is None or data.tensor is None or data.dtype.is_floating_point or data.tensor.dim() != 2:
        return None
    ids = data.tensor
    for call in seen.calls:
        out, weighted = _masked(call)
        if out is None or weighted is None or out.dim() < 2 or out.shape[-1] != ids.shape[1] or len(out) % len(ids):
            continue
        by_sample = out.reshape(len(ids), -1, ids.shape[1])
        if bool((by_sample != by_sample[:, :1]).any()) or not calls_by_place(seen, weighted):
            return None
        return call, ids[~by_sample[:, 0]], ids[by_sample[:, 0]]
    return None


def _masked(call: Call) -> tuple[Tensor | None, Value | None]:
    """Where a call takes places out of a softmax, and what it weighs there."""
    if call.rule == "masked_fill":
        mask, value = call.arguments["mask"], call.arguments["value"]
        far = isinstance(value, int | float) and value < OUT
        return (mask.tensor, call.arguments["input"]) if far else (None, None)
    name, weighted = MASKED.get(str(call.rule), ("", ""))
    mask = call.arguments.get(name)
    if not isinstance(mask, Value) or mask.kind != "data" or mask.tensor is None:
        return None, None
    return (~mask.tensor if mask.dtype == torch.bool else mask.tensor < OUT), call.arguments[weighted]
