"""A Step as a text (JSON) and named tensors, and back: each encoder has its decoder beside it.

Tensors stand in the text by name: v12 the numbers of value 12, g12 our gradient of it, s7.noise saved at call 7,
o7.0 sent by the opaque call 7, a7.weight an argument, b0.1 a seed of backward 0, r0.12 received by a leaf, p0.7.0 and
d0.7.0 upstream of and delivered by call 7, u0.12.before of an update, x12 in .grad after an exchange with other
processes. Numbers that several places share are stored once, under the first name. A tensor's memory layout and device
are not kept, nor are numbers that were overwritten.

Tensors are kept smallest first until `limit` bytes are used up. Of the rest the text has shape and dtype, and for
values and gradients the Summary. When it is decoded,
    a Value has its `summary` in place of the tensor;
    whatever else misses one of its tensors is left out whole: an entry of gradients (then in `lost`), received,
    upstream, delivered or
    an update's parameters, and a call's `sent` (then None) or `saved` (then empty, and its names are in `lost`);
    seeds, and arguments that are tensors without being Values, are always kept.
`Step.problems` says how much was left out.

Decoders raise ValueError for a text that no encoder wrote, whatever it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, get_args

import torch

from chainrule.run.arguments import decode_arguments, encode_arguments
from chainrule.run.fields import decode_dtype, decode_shape, encode_dtype, entry, named, numbered, pick, short, texts
from chainrule.run.references import Found, Gathered, LeftOut, NotHere, decode_left_out, encode_left_out, kept, whole
from chainrule.step import (
    Agreement,
    Aside,
    Backward,
    Break,
    Call,
    Exchange,
    Frozen,
    Line,
    Noise,
    ParameterUpdate,
    Part,
    Reordered,
    Resting,
    Step,
    Update,
    Value,
)
from chainrule.step.value import Kind

_KINDS = get_args(Kind)
_AGREEMENT = [field.name for field in fields(Agreement)]


@dataclass(slots=True, frozen=True)
class Encoded:
    """What is to be written of a step; `problems` are the step's, and how much was left out."""

    text: str
    tensors: dict[str, torch.Tensor]
    problems: list[str]


def encode(step: Step, limit: int) -> Encoded:
    """The step, with about `limit` bytes of tensors. Raises ValueError where values or calls are wrongly numbered."""
    _check_numbers(step)
    gathered = Gathered()
    text: dict[str, Any] = {
        "index": step.index,
        "loss": float(step.loss),
        "values": [_encode_value(value, gathered) for value in step.values],
        "calls": [_encode_call(call, gathered) for call in step.calls],
        "backwards": [_encode_backward(backward, i, gathered) for i, backward in enumerate(step.backwards)],
        "updates": [_encode_update(update, i, gathered) for i, update in enumerate(step.updates)],
        "gradients": {index: gathered.refer(f"g{index}", tensor) for index, tensor in step.gradients.items()},
        "agreement": encode_agreement(step.agreement),
        "exchange": _encode_exchange(step.exchange, gathered),
        "asides": [_encode_aside(aside) for aside in step.asides],
        "parts": {index: _encode_part(part) for index, part in step.parts.items()},
        "random": sorted(step.random),
        "noises": {index: _encode_noise(noise) for index, noise in step.noises.items()},
        "reordered": [{"at": _encode_line(r.at), "rows": r.rows, "enters": [*r.enters]} for r in step.reordered],
        "frozen": {name: _encode_frozen(frozen) for name, frozen in step.frozen.items()},
        "resting": [
            {"optimizer": one.optimizer, "made": _encode_line(one.made), "received": [*one.received]}
            for one in step.resting
        ],
        "broken": None if step.broken is None else _encode_break(step.broken),
        "shortened": _encode_line(step.shortened),
        "overwritten": _encode_line(step.overwritten),
        "drawn": {name: _encode_line(line) for name, line in step.drawn.items()},
    }
    tensors, lost = gathered.keep(limit)
    problems = list(step.problems)
    if lost:
        size = sum(gathered.left_out[name].bytes for name in lost) / 1e6
        problems.append(f"{len(lost)} tensors ({size:.1f} MB) were not kept: too large for the step's share of the run")
    text["problems"] = problems
    text["complex"] = [name for name in tensors if gathered.tensors[name].is_complex()]
    text["left_out"] = {name: encode_left_out(left_out) for name, left_out in gathered.left_out.items()}
    return Encoded(json.dumps(text, separators=(",", ":")), tensors, problems)


