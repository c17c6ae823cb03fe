"""A step that was written and read is the same step, bit for bit and with the same things shared."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from recorded_steps import differences, plain, rich_step, steps, tensors, value, xor_step

from chainrule.run import LeftOut, Shown
from chainrule.run.codec import decode, encode
from chainrule.run.tensorfile import from_bytes, storable, to_bytes
from chainrule.step import Step, Summary

ALL = 1 << 40  # bytes: no limit


def through(step: Step, limit: int = ALL) -> tuple[Step, dict[str, LeftOut]]:
    encoded = encode(step, limit)
    return decode(*from_bytes(to_bytes(encoded.text, encoded.tensors)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps())
def test_reading_is_the_inverse_of_writing(step: Step) -> None:
    again, left_out = through(step)
    assert differences(step, again) == []
    assert left_out == {}


@settings(max_examples=150, deadline=None)
@given(tensors())
def test_every_bit_of_a_tensor_survives(tensor: torch.Tensor) -> None:
    again = through(Step(0, values=[value(0, tensor)]))[0].values[0].tensor
    assert plain(again) == plain(tensor)


def test_a_step_with_one_of_everything_survives() -> None:
    step = rich_step()
    again, left_out = through(step)
    assert differences(step, again) == []
    assert again.calls[3].arguments["other"] == Shown("<class 'object'>")
    assert left_out.keys() == {"v8"}
    assert differences(again, through(again)[0]) == []


CHANGES: dict[str, Callable[[Step], object]] = {
    "a bit of a tensor": lambda s: s.values[1].tensor.view(torch.int32)[0, 0].bitwise_xor_(1),
    "a sign of zero": lambda s: s.values[0].tensor[0, 0].neg_(),
    "a shape": lambda s: setattr(s.values[2], "tensor", s.values[2].tensor.reshape(1, 1)),
    "a dtype": lambda s: s.gradients.update({1: s.gradients[1].double()}),
    "an argument": lambda s: s.calls[3].arguments.update(flag=1),
    "a tuple": lambda s: s.calls[3].arguments.update(index=list(s.calls[3].arguments["index"])),
    "a gradient less": lambda s: s.gradients.pop(3),
    "a summary": lambda s: setattr(s.values[8], "summary", None),
    "a stranger": lambda s: s.calls[1].arguments.update(x=value(3, s.values[3].tensor)),
    "a call's copy": lambda s: s.backwards[0].calls.__setitem__(0, xor_step().calls[0]),
    "a setting": lambda s: s.updates[1].parameters[1].settings.update(fused=False),
    "a state": lambda s: s.updates[1].parameters[1].state["dirs"].append(None),
    "the agreement": lambda s: setattr(s, "agreement", None),
    "a seed": lambda s: s.backwards[0].seeds[0].add_(1),
    "the loss": lambda s: setattr(s, "loss", s.loss + 1e-12),
    "what was sent": lambda s: s.calls[3].sent.pop(),
    "a problem": lambda s: s.problems.clear(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_comparison_notices(change: str) -> None:
    step, again = rich_step(), through(rich_step())[0]
    step.backwards[0].upstream = again.backwards[0].upstream  # random in each
    step.backwards[0].delivered = again.backwards[0].delivered
    step.updates[1] = again.updates[1]
    assert differences(step, again) == []
    again = through(again)[0]
    CHANGES[change](again)
    assert differences(step, again) != []


def test_numbers_that_are_shared_are_stored_once_and_shared_again() -> None:
    weight = torch.randn(4, 3)
    flat = weight.reshape(12)
    step = Step(0, values=[value(0, weight), value(1, flat), value(2, weight.detach()), value(3, weight.t())])
    encoded = encode(step, ALL)
    assert encoded.tensors.keys() == {"v0", "v3"}  # the transpose has the same numbers in another order
    again = through(step)[0]
    assert differences(step, again) == []
    first, second, third, _ = (v.tensor for v in again.values)
    assert first is third
    assert second.data_ptr() == first.data_ptr()


def test_a_conjugate_view_is_not_taken_for_its_base() -> None:
    base = torch.randn(3, dtype=torch.complex64)
    step = Step(0, values=[value(0, base), value(1, base.conj()), value(2, base.conj().imag)])
    assert differences(step, through(step)[0]) == []


def test_numbers_that_were_overwritten_are_not_kept() -> None:
    tensor = torch.zeros(3)
    step = Step(0, values=[value(0, tensor)])
    step.values[0].version = tensor._version
    assert through(step)[0].values[0].tensor is not None
    tensor.add_(1)
    assert through(step)[0].values[0].tensor is None


def test_a_sparse_gradient_comes_back_dense() -> None:
    dense = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    step = Step(0, values=[value(0, dense, "parameter", "w")], gradients={0: dense.to_sparse()})
    assert torch.equal(through(step)[0].gradients[0], dense)


def test_a_tensor_without_numbers_is_left_out() -> None:
    meta = torch.empty(3, device="meta")
    step, left_out = through(Step(0, values=[value(0, meta)]))
    assert step.values[0].tensor is None
    assert left_out == {"v0": LeftOut((3,), torch.float32, None)}


def test_the_smallest_tensors_are_kept_until_the_limit_is_used_up() -> None:
    sizes = [100, 10, 50, 1]
    step = Step(0, values=[value(i, torch.randn(n)) for i, n in enumerate(sizes)])
    again, left_out = through(step, limit=4 * 61)
    assert [v.tensor is not None for v in again.values] == [False, True, True, True]
    assert again.values[0].summary == Summary.of(step.values[0].tensor) == left_out["v0"].summary
    assert again.problems == ["1 tensors (0.0 MB) were not kept: too large for the step's share of the run"]
    assert again.values[0].shape == (100,)


def test_what_misses_a_tensor_is_left_out_whole() -> None:
    step = rich_step()
    again, left_out = through(step, limit=0)
    assert all(v.tensor is None for v in again.values if v.numel)
    assert again.values[1].summary == Summary.of(step.values[1].tensor)
    assert again.gradients.keys() == {6}  # the seed's own number
    assert left_out["g3"].summary == Summary.of(step.gradients[3])
    assert again.calls[3].sent is None
    assert again.calls[3].saved == {}
    assert torch.equal(again.calls[3].arguments["raw"], torch.arange(3))
    assert again.backwards[0].received == {}
    assert again.backwards[0].delivered == {}
    assert again.backwards[0].upstream == {3: [None, None]}
    assert [update.parameters for update in again.updates] == [{}, {}]
    assert torch.equal(again.backwards[0].seeds[0], torch.ones(()))


def test_a_repr_that_raises_or_never_ends_is_cut() -> None:
    class Bad:
        def __repr__(self) -> str:
            raise KeyError("no")

    class Long:
        def __repr__(self) -> str:
            return "x" * 1_000_000

    step = xor_step()
    step.calls[0].arguments |= {"bad": Bad(), "long": Long()}
    again = through(step)[0].calls[0].arguments
    assert "whose repr raises KeyError" in repr(again["bad"])
    assert len(repr(again["long"])) == 200


def test_numpy_numbers_become_python_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    step = xor_step()
    step.calls[0].arguments |= {"i": numpy.int64(3), "f": numpy.float32(0.5), "c": numpy.complex64(1j)}
    again = through(step)[0].calls[0].arguments
    assert [again["i"], again["f"], again["c"]] == [3, 0.5, 1j]
    assert type(again["i"]) is int


@pytest.mark.parametrize("part", ["values", "calls"])
def test_a_wrongly_numbered_step_is_refused(part: str) -> None:
    step = xor_step()
    getattr(step, part)[1].index = 9
    with pytest.raises(ValueError, match="place of their number"):
        encode(step, ALL)


# --- texts that no encoder wrote -------------------------------------------------------------------------------------


def hostile(change: Callable[[dict], object], limit: int = ALL) -> Step:
    encoded = encode(rich_step(), limit)
    text = json.loads(encoded.text)
    change(text)
    return decode(json.dumps(text), {name: storable(t) for name, t in encoded.tensors.items()})[0]


def nested(depth: int) -> object:
    bomb: object = 0
    for _ in range(depth):
        bomb = [bomb]
    return bomb


HOSTILE: dict[str, Callable[[dict], object]] = {
    "a huge shape": lambda t: t["values"][8].update(shape=[1 << 62, 1 << 62]),
    "a huge shape of nothing": lambda t: t["values"][7].update(shape=[0, 1 << 62]),
    "a negative size": lambda t: t["values"][8].update(shape=[-1]),
    "a fractional size": lambda t: t["values"][8].update(shape=[1.0]),
    "a shape that is not the tensor's": lambda t: t["values"][0].update(shape=[2, 4]),
    "a dtype that is not the tensor's": lambda t: t["values"][0].update(dtype="float64"),
    "an unknown dtype": lambda t: t["values"][0].update(dtype="float31"),
    "a dtype that is an attribute": lambda t: t["values"][0].update(dtype="__name__"),
    "an unknown kind": lambda t: t["values"][0].update(kind="weapon"),
    "a name that is a number": lambda t: t["values"][0].update(name=5),
    "a tensor that is not there": lambda t: t["values"][0].update(tensor="v99"),
    "a tensor that is a number": lambda t: t["values"][0].update(tensor=12),
    "a value that is a list": lambda t: t["values"].__setitem__(0, []),
    "values that are an object": lambda t: t.update(values={}),
    "no values": lambda t: t.pop("values"),
    "a negative index": lambda t: t["calls"][0].update(outputs=[-1]),
    "an index too large": lambda t: t["calls"][0].update(outputs=[99]),
    "an index that is a bool": lambda t: t["calls"][0].update(outputs=[True]),
    "an argument that does not exist": lambda t: t["calls"][0]["arguments"].update(input={"value": 99}),
    "an argument of no type": lambda t: t["calls"][0]["arguments"].update(input={"eval": "1"}),
    "an argument nested too deep": lambda t: t["calls"][0]["arguments"].update(input=nested(900)),
    "an unknown device": lambda t: t["calls"][0]["arguments"].update(input={"device": "toaster"}),
    "a dict of no pairs": lambda t: t["calls"][0]["arguments"].update(input={"dict": [1]}),
    "a dict with a list as key": lambda t: t["calls"][0]["arguments"].update(input={"dict": [[[], 1]]}),
    "a complex text": lambda t: t["calls"][0]["arguments"].update(input={"complex": ["1", "2"]}),
    "a line that is text": lambda t: t["calls"][0].update(line="12"),
    "a circle": lambda t: t["calls"][0]["arguments"].update(input={"value": 6}),
    "a call twice": lambda t: t["backwards"][0]["calls"].append(0),
    "a backward call that does not exist": lambda t: t["backwards"][0]["calls"].append(77),
    "a seed too many": lambda t: t["backwards"][0]["seeds"].append("v0"),
    "a seed of another shape": lambda t: t["backwards"][0].update(seeds=["v0"]),
    "a seed that was left out": lambda t: t["backwards"][0].update(seeds=["v8"]),
    "a gradient of another shape": lambda t: t["gradients"].update({"1": "v0"}),
    "a gradient of nothing": lambda t: t["gradients"].update({"99": "v0"}),
    "a gradient of a negative value": lambda t: t["gradients"].update({"-1": "v0"}),
    "a gradient of a text": lambda t: t["gradients"].update({"²": "v0"}),
    "a view of another size": lambda t: t["gradients"].update({"1": ["v0", [1, 2]]}),
    "a weight of another shape": lambda t: t["updates"][0]["parameters"]["1"].update(after="v0"),
    "an update without gradient": lambda t: t["updates"][0]["parameters"]["1"].pop("gradient"),
    "an optimizer that is None": lambda t: t["updates"][0].update(optimizer=None),
    "a complex tensor that is none": lambda t: t["complex"].append("v2"),
    "a complex tensor that is a list": lambda t: t["complex"].append([]),
    "a summary of texts": lambda t: t["left_out"]["v8"]["summary"].update(mean="0"),
    "a histogram of texts": lambda t: t["left_out"]["v8"]["summary"].update(histogram=["1"]),
    "largest entries of one": lambda t: t["left_out"]["v8"]["summary"].update(largest=[[1]]),
    "an agreement of texts": lambda t: t["agreement"].update(parameters="0"),
    "errors that are numbers": lambda t: t["agreement"].update(errors=[1]),
    "problems that are numbers": lambda t: t.update(problems=[1]),
    "a loss that is a text": lambda t: t.update(loss="0"),
    "an index that is a text": lambda t: t.update(index="0"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_text_is_a_value_error(what: str) -> None:
    assert hostile(lambda text: None).index == 3
    with pytest.raises(ValueError):  # noqa: PT011  # the sentence is another for each
        hostile(HOSTILE[what])


@pytest.mark.parametrize("text", ["", "[]", "null", "3", '{"values":', "[" * 100_000, '{"a":' * 100_000, "9" * 5_000])
def test_a_text_that_is_no_object_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        decode(text, {})
