"""The worked examples of books, courses and articles, to the digits that they print.

Two things are tested. Every example is run as a PyTorch program under the watch: its numbers hold, every recorded step
is proved (each rule alone, the parameters, the update), and nothing was opaque. And every gradient and every single
update that a source prints is computed here by chainrule's own chain rule (`OURS`): forward values are those of the
recorded calls, gradients are step.parameters[...].gradient, new weights are the replay of our update rule; autograd's
.grad is not read. What is left to PyTorch alone are the ends of long descents (20 to 10,000 steps), whose recorded
steps are proved one by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from programs import PROGRAMS, data, weight

from chainrule.api import Step, explain, watch

Inputs = dict[str, Any]
EXAMPLES = {e["id"]: e for e in json.loads((Path(__file__).parents[1] / "data/published.json").read_text())["examples"]}
every_example = pytest.mark.parametrize("name", EXAMPLES)
# Not differentiated: plain arithmetic that repeats an article's mistake, and a forward pass. In the derivatives of
# tanh every step after the first is a second derivative, which autograd's own nodes give.
ARITHMETIC = {"mazur_2015_bug_replay", "goodfellow_xor"}
OPAQUE = {"jax_tanh_derivatives"}


def flat(number: Any) -> list[float]:
    return torch.as_tensor(number, dtype=torch.float64).flatten().tolist()


def written(value: float, like: str) -> str:
    """The value with as many decimals as the printed number has."""
    return f"{value:.{len(like.partition('.')[2])}f}"


def holds(value: float, printed: str, digits: int | None) -> bool:
    """Whether the value rounds to what is printed; or, where that is known not to be so, agrees to `digits`."""
    if digits is None:
        return float(written(value, printed)) == float(printed)
    return f"{value:.{digits - 1}e}" == f"{float(printed):.{digits - 1}e}"


def misses(name: str, found: dict[str, Any], printed: dict[str, Any] | None = None) -> list[str]:
    """Every printed number that was not reproduced."""
    example = EXAMPLES[name]
    wrong = []
    for key, expected in (printed or example["printed"]).items():
        expected = expected if isinstance(expected, list) else [expected]
        digits = example["agrees"].get(key)
        digits = digits if isinstance(digits, list) else [digits] * len(expected)
        values = flat(found[key])
        assert len(values) == len(expected), key
        wrong += [
            f"{key}: {v} is not {p}" for v, p, d in zip(values, expected, digits, strict=True) if not holds(v, p, d)
        ]
    return wrong


# ---------------------------------------------------------------- under watch


@every_example
def test_the_program_reproduces_what_is_printed_and_every_step_of_it_is_proved(name, tmp_path):
    example = EXAMPLES[name]
    plain = PROGRAMS[name](example["inputs"])
    with watch(tmp_path / "run", steps=[*range(12), 299, 5000, 9999], check="all") as run:
        found = PROGRAMS[name](example["inputs"])
    assert not misses(name, found)
    assert {key: flat(number) for key, number in found.items()} == {k: flat(number) for k, number in plain.items()}
    assert len(run) > 0 or name in ARITHMETIC
    for step in run:
        # A backward before there is any optimizer is a step of its own; then the optimizer's has no backward.
        assert step.agreement.proved or (step.agreement.holds and not step._data.backwards), step.agreement
        assert not step.problems
        assert step.agreement.opaque == 0 or name in OPAQUE


# ---------------------------------------------------------------- by our own chain rule

OURS: dict[str, Callable[[Inputs], dict[str, Any]]] = {}


def ours(function: Callable[[Inputs], dict[str, Any]]) -> Callable[[Inputs], dict[str, Any]]:
    OURS[function.__name__] = function
    return function


def gradient(step: Step, name: str) -> torch.Tensor:
    return step.parameters[name].gradient


def replayed(step: Step, name: str) -> torch.Tensor:
    """The new weight by our update rule, not the one that torch.optim wrote."""
    (row,) = [row for row in step.update if row.parameter.name == name]
    return row.values["after"]


def results(step: Step, function: str) -> list[torch.Tensor]:
    """The outputs of a function's calls, in order."""
    return [call.output for call in step.calls if call.name == function]


