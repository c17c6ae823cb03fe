"""Steps to record: a tutorial's XOR step, a step with one of everything, drawn ones; and how to compare two."""

from __future__ import annotations

import struct
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from hypothesis import strategies as st

from chainrule.run import Shown
from chainrule.run.tensorfile import _NAMES as STORED
from chainrule.step import Agreement, Backward, Call, ParameterUpdate, Step, Summary, Update, Value

SGD = {"lr": 0.1, "momentum": 0, "weight_decay": 0, "nesterov": False, "foreach": None, "maximize": False}


def value(index: int, tensor: torch.Tensor, kind: Any = "result", name: str = "") -> Value:
    return Value(index, tuple(tensor.shape), tensor.dtype, tensor, kind != "data", kind, name)


def xor_step(index: int = 0, seed: int = 0) -> Step:
    """Two inputs, one linear layer, a sigmoid, the squared error, SGD: as the watch would record it."""
    draw = torch.Generator().manual_seed(seed + index)
    x, target = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[0.0], [1], [1], [0]])
    weight, bias = torch.randn(1, 2, generator=draw), torch.randn(1, generator=draw)
    z = x @ weight.T + bias
    y = z.sigmoid()
    loss = ((y - target) ** 2).mean()
    g_y = (y - target) / 2
    g_z = g_y * y * (1 - y)
    g_weight, g_bias = g_z.T @ x, g_z.sum(0)
    values = [
        value(0, x, "data", "X"),
        value(1, weight, "parameter", "fc.weight"),
        value(2, bias, "parameter", "fc.bias"),
        value(3, z),
        value(4, y),
        value(5, target, "data", "Y"),
        value(6, loss),
    ]
    arguments = [
        ("F.linear", "linear", {"input": values[0], "weight": values[1], "bias": values[2]}, 3),
        ("torch.sigmoid", "sigmoid", {"x": values[3]}, 4),
        ("F.mse_loss", "mse_loss", {"input": values[4], "target": values[5], "reduction": "mean"}, 6),
    ]
    calls = [
        Call(i, name, rule, "fc" if i == 0 else "", "/home/a/xor.py", 12 + i, given, [values[out]])
        for i, (name, rule, given, out) in enumerate(arguments)
    ]
    moved = {
        1: ParameterUpdate(weight, g_weight.clone(), {}, dict(SGD), weight - 0.1 * g_weight),
        2: ParameterUpdate(bias, g_bias.clone(), {}, dict(SGD), bias - 0.1 * g_bias),
    }
    one = torch.ones(())
    backward = Backward([values[6]], [one], list(calls), {1: g_weight.clone(), 2: g_bias.clone()})
    gradients = {1: g_weight, 2: g_bias, 3: g_z, 4: g_y, 6: one}
    agreement = Agreement(1e-8, 1e-6, float("nan"), float("nan"), 0.0, 1e-7, 3, 0)
    return Step(index, float(loss), values, calls, [backward], [Update("SGD", moved)], gradients, agreement)


def rich_step(index: int = 3) -> Step:
    """One of everything a step can hold."""
    step = xor_step(index)
    x, weight, y = step.values[0], step.values[1], step.values[4]
    nothing = Value(7, (3, 0), torch.float32, torch.empty(3, 0), True, "result")
    unkept = Value(8, (1000, 1000), torch.bfloat16, None, True, "result")
    unkept.summary = Summary(-1.0, 2.0, 0.5, 0.25, 3, (1, 2, 3), ((7, 2.0), (1, float("inf"))))
    step.values += [nothing, unkept]
    odd = {
        "index": (slice(None, x, 2), ..., None, [1, (2.5, float("nan"), -float("inf"))]),
        "dtype": torch.bfloat16,
        "device": torch.device("cuda", 1),
        "layout": torch.strided,
        "format": torch.channels_last,
        "complex": 1 - 2j,
        "text": "σ ∂ \ud800 \"'\\",
        "flag": True,
        "many": {"a": [y], 3: None},
        "raw": torch.arange(3),
        "other": object,
    }
    step.calls.append(
        Call(3, "custom", None, "a.b", "", 0, odd, [nothing, unkept], "it is the user's own", {"noise": y.tensor > 0.5})
    )
    step.calls[3].autocast = torch.float16
    step.calls[3].sent = [None, torch.full((4, 2), float("nan"))]
    step.backwards[0].upstream = {0: [torch.randn(4, 1)], 3: [None, None]}
    step.backwards[0].delivered = {0: [torch.randn(4, 2), None]}
    state = {"step": torch.tensor(3.0), "exp_avg": torch.randn(1, 2), "dirs": [torch.randn(2)], "ro": [1.5, None]}
    settings = {"lr": torch.tensor(0.1), "betas": (0.9, 0.999), "fused": None}
    step.updates.append(Update("Adam", {1: ParameterUpdate(weight.tensor, torch.randn(1, 2), state, settings)}))
    step.problems = ["F.pad at x.py:3 was not recorded"]
    return step


