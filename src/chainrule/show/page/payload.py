"""A recorded run as the page reads it: what happened, the loss of every step, and a picture of recorded steps.

    {"format": 1, "run": facts, "structures": [...], "frames": [...], "losses": {...}, "numbers": base64}

`numbers` is one array of float32, little-endian, compressed with gzip: the losses, then each frame's own array.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from chainrule.breakdown import Deriver
from chainrule.breakdown.verify import pass_tolerance
from chainrule.diagnose import Finding, diagnose
from chainrule.formula import Equation, mathml
from chainrule.run.history import History
from chainrule.run.outcome import Outcome, outcome
from chainrule.run.references import LeftOut
from chainrule.show.numbers import number
from chainrule.show.page.picture import Keep, Picture, expected_size
from chainrule.show.record import plain
from chainrule.show.whole_run import verdict
from chainrule.step import Step

FORMAT = 1
BUDGET = 700_000  # numbers in all frames of a page: 2.8 MB before they are compressed
POINTS = 4000  # of the loss curve
FEWEST = 6  # frames; less detail is kept in each before there are fewer than this
KEEPS = (
    Keep(),
    Keep(weights=8192, states=0),
    Keep(weights=2048, states=0),
    Keep(samples=4, activations=2048, weights=2048, states=0),
    Keep(samples=1, activations=512, weights=512, states=0),
)


def of_run(history: History, name: str = "") -> dict[str, Any]:
    """The payload of a run on disk. Raises StepDamaged."""
    steps = list(history.steps)
    first = history.read(steps[0]) if steps else None
    last = history.read(steps[-1]) if steps else None
    keep, chosen = plan(last, steps)
    losses = list(history.losses)
    problems = [*history.problems, *_texts(history.about.get("problems"))]
    facts = {
        **_facts(first, last, losses),
        "name": name or history.path.name,
        "script": str(history.about.get("script", "")).replace("\\", "/").rpartition("/")[2],
        "recorded": len(steps),
        "findings": [_finding(finding) for finding in diagnose(history).findings],
        "problems": list(dict.fromkeys(problem.strip().splitlines()[-1] for problem in problems if problem.strip())),
    }
    norms = {index: row["parameters"] for index, row in history.rows.items()}
    return _payload(facts, losses, (history.read_all(index) for index in chosen), keep, norms)


def of_step(step: Step) -> dict[str, Any]:
    """The payload of one step."""
    facts = {
        **_facts(step, step, [step.loss]),
        "name": f"step {step.index:,}",
        "script": "",
        "recorded": 1,
        "findings": [],
    }
    keep, _ = plan(step, [step.index])
    return _payload({**facts, "problems": step.problems}, [], [(step, {})], keep, {})


def plan(step: Step | None, steps: Sequence[int]) -> tuple[Keep, list[int]]:
    """How much of each step is kept, and which steps: all if they fit, else evenly among the recorded ones."""
    if step is None:
        return KEEPS[0], []
    for keep in KEEPS:
        fit = BUDGET // max(expected_size(step, keep), 1)
        if fit >= min(len(steps), FEWEST):
            break
    most = max(min(fit, len(steps)), min(len(steps), 2))
    if most == len(steps):
        return keep, list(steps)
    return keep, sorted({steps[round(i * (len(steps) - 1) / (most - 1))] for i in range(most)})


def _payload(
    facts: dict[str, Any],
    losses: Sequence[float],
    steps: Iterable[tuple[Step, dict[str, LeftOut]]],
    keep: Keep,
    norms: dict[int, dict[str, dict[str, float]]],
) -> dict[str, Any]:
    numbers = array("f")
    at, values = thinned(losses)
    curve = {"steps": 0, "values": len(at), "count": len(at)}
    numbers.extend(at)
    numbers.extend(values)
    structures: dict[str, int] = {}
    frames = []
    for step, left_out in steps:
        lost = {int(name[1:]): kept.summary for name, kept in left_out.items() if name[0] == "g" and kept.summary}
        picture = Picture(step, keep, lost, norms.get(step.index))
        structure = structures.setdefault(json.dumps(plain(picture.structure)), len(structures))
        frames.append(_frame(step, picture, structure, len(numbers)))
        numbers.extend(picture.numbers)
    return {
        "format": FORMAT,
        "run": plain(facts),
        "losses": curve,
        "structures": [json.loads(structure) for structure in structures],
        "frames": plain(frames),
        "numbers": _packed(numbers),
    }


def _frame(step: Step, picture: Picture, structure: int, offset: int) -> dict[str, Any]:
    found = step.agreement
    return {
        "step": step.index,
        "loss": step.loss,
        "structure": structure,
        "offset": offset,
        "tolerance": sum(pass_tolerance(backward) for backward in step.backwards),
        "agreement": None
        if found is None
        else {
            "holds": found.holds,
            "proved": found.proved,
            "worst": found.parameters,
            "allowed": found.parameters_tolerance,
            "update": found.update,
            "by_rule": found.by_rule,
            "opaque": found.opaque,
            "errors": list(found.errors),
        },
        "problems": step.problems,
    }


def _packed(numbers: array[float]) -> str:
    if array("H", [1]).tobytes() == b"\0\1":  # a big-endian machine
        numbers.byteswap()
    return base64.b64encode(gzip.compress(numbers.tobytes(), 6, mtime=0)).decode()


def _facts(first: Step | None, last: Step | None, losses: Sequence[float]) -> dict[str, Any]:
    result = outcome(losses)
    facts: dict[str, Any] = {
        "steps": result.steps,
        "verdict": badge(result),
        "said": [said.plain.strip() for said in verdict(result, last)],
        "flat_since": result.flat_since,
        "not_finite": result.not_finite,
        "network": None,
        "optimizers": [],
    }
    if first is not None:
        notation = Deriver(first).notation
        composed = notation.network()
        if composed is not None and notation.prediction is not None:
            facts["network"] = mathml(Equation((notation[notation.prediction], composed)))
        facts["optimizers"] = list(dict.fromkeys(made.optimizer for made in first.updates if made.optimizer))
    return facts


def badge(result: Outcome) -> dict[str, str]:
    """The verdict in a few words, and its kind: "good", "bad" or "plain"."""
    if result.steps == 0:
        return {"kind": "bad", "text": "No training step was seen"}
    if result.not_finite is not None:
        return {"kind": "bad", "text": f"Not finite since step {result.not_finite:,}"}
    if result.fell_to is not None and result.fell_to < 0.1:
        return {"kind": "good", "text": f"The loss fell to {number(100 * result.fell_to, 2)} %"}
    if result.flat_since is not None:
        return {"kind": "bad", "text": f"Flat since step {result.flat_since:,}"}
    return {"kind": "plain", "text": f"loss {number(result.first)} → {number(result.last)}"}


def thinned(losses: Sequence[float]) -> tuple[list[int], list[float]]:
    """At most POINTS points of the curve: of each stretch its first, lowest and highest, so that no peak is lost."""
    if len(losses) <= POINTS:
        return list(range(len(losses))), list(losses)
    width = math.ceil(len(losses) / (POINTS // 3))
    chosen = set()
    for begin in range(0, len(losses), width):
        stretch = range(begin, min(begin + width, len(losses)))
        chosen |= {begin, min(stretch, key=losses.__getitem__), max(stretch, key=losses.__getitem__)}
        chosen |= {i for i in stretch if losses[i] != losses[i]}
    at = sorted({*chosen, len(losses) - 1})
    return at, [losses[i] for i in at]


def _finding(finding: Finding) -> dict[str, Any]:
    where = finding.where
    line = f"{where.file.replace(chr(92), '/').rpartition('/')[2]}:{where.line}" if where.file else ""
    place = " · ".join(part for part in (where.parameter or where.module, line) if part)
    step = finding.steps[1]
    return {"title": finding.title, "place": place, "because": finding.because, "fix": finding.fix, "step": step}


def _texts(found: Any) -> list[str]:
    return [str(text) for text in found] if isinstance(found, list) else []