def upstream(step: Step, function: str) -> list[torch.Tensor]:
    """Our gradients of the loss by those outputs."""
    return [call.gradient for call in step.calls if call.name == function]


def mazur(inputs: Inputs) -> tuple[Step, Callable[[], torch.Tensor], torch.Tensor, torch.Tensor]:
    x, target = data(inputs["x"]), data(inputs["target"])
    w1, w2 = weight(inputs["W1"]), weight(inputs["W2"])

    def errors() -> torch.Tensor:
        out_h = torch.sigmoid(F.linear(x, w1) + inputs["b1"])
        out_o = torch.sigmoid(F.linear(out_h, w2) + inputs["b2"])
        return 0.5 * (target - out_o) ** 2

    return explain(lambda: errors().sum(), torch.optim.SGD([w1, w2], lr=inputs["lr"])), errors, w1, w2


@ours
def mazur_2015(inputs: Inputs) -> dict[str, Any]:
    step, errors, w1, w2 = mazur(inputs)
    net_h, net_o = results(step, "Tensor.add")
    out_h, out_o = results(step, "torch.sigmoid")
    _, delta_o = upstream(step, "Tensor.add")
    back_h, back_o = upstream(step, "torch.sigmoid")
    slope_h, slope_o = [row.numbers for row in step.partials if row.call.rule == "sigmoid"]
    (halves,) = [call.output for call in step.calls if call.output.shape == (2,) and call.name == "Tensor.mul"]
    through = delta_o * w2[:, 0].detach()
    new = [*replayed(step, "w1").flatten().tolist(), *replayed(step, "w2").flatten().tolist()]
    found = {
        "net_h1": net_h[0],
        "out_h1": out_h[0],
        "out_h2": out_h[1],
        "net_o1": net_o[0],
        "out_o1": out_o[0],
        "out_o2": out_o[1],
        "E_o1": halves[0],
        "E_o2": halves[1],
        "E_total": step.loss,
        "dE/dout_o1": back_o[0],
        "dout_o1/dnet_o1": slope_o[0],
        "dnet_o1/dw5": step.derive("w2", (0, 0)).levels[0].terms[0].partial,
        "dE/dw5": gradient(step, "w2")[0, 0],
        "delta_o1": delta_o[0],
        "dE_o1/dout_h1": through[0],
        "dE_o2/dout_h1": through[1],
        "dE/dout_h1": back_h[0],
        "dout_h1/dnet_h1": slope_h[0],
        "dE/dw1": gradient(step, "w1")[0, 0],
    } | {f"w{i}+": number for i, number in enumerate(new, 1)}
    with torch.no_grad():
        w1.copy_(replayed(step, "w1"))
        w2.copy_(replayed(step, "w2"))
        return found | {"E_total after 1 step (biases kept)": errors().sum()}


@ours
def cs231n_q_times_z(inputs: Inputs) -> dict[str, Any]:
    x, y, z = (weight(inputs[name]) for name in "xyz")
    step = explain(lambda: (x + y) * z)
    add, mul = step.calls
    return {
        "q": add.output,
        "f": mul.output,
        "df/dq": add.gradient,
        **{f"df/d{name}": gradient(step, name) for name in "xyz"},
    }


@ours
def micrograd_readme(inputs: Inputs) -> dict[str, Any]:
    a, b = weight(inputs["a"]), weight(inputs["b"])

    def g() -> torch.Tensor:
        c = a + b
        d = a * b + b**3
        c += c + 1
        c += 1 + c + (-a)
        d += d * 2 + (b + a).relu()
        d += 3 * d + (b - a).relu()
        e = c - d
        f = e**2
        g = f / 2.0
        g += 10.0 / f
        return g

    step = explain(g)
    return {"g": step.loss, "a.grad": gradient(step, "a"), "b.grad": gradient(step, "b")}