def decode(text: str, tensors: dict[str, torch.Tensor]) -> tuple[Step, dict[str, LeftOut]]:
    """The step, and by name the tensors that were left out of it. Raises ValueError."""
    try:
        raw = json.loads(text)
        found = _decode_found(raw, tensors)
        return _decode_step(raw, found), found.left_out
    except NotHere as error:
        raise ValueError("a tensor that is always kept was left out") from error
    except (RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _check_numbers(step: Step) -> None:
    """Values and calls stand at their own numbers; the text refers to them so."""
    wrong = [value for place, value in enumerate(step.values) if value.index != place]
    wrong_calls = [call for place, call in enumerate(step.calls) if call.index != place]
    if wrong or wrong_calls:
        raise ValueError(f"not at the place of their number: {short([*wrong, *wrong_calls])}")


def _decode_found(raw: Any, tensors: dict[str, torch.Tensor]) -> Found:
    tensors = dict(tensors)
    for name in texts(entry(raw, "complex", list)):
        pairs = named(tensors, name)
        if not pairs.is_floating_point() or pairs.shape[-1:] != (2,):
            raise ValueError(f"tensor {short(name)} is not complex")
        tensors[name] = torch.view_as_complex(pairs)
    left_out = {name: decode_left_out(part) for name, part in entry(raw, "left_out", dict).items()}
    return Found(tensors, left_out)


def _decode_step(raw: Any, found: Found) -> Step:
    values = [_decode_value(part, i, found) for i, part in enumerate(entry(raw, "values", list))]
    calls = [_decode_call(part, i, values, found) for i, part in enumerate(entry(raw, "calls", list))]
    written = list(numbered(values, entry(raw, "gradients", dict)))
    gradients = kept(written, found.like)
    return Step(
        index=entry(raw, "index", int),
        loss=entry(raw, "loss", float),
        values=values,
        calls=calls,
        backwards=[_decode_backward(part, values, calls, found) for part in entry(raw, "backwards", list)],
        updates=[_decode_update(part, values, found) for part in entry(raw, "updates", list)],
        gradients=gradients,
        agreement=decode_agreement(entry(raw, "agreement", dict, type(None))),
        problems=texts(entry(raw, "problems", list)),
        lost={number for number, _, _ in written} - set(gradients),
        exchange=_decode_exchange(raw.get("exchange"), values, found),
        asides=[_decode_aside(part, values) for part in entry({"asides": []} | raw, "asides", list)],
        parts=dict(_decode_parts(entry({"parts": {}} | raw, "parts", dict), values)),
        random=set(entry({"random": []} | raw, "random", list)),
        noises=dict(_decode_noises(entry({"noises": {}} | raw, "noises", dict), values)),
        reordered=[_decode_reordered(part) for part in entry({"reordered": []} | raw, "reordered", list)],
        frozen={name: _decode_frozen(part) for name, part in entry({"frozen": {}} | raw, "frozen", dict).items()},
        resting=[_decode_resting(part) for part in entry({"resting": []} | raw, "resting", list)],
        broken=None if raw.get("broken") is None else _decode_break(raw["broken"]),
        shortened=_decode_line(raw.get("shortened")),
        overwritten=_decode_line(raw.get("overwritten")),
        drawn={name: _decode_line(part) for name, part in entry({"drawn": {}} | raw, "drawn", dict).items()},
    )


def _encode_value(value: Value, gathered: Gathered) -> dict[str, Any]:
    reference = None if value.overwritten else gathered.refer(f"v{value.index}", value.tensor)
    if reference is None and value.summary is not None:  # of a step that was loaded
        reference = f"v{value.index}"
        gathered.left_out[reference] = LeftOut(tuple(value.shape), value.dtype, value.summary)
    return {
        "shape": list(value.shape),
        "dtype": encode_dtype(value.dtype),
        "tensor": reference,
        "requires_grad": value.requires_grad,
        "kind": value.kind,
        "name": value.name,
        "owned": value.owned,
    }


def _decode_value(raw: Any, index: int, found: Found) -> Value:
    value = Value(
        index=index,
        shape=decode_shape(entry(raw, "shape", list)),
        dtype=decode_dtype(entry(raw, "dtype", str)),
        tensor=None,
        requires_grad=entry(raw, "requires_grad", bool),
        kind=named({kind: kind for kind in _KINDS}, raw.get("kind")),
        name=entry(raw, "name", str),
        owned=entry({"owned": False} | raw, "owned", bool),
    )
    reference = raw.get("tensor")
    if reference is None:
        return value
    tensor = whole(lambda: found.like(value, reference))
    if tensor is None:
        value.summary = found.summary(reference)
    elif tensor.dtype != value.dtype:
        raise ValueError(f"value {index} is of {value.dtype}, its tensor of {tensor.dtype}")
    value.tensor = tensor
    return value


def _encode_call(call: Call, gathered: Gathered) -> dict[str, Any]:
    return {
        "name": call.name,
        "rule": call.rule,
        "module": call.module,
        "file": call.file,
        "line": call.line,
        **({"made": _encode_line(call.made)} if call.made.file else {}),
        "arguments": encode_arguments(call.arguments, f"a{call.index}", gathered),
        "outputs": [value.index for value in call.outputs],
        "reason": call.reason,
        "saved": {key: gathered.refer(f"s{call.index}.{key}", tensor) for key, tensor in call.saved.items()},
        "autocast": None if call.autocast is None else encode_dtype(call.autocast),
        "sent": None if call.sent is None else _encode_tensors(call.sent, f"o{call.index}", gathered),
    }


def _decode_call(raw: Any, index: int, values: list[Value], found: Found) -> Call:
    saved, sent = entry(raw, "saved", dict), entry(raw, "sent", list, type(None))
    autocast = entry(raw, "autocast", str, type(None))
    taken = whole(lambda: {key: found.tensor(part) for key, part in saved.items()})
    return Call(
        index=index,
        name=entry(raw, "name", str),
        rule=entry(raw, "rule", str, type(None)),
        module=entry(raw, "module", str),
        file=entry(raw, "file", str),
        line=entry(raw, "line", int),
        arguments=decode_arguments(entry(raw, "arguments", dict), values, found),
        outputs=[pick(values, number) for number in entry(raw, "outputs", list)],
        reason=entry(raw, "reason", str),
        saved=taken or {},
        lost=tuple(saved) if taken is None else (),
        autocast=None if autocast is None else decode_dtype(autocast),
        sent=None if sent is None else whole(lambda: _decode_tensors(sent, found)),
        made=_decode_line(raw.get("made")),
    )


def _encode_tensors(tensors: list[torch.Tensor | None], name: str, gathered: Gathered) -> list[Any]:
    return [gathered.refer(f"{name}.{i}", tensor) for i, tensor in enumerate(tensors)]


def _decode_tensors(raw: Any, found: Found) -> list[torch.Tensor | None]:
    if not isinstance(raw, list):
        raise ValueError(f"{short(raw)} is not a list of tensors")
    return [found.optional(part) for part in raw]


def _encode_backward(backward: Backward, number: int, gathered: Gathered) -> dict[str, Any]:
    def of_calls(letter: str, tensors: dict[int, list[torch.Tensor | None]]) -> dict[int, Any]:
        return {call: _encode_tensors(part, f"{letter}{number}.{call}", gathered) for call, part in tensors.items()}

    return {
        "roots": [root.index for root in backward.roots],
        "seeds": [gathered.refer(f"b{number}.{i}", seed) for i, seed in enumerate(backward.seeds)],
        "calls": [call.index for call in backward.calls],
        "received": {leaf: gathered.refer(f"r{number}.{leaf}", part) for leaf, part in backward.received.items()},
        "upstream": of_calls("p", backward.upstream),
        "delivered": of_calls("d", backward.delivered),
        "at": _encode_line(backward.at),
        "returned": backward.returned,
    }


def _decode_backward(raw: Any, values: list[Value], calls: list[Call], found: Found) -> Backward:
    def of_calls(key: str) -> dict[int, list[torch.Tensor | None]]:
        return kept(numbered(calls, entry(raw, key, dict)), lambda _, part: _decode_tensors(part, found))

    roots = [pick(values, number) for number in entry(raw, "roots", list)]
    seeds = entry(raw, "seeds", list)
    if len(seeds) != len(roots):
        raise ValueError(f"a backward pass has {len(roots)} roots and {len(seeds)} seeds")
    chain = [pick(calls, number) for number in entry(raw, "calls", list)]
    _check_order(chain)
    return Backward(
        roots=roots,
        seeds=[found.like(root, seed) for root, seed in zip(roots, seeds, strict=True)],
        calls=chain,
        received=kept(numbered(values, entry(raw, "received", dict)), found.like),
        upstream=of_calls("upstream"),
        delivered=of_calls("delivered"),
        at=_decode_line(raw.get("at")),
        returned=raw.get("returned") is True,
    )


def _encode_line(line: Line) -> list[str | int]:
    return [line.file, line.line]


def _decode_line(raw: Any) -> Line:
    """Raises ValueError."""
    if raw is None:
        return Line()
    if not isinstance(raw, list) or [type(part) for part in raw] != [str, int]:
        raise ValueError(f"{short(raw)} is not a file and a line")
    return Line(*raw)


def _check_order(chain: list[Call]) -> None:
    """A call comes once, after those that made its inputs: else who walks from output to input walks in circles."""
    place = {call.index: i for i, call in enumerate(chain)}
    if len(place) < len(chain):
        raise ValueError("a backward pass has a call twice")
    maker = {value.index: call for call in reversed(chain) for value in call.outputs}
    for call in chain:
        for value in call.values:
            made_by = maker.get(value.index, call)
            if place[made_by.index] > place[call.index]:
                raise ValueError(f"{short(call)} uses value {value.index}, which {short(made_by)} makes after it")


def _encode_update(update: Update, number: int, gathered: Gathered) -> dict[str, Any]:
    def one(moved: ParameterUpdate, name: str) -> dict[str, Any]:
        return {
            "before": gathered.refer(f"{name}.before", moved.before),
            "gradient": gathered.refer(f"{name}.gradient", moved.gradient),
            "state": encode_arguments(moved.state, f"{name}.state", gathered),
            "settings": encode_arguments(moved.settings, f"{name}.settings", gathered),
            "after": gathered.refer(f"{name}.after", moved.after),
        }

    parameters = {index: one(moved, f"u{number}.{index}") for index, moved in update.parameters.items()}
    return {
        "optimizer": update.optimizer,
        "parameters": parameters,
        "idle": list(update.idle),
        "strangers": update.strangers,
        "at": _encode_line(update.at),
        "made": _encode_line(update.made),
        "scheduled": _encode_line(update.scheduled),
        "factor": _encode_line(update.factor),
    }


def _decode_update(raw: Any, values: list[Value], found: Found) -> Update:
    def one(value: Value, part: Any) -> ParameterUpdate:
        state, settings = entry(part, "state", dict), entry(part, "settings", dict)
        after = part.get("after")
        return ParameterUpdate(
            before=found.like(value, part.get("before")),
            gradient=found.like(value, part.get("gradient")),
            state=decode_arguments(state, values, found),
            settings=decode_arguments(settings, values, found),
            after=None if after is None else found.like(value, after),
        )

    raw = {"idle": [], "strangers": 0} | raw  # a run of before these were kept has none
    return Update(
        optimizer=entry(raw, "optimizer", str),
        parameters=kept(numbered(values, entry(raw, "parameters", dict)), one),
        idle=tuple(pick(values, number).index for number in entry(raw, "idle", list)),
        strangers=entry(raw, "strangers", int),
        at=_decode_line(raw.get("at")),
        made=_decode_line(raw.get("made")),
        scheduled=_decode_line(raw.get("scheduled")),
        factor=_decode_line(raw.get("factor")),
    )


def _encode_exchange(exchange: Exchange | None, gathered: Gathered) -> dict[str, Any] | None:
    if exchange is None:
        return None
    gradients = {index: gathered.refer(f"x{index}", tensor) for index, tensor in exchange.gradients.items()}
    return {"by": exchange.by, "ranks": list(exchange.ranks), "gradients": gradients}


def _decode_exchange(raw: Any, values: list[Value], found: Found) -> Exchange | None:
    """Raises ValueError."""
    if raw is None:
        return None
    ranks = entry(raw, "ranks", list)
    if not all(type(rank) is int and rank >= 0 for rank in ranks):
        raise ValueError(f"{short(ranks)} are no ranks")
    gradients = kept(numbered(values, entry(raw, "gradients", dict)), found.like)
    return Exchange(entry(raw, "by", str), tuple(ranks), gradients)


def _encode_aside(aside: Aside) -> dict[str, Any]:
    return {
        "name": aside.name,
        "module": aside.module,
        "at": _encode_line(aside.at),
        "source": aside.source,
        "result": aside.result,
        "trains": aside.trains,
        "leaf": aside.leaf,
        "off": _encode_line(aside.off),
    }


def _decode_aside(raw: Any, values: list[Value]) -> Aside:
    def number(key: str) -> int | None:
        found = entry(raw, key, int, type(None))
        return None if found is None else pick(values, found).index

    return Aside(
        name=entry(raw, "name", str),
        module=entry(raw, "module", str),
        at=_decode_line(raw.get("at")),
        source=number("source"),
        result=number("result"),
        trains=entry(raw, "trains", bool),
        leaf=entry({"leaf": ""} | raw, "leaf", str),
        off=_decode_line(raw.get("off")),
    )


def _encode_part(part: Part) -> dict[str, Any]:
    return {"rows": part.rows, "at": _encode_line(part.at), "others": part.others, "index": part.index}


def _decode_parts(raw: dict[str, Any], values: list[Value]) -> Iterator[tuple[int, Part]]:
    for number, _, part in numbered(values, raw):
        rows = entry(part, "rows", int)
        index = entry({"index": -1} | part, "index", int)
        yield number, Part(rows, _decode_line(part.get("at")), entry(part, "others", bool), index)


def _decode_reordered(raw: Any) -> Reordered:
    enters = raw.get("enters")
    numbers = tuple(enters) if isinstance(enters, list) else (-1,) * bool(enters)  # once it was told only whether
    return Reordered(_decode_line(raw.get("at")), entry(raw, "rows", int), numbers)


def _decode_resting(raw: Any) -> Resting:
    return Resting(entry(raw, "optimizer", str), _decode_line(raw.get("made")), tuple(entry(raw, "received", list)))


def _encode_break(broken: Break) -> dict[str, Any]:
    return {"name": broken.name, "at": _encode_line(broken.at), "count": broken.count}


def _decode_break(raw: Any) -> Break:
    return Break(entry(raw, "name", str), _decode_line(raw.get("at")), entry(raw, "count", int))


def _encode_noise(noise: Noise) -> dict[str, Any]:
    return {"at": _encode_line(noise.at), "share": noise.share, "rows": noise.rows, "beside": noise.beside}


def _decode_noises(raw: dict[str, Any], values: list[Value]) -> Iterator[tuple[int, Noise]]:
    for number, _, part in numbered(values, raw):
        yield (
            number,
            Noise(
                *(_decode_line(part.get("at")), entry(part, "share", float), entry(part, "rows", int)),
                beside=bool(part.get("beside")),
            ),
        )


def _encode_frozen(frozen: Frozen) -> dict[str, Any]:
    return {"at": _encode_line(frozen.at), "drawn": frozen.drawn, "by": _encode_line(frozen.by)}


def _decode_frozen(raw: Any) -> Frozen:
    drawn = entry(raw, "drawn", bool)
    return Frozen(_decode_line(raw.get("at")), drawn, _decode_line(raw.get("by")))


def encode_agreement(agreement: Agreement | None) -> dict[str, Any] | None:
    return None if agreement is None else {name: getattr(agreement, name) for name in _AGREEMENT}


def decode_agreement(raw: dict[str, Any] | None) -> Agreement | None:
    """Raises ValueError."""
    if raw is None:
        return None
    return Agreement(
        parameters=entry(raw, "parameters", float),
        parameters_tolerance=entry(raw, "parameters_tolerance", float),
        calls=entry(raw, "calls", float),
        calls_tolerance=entry(raw, "calls_tolerance", float),
        update=entry(raw, "update", float),
        update_tolerance=entry(raw, "update_tolerance", float),
        by_rule=entry(raw, "by_rule", int),
        opaque=entry(raw, "opaque", int),
        errors=tuple(texts(entry(raw, "errors", list))),
    )
