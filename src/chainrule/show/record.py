"""A derivation and a step as plain data for JSON. Numbers that JSON lacks are written "nan", "inf" and "-inf"."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from chainrule.breakdown.derivation import Derivation, Level
from chainrule.formula import text
from chainrule.run.all_reduce import AllReduce
from chainrule.show.one_weight import sentence
from chainrule.step import Agreement, Step


def plain(value: Any) -> Any:
    """Data with tuples as lists and no NaN or infinity as numbers."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def derivation(d: Derivation) -> dict[str, Any]:
    notation = d.notation
    record = {
        "step": d.step,
        "parameter": d.parameter.name,
        "index": d.index,
        "value": d.value,
        "loss": d.loss,
        "samples": d.samples,
        "sample": d.sample,
        "shares": d.shares,
        "factors": d.factors if d.is_chain else None,
        "share": d.share,
        "levels": [_level(d, level) for level in d.levels],
        "gradient": d.gradient,
        "autograd": d.autograd,
        "difference": d.difference,
        "agrees": d.agrees,
        "gradient_used": d.used,
        "optimizer": d.update.optimizer if d.update else None,
        "settings": {s.text: v for s, v in d.update.settings.items()} if d.update else {},
        "update": [
            {"formula": text(line.symbolic), "numbers": text(line.numeric), "value": line.value} for line in d.lines
        ],
        "after": d.after,
        "sentence": sentence(d),
        "names": {symbol.text: notation.step.values[i].name for i, symbol in notation.symbols.items()},
    }
    return plain(record)  # type: ignore[no-any-return]


def _level(d: Derivation, level: Level) -> dict[str, Any]:
    return {
        "value": d.notation[level.value].text,
        "index": level.at,
        "number": level.number,
        "gradient": level.gradient,
        "terms": [
            {
                "into": d.notation[term.into].text,
                "index": term.at,
                "call": term.call.name,
                "module": term.call.module,
                "where": term.call.where,
                "partial_formula": text(term.formula),
                "partial": term.partial,
                "upstream": term.upstream,
                "product": term.product,
            }
            for term in level.terms
        ],
        "more": level.more,
        "rest": level.rest,
    }


def agreement(found: Agreement | None) -> dict[str, Any] | None:
    if found is None:
        return None
    names = ("parameters", "parameters_tolerance", "calls", "calls_tolerance", "update", "update_tolerance")
    record = {name: getattr(found, name) for name in (*names, "by_rule", "opaque", "errors", "holds", "proved")}
    return plain(record)  # type: ignore[no-any-return]


def step(recorded: Step, all_reduce: AllReduce | None = None) -> dict[str, Any]:
    """What a step computed, without the tensors."""
    gradients = recorded.gradients
    record = {
        "step": recorded.index,
        "loss": recorded.loss,
        "calls": [
            {
                "name": call.name,
                "rule": call.rule,
                "reason": call.reason,
                "module": call.module,
                "where": call.where,
                "inputs": [value.name or value.index for value in call.values],
                "shapes": [value.shape for value in call.outputs],
            }
            for backward in recorded.backwards
            for call in backward.calls
        ],
        "parameters": {
            name: {"shape": v.shape, "gradient_norm": float(gradients[v.index].abs().double().norm())}
            for name, v in recorded.parameters.items()
            if v.index in gradients
        },
        "agreement": agreement(recorded.agreement),
        "problems": recorded.problems,
    }
    if all_reduce is not None:
        record["all_reduce"] = asdict(all_reduce)
    return plain(record)  # type: ignore[no-any-return]