@ours
def micrograd_lecture_L(inputs: Inputs) -> dict[str, Any]:
    a, b, c, f = (weight(inputs[name]) for name in "abcf")
    step = explain(lambda: (a * b + c) * f)
    e, d, loss = step.calls
    moved = {name: inputs[name] + 0.01 * gradient(step, name) for name in "abcf"}
    return {
        "d": d.output,
        "L": loss.output,
        "d.grad": d.gradient,
        "e.grad": e.gradient,
        **{f"{name}.grad": gradient(step, name) for name in "abcf"},
        "L after +0.01*grad": (moved["a"] * moved["b"] + moved["c"]) * moved["f"],
    }


@ours
def micrograd_lecture_neuron_float32_bias(inputs: Inputs) -> dict[str, Any]:
    x1, x2, w1, w2 = (weight(inputs[name]) for name in ("x1", "x2", "w1", "w2"))
    b = torch.tensor([6.8813735870195432], dtype=torch.float32).double().requires_grad_()
    step = explain(lambda: torch.tanh(x1 * w1 + x2 * w2 + b))
    return {"o": step.loss} | {f"{name}.grad": gradient(step, name) for name in ("x1", "x2", "w1", "w2")}


@ours
def micrograd_lecture_accumulate(inputs: Inputs) -> dict[str, Any]:
    a, b = weight(inputs["a"]), weight(inputs["b"])
    step = explain(lambda: (a * b) * (a + b))
    d, e, f = step.calls
    return {
        "f": f.output,
        "d.grad": d.gradient,
        "e.grad": e.gradient,
        "a.grad": gradient(step, "a"),
        "b.grad": gradient(step, "b"),
    }


@ours
def karpathy_hackers_guide_mul(inputs: Inputs) -> dict[str, Any]:
    x, y = weight(inputs["x"]), weight(inputs["y"])
    step = explain(lambda: x * y, torch.optim.SGD([x, y], lr=inputs["step"], maximize=True))
    new_x, new_y = replayed(step, "x"), replayed(step, "y")
    return {
        "x.grad": gradient(step, "x"),
        "y.grad": gradient(step, "y"),
        "x+": new_x,
        "y+": new_y,
        "out+": new_x * new_y,
    }


@ours
def karpathy_hackers_guide_circuit(inputs: Inputs) -> dict[str, Any]:
    x, y, z = (weight(inputs[name]) for name in "xyz")
    step = explain(lambda: (x + y) * z, torch.optim.SGD([x, y, z], lr=inputs["step"], maximize=True))
    new = {name: replayed(step, name) for name in "xyz"}
    return {
        "grads": torch.stack([gradient(step, name) for name in "xyz"]),
        **{f"{name}+": number for name, number in new.items()},
        "out+": (new["x"] + new["y"]) * new["z"],
    }


@ours
def olah_backprop(inputs: Inputs) -> dict[str, Any]:
    a, b = weight(inputs["a"]), weight(inputs["b"])
    step = explain(lambda: (a + b) * (b + 1))
    c, d, e = (call.output for call in step.calls)
    return {"c": c, "d": d, "e": e, "de/da": gradient(step, "a"), "de/db": gradient(step, "b")}


@ours
def d2l_autograd(inputs: Inputs) -> dict[str, Any]:
    x = weight(inputs["x"])
    first = explain(lambda: 2 * torch.dot(x, x))
    return {
        "y": first.loss,
        "grad 2x.x": gradient(first, "x"),
        "grad sum": gradient(explain(lambda: x.sum()), "x"),
        "grad x*x": gradient(explain(lambda: (x * x).sum()), "x"),
        "grad detach": gradient(explain(lambda: ((x * x).detach() * x).sum()), "x"),
    }


@ours
def pytorch_blitz(inputs: Inputs) -> dict[str, Any]:
    """The source's backward(ones) is the backward of the sum."""
    a, b = (weight(inputs[name]) for name in "ab")
    step = explain(lambda: (3 * a**3 - b**2).sum())
    return {"a.grad": gradient(step, "a"), "b.grad": gradient(step, "b")}


@ours
def tinygrad_readme(inputs: Inputs) -> dict[str, Any]:
    x, y = torch.eye(3, dtype=torch.float64, requires_grad=True), weight(inputs["y"])
    step = explain(lambda: y.matmul(x).sum())
    return {"x.grad": gradient(step, "x"), "y.grad": gradient(step, "y")}