def plain(thing: Any) -> Any:
    """The thing as nested tuples that are equal exactly when nothing differs: types, shapes, bits, and who is who."""
    match thing:
        case torch.Tensor():
            flat = thing.detach().resolve_conj().resolve_neg().reshape(-1)
            bits = flat.clone(memory_format=torch.contiguous_format).view(torch.uint8)
            return ("tensor", str(thing.dtype), tuple(thing.shape), bits.numpy().tobytes())
        case float():
            return ("float", "nan" if thing != thing else struct.pack("d", thing))
        case complex():
            return ("complex", plain(thing.real), plain(thing.imag))
        case Value() | Call():
            return (type(thing).__name__, thing.index)
        case list() | tuple():
            return (type(thing).__name__, *map(plain, thing))
        case dict():
            return ("dict", *((plain(key), plain(part)) for key, part in thing.items()))
        case slice():
            return ("slice", plain(thing.start), plain(thing.stop), plain(thing.step))
    if is_dataclass(thing) and not isinstance(thing, Shown | type):
        return inside(thing)
    known = None | bool | int | str | torch.dtype | torch.device | torch.layout | torch.memory_format
    return (type(thing).__name__ if isinstance(thing, known) or thing is ... else "shown", repr(thing))


def inside(thing: Any) -> Any:
    """Every field of a data class but Value.version, which is about the live tensor."""
    names = [field.name for field in fields(thing) if field.name != "version"]
    return (type(thing).__name__, *((name, plain(getattr(thing, name))) for name in names))


def differences(step: Step, other: Step) -> list[str]:
    """Where two steps differ, and where `other` does not refer to its own values and calls."""
    found = [
        f"{name} of the step"
        for name in (field.name for field in fields(Step))
        if name not in ("values", "calls") and plain(getattr(step, name)) != plain(getattr(other, name))
    ]
    for part in ("values", "calls"):
        ours, theirs = getattr(step, part), getattr(other, part)
        found += [f"number of {part}"] if len(ours) != len(theirs) else []
        found += [f"{a!r}" for a, b in zip(ours, theirs, strict=False) if inside(a) != inside(b)]
    used = [value for call in other.calls for value in [*call.values, *call.outputs]]
    used += [root for backward in other.backwards for root in backward.roots]
    found += [f"{value!r} is a stranger" for value in used if value is not other.values[value.index]]
    used_calls = [call for backward in other.backwards for call in backward.calls]
    found += [f"{call!r} is a stranger" for call in used_calls if call is not other.calls[call.index]]
    return found


# --- drawn by hypothesis ---------------------------------------------------------------------------------------------

COMPLEX = [torch.complex64, torch.complex128]


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    """Any dtype that is stored, any bits, any of the ways a tensor can lie in memory."""
    dtype = draw(st.sampled_from([*STORED, *COMPLEX]))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    count = int(torch.Size(shape).numel())
    if dtype is torch.bool:
        bits = torch.tensor(draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=torch.bool)
    else:
        size = count * dtype.itemsize
        raw = bytearray(draw(st.binary(min_size=size, max_size=size)))
        bits = torch.frombuffer(raw, dtype=torch.uint8).view(dtype) if size else torch.empty(0, dtype=dtype)
    tensor = bits.reshape(shape)
    match draw(st.sampled_from(["as it is", "transposed", "expanded", "strided", "conjugate"])):
        case "transposed":
            return tensor.permute(tuple(reversed(range(tensor.dim()))))
        case "expanded":
            return tensor.unsqueeze(0).expand(3, *shape)
        case "strided" if shape:
            return tensor[..., ::2]
        case "conjugate" if dtype in COMPLEX:
            return tensor.conj()
    return tensor


def arguments(values: list[Value]) -> st.SearchStrategy[Any]:
    floats = st.floats() | st.sampled_from([float("nan"), float("inf"), -0.0])
    leaves = (
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | floats
        | st.text(max_size=5)
        | st.complex_numbers()
        | st.sampled_from([*values, ..., torch.float16, torch.int8, torch.device("cpu"), torch.device("cuda", 3)])
        | st.sampled_from([torch.strided, torch.sparse_coo, torch.channels_last, torch.preserve_format])
        | tensors()
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.builds(slice, inner, inner, inner)
            | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=2)
        ),
        max_leaves=5,
    )


@st.composite
def steps(draw: st.DrawFn) -> Step:
    kinds = st.sampled_from(["parameter", "data", "result"])
    pool = draw(st.lists(tensors(), min_size=1, max_size=4))  # drawn from twice: shared storages
    values = [value(i, draw(st.sampled_from(pool)), draw(kinds), draw(st.text(max_size=4))) for i in range(len(pool))]
    some = st.sampled_from(pool)
    named = st.dictionaries(st.text(max_size=3), arguments(values), max_size=3)
    calls = []
    for i in range(draw(st.integers(0, 3))):
        rule = draw(st.none() | st.text(max_size=3))
        outputs = draw(st.lists(st.sampled_from(values), max_size=2))
        call = Call(i, draw(st.text(max_size=4)), rule, "m", "f.py", draw(st.integers()), draw(named), outputs)
        call.saved = draw(st.dictionaries(st.text(max_size=2), some, max_size=2))
        call.sent = draw(st.none() | st.lists(st.none() | some, max_size=2))
        call.autocast = draw(st.none() | st.sampled_from([torch.float16, torch.bfloat16]))
        calls.append(call)
    root = draw(st.sampled_from(values))
    backward = Backward([root], [root.tensor.clone()], calls[:1])
    backward.received = {v.index: v.tensor for v in values}
    backward.upstream = {call.index: draw(st.lists(st.none() | some, max_size=2)) for call in calls}
    moved = ParameterUpdate(root.tensor, root.tensor.clone(), draw(named), draw(named))
    gradients = {root.index: root.tensor.clone()}
    step = Step(draw(st.integers(0, 10**9)), draw(st.floats()), values, calls, [backward], gradients=gradients)
    step.updates = [Update(draw(st.text(max_size=4)), {root.index: moved})]
    step.problems = draw(st.lists(st.text(max_size=4), max_size=2))
    return step