@ours
def goodfellow_xor(inputs: Inputs) -> dict[str, Any]:
    """The book prints a forward pass: these are the recorded calls' outputs. The sum is ours, to have a backward."""
    x, w, c, out = data(inputs["X"]), weight(inputs["W"]), data(inputs["c"]), weight(inputs["w"])
    step = explain(lambda: (torch.relu(x @ w + c) @ out + inputs["b"]).sum())
    product, net, hidden, _, y, _ = (call.output for call in step.calls)
    return {"XW": product, "XW+c": net, "h": hidden, "y": y}


@ours
def jax_sum_logistic(inputs: Inputs) -> dict[str, Any]:
    x = weight(inputs["x"])
    return {"grad": gradient(explain(lambda: (1 / (1 + torch.exp(-x))).sum()), "x")}


@ours
def jax_tanh_derivatives(inputs: Inputs) -> dict[str, Any]:
    """The first derivative; the others are derivatives of autograd's own nodes."""
    x = weight(inputs["x"])
    return {"d1": gradient(explain(lambda: torch.tanh(x)), "x")}


@ours
def raschka_llm_appendix_a(inputs: Inputs) -> dict[str, Any]:
    x, y, w, b = data([inputs["x1"]]), data([inputs["y"]]), weight([inputs["w1"]]), weight([inputs["b"]])
    step = explain(lambda: F.binary_cross_entropy(torch.sigmoid(x * w + b), y))
    return {"loss": step.loss, "grad w1": gradient(step, "w"), "grad b": gradient(step, "b")}


@ours
def jurafsky_martin_sgd(inputs: Inputs) -> dict[str, Any]:
    x, y = data(inputs["x"]), data(inputs["y"])
    w, b = weight(inputs["w"]), weight(inputs["b"])
    step = explain(
        lambda: F.binary_cross_entropy(torch.sigmoid(torch.dot(w, x) + b), y), torch.optim.SGD([w, b], lr=inputs["lr"])
    )
    return {
        "grad": torch.cat([gradient(step, "w"), gradient(step, "b")[None]]),
        "theta+": torch.cat([replayed(step, "w"), replayed(step, "b")[None]]),
    }


def descended(inputs: Inputs, f: Callable[[torch.Tensor], torch.Tensor], start: Any, **settings: Any) -> torch.Tensor:
    """Gradient descent by our gradients and our update rule alone: torch.optim's result is thrown away each time."""
    x = weight(start)
    optimizer = torch.optim.SGD([x], **settings)
    for _ in range(inputs["epochs"]):
        step = explain(lambda: f(x), optimizer)
        (row,) = step.update
        with torch.no_grad():
            x.copy_(row.values["after"])
        if "b" in row.values:
            optimizer.state[x]["momentum_buffer"] = row.values["b"].clone()
    return x.detach()


@ours
def d2l_gd_1d(inputs: Inputs) -> dict[str, Any]:
    found = {f"lr {lr}": descended(inputs, lambda x: x**2, inputs["x0"], lr=lr) for lr in inputs["lr"]}
    c = 0.15 * torch.pi
    return found | {"cos, lr 2": descended(inputs, lambda x: x * torch.cos(c * x), inputs["x0"], lr=2)}


@ours
def d2l_gd_2d(inputs: Inputs) -> dict[str, Any]:
    return {"x": descended(inputs, lambda x: x[0] ** 2 + 2 * x[1] ** 2, inputs["x0"], lr=inputs["lr"])}


def bowl(inputs: Inputs) -> dict[str, Any]:
    settings = {name: inputs[name] for name in ("lr", "momentum") if name in inputs}
    return {"x": descended(inputs, lambda x: 0.1 * x[0] ** 2 + 2 * x[1] ** 2, inputs["x0"], **settings)}


OURS |= {"d2l_gd_lr_0.4": bowl, "d2l_momentum_lr_0.6_beta_0.5": bowl}

# What is printed there after a descent of 20 to 10,000 steps; see the head of this file.
LEFT_TO_TORCH = {
    "mazur_2015": {"E_total after 10000 steps", "out_o1 after 10000", "out_o2 after 10000"},
    "jax_tanh_derivatives": {"d2", "d3"},
}
ONLY_TORCH = {
    "mazur_2015_bug_replay",
    "nielsen_toy_neuron",
    "iamtrask_2layer",
    "d2l_Adagrad_lr_0.4",  # the book's own rule; torch.optim's is proved step by step above
    "d2l_Adagrad_lr_2",
}


@pytest.mark.parametrize("name", OURS)
def test_our_own_chain_rule_gives_the_printed_numbers(name):
    example = EXAMPLES[name]
    printed = {k: number for k, number in example["printed"].items() if k not in LEFT_TO_TORCH.get(name, ())}
    assert not misses(name, OURS[name](example["inputs"]), printed)


def test_every_example_is_accounted_for():
    assert EXAMPLES.keys() == PROGRAMS.keys() == OURS.keys() | ONLY_TORCH
    assert not OURS.keys() & ONLY_TORCH


# ---------------------------------------------------------------- Mazur's mistake


def test_mazurs_printed_loss_comes_from_output_weights_that_were_already_updated():
    """Article: 0.291027924. With the gradients it derives: 0.291027774. With the hidden layer's gradient taken through
    the *new* output weights: 0.291027924. All three from our own gradients and update rule."""
    inputs = EXAMPLES["mazur_2015"]["inputs"]
    step, errors, w1, w2 = mazur(inputs)
    new_w1, new_w2 = replayed(step, "w1"), replayed(step, "w2")
    with torch.no_grad():
        w1.copy_(new_w1)
        w2.copy_(new_w2)
        right = errors().sum().item()
    assert f"{right:.9f}" == "0.291027774"
    # The mistake: W2 is moved first, and the hidden layer's gradient is computed after that. Its output deltas are
    # those of the old weights, so they enter as the linear loss δ·(W2' h).
    (_, delta_o) = upstream(step, "Tensor.add")
    x, old_w1 = data(inputs["x"]), weight(inputs["W1"])
    faulty = explain(lambda: torch.dot(delta_o, F.linear(torch.sigmoid(F.linear(x, old_w1) + inputs["b1"]), new_w2)))
    with torch.no_grad():
        w1.copy_(old_w1 - inputs["lr"] * gradient(faulty, "old_w1"))
        wrong = errors().sum().item()
    assert f"{wrong:.9f}" == EXAMPLES["mazur_2015"]["printed"]["E_total after 1 step (biases kept)"] == "0.291027924"


# ---------------------------------------------------------------- the checker, seen to fail


@every_example
def test_one_wrong_digit_is_a_miss(name):
    found = {k: flat(number) for k, number in PROGRAMS[name](EXAMPLES[name]["inputs"]).items()}
    assert not misses(name, found)
    for key, printed in EXAMPLES[name]["printed"].items():
        last = printed[-1] if isinstance(printed, list) else printed
        unit = 10.0 ** -len(last.partition(".")[2])
        if EXAMPLES[name]["agrees"].get(key):
            unit = max(unit, abs(float(last)) * 1e-2)
        moved = found[key][-1] + max(1.01 * unit, 1e-15 * abs(found[key][-1]))
        assert misses(name, found | {key: [*found[key][:-1], moved]}), key


def numbers_of(name: str) -> Iterator[tuple[str, str, int]]:
    for key, digits in EXAMPLES[name]["agrees"].items():
        printed = EXAMPLES[name]["printed"][key]
        pairs = zip(printed, digits, strict=True) if isinstance(printed, list) else [(printed, digits)]
        for number, n in pairs:
            yield key, number, n


@every_example
def test_where_fewer_digits_agree_than_are_printed_the_next_one_is_wrong(name):
    """`agrees` is not modesty: one digit more, and the number is missed."""
    found = PROGRAMS[name](EXAMPLES[name]["inputs"])
    for key in EXAMPLES[name]["agrees"]:
        printed = [number for k, number, _ in numbers_of(name) if k == key]
        digits = [n for k, _, n in numbers_of(name) if k == key]
        for value, number, n in zip(flat(found[key]), printed, digits, strict=True):
            assert holds(value, number, n), key
            assert not holds(value, number, n + 1) or not holds(value, number, None) or n >= len(number.strip("-0."))
