"""Every rule against autograd, against difference quotients, and against its own definition.

Each law is a function that raises AssertionError where a rule breaks it; at the end, each is seen to fail on rules
that are wrong by one part in a thousand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from rule_calls import Made, Tensor, autograd, close, gradients, kept, make, positive, result_of, tolerance, unit
from rule_samples import SAMPLES, Sample, data, normal

from chainrule.rules import RULES, Bound, Rule
from chainrule.step import Value, arguments_of, map_argument

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's advice on shapes and reductions
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=repr)

# A central difference with step h errs by h²·f'''/6 from the curve and by u·f/h from rounding, both h² for h = ∛u. The
# samples are of size 1 and so are their third derivatives; 200 covers the steepest, log and 1/x at 0.1.
STEP = 2.0 ** (-53 / 3)
DIFFERENCE = 200 * STEP**2


def made_of(sample: Sample) -> Made:
    made = make(sample.function, sample.args, sample.kwargs)
    assert made.rule is RULES[sample.rule], made.reason
    assert made.inputs
    return made


def upstreams(made: Made) -> Iterator[list[Tensor | None]]:
    """A gradient for every output; and where there are several, one for the last alone."""
    yield made.upstream()
    differentiable = [i for i, g in enumerate(made.upstream()) if g is not None]
    if len(differentiable) > 1:
        yield [g if i == differentiable[-1] else None for i, g in enumerate(made.upstream(1))]


# ---------------------------------------------------------------- the laws


def vjp_is_autograds(sample: Sample) -> None:
    """vjp(g) is what PyTorch sends to each input, in the input's shape."""
    made = made_of(sample)
    for upstream in upstreams(made):
        ours = gradients(made, made.rule.vjp(made.bound, *upstream))
        sizes = gradients(made, made.rule.magnitude(made.bound, *positive(upstream)))
        for found, size, expected, (name, *_) in zip(ours, sizes, autograd(made, upstream), made.inputs, strict=True):
            assert found is not None, f"no gradient for {name}"
            expected = torch.zeros_like(found) if expected is None else expected
            assert found.shape == expected.shape, name
            assert close(found, expected, tolerance(made) * size), f"{name}: {found} is not {expected}"


def value_at(sample: Sample, made: Made, moved: dict[int, Tensor]) -> list[Tensor]:
    """The outputs with some tensors among the arguments, given by id, replaced."""

    def put(part: Any) -> Any:
        if isinstance(part, list | tuple):
            return type(part)(put(p) for p in part)
        return moved.get(id(part), part)

    torch.manual_seed(0)  # dropout draws the same mask
    return result_of(sample.function, put(sample.args), {n: put(v) for n, v in sample.kwargs.items()})


def vjp_is_the_adjoint_of_the_derivative(sample: Sample) -> None:
    """⟨g, Df(x)·v⟩ = ⟨vjp(g), v⟩ for a point x, direction v and gradient g.

    Df(x)·v is a difference quotient: a rule's own partials would agree with themselves when wrong.
    """
    made = made_of(sample)
    upstream = made.upstream()
    generator = torch.Generator().manual_seed(3)
    ways = [torch.randn(t.shape, dtype=torch.float64, generator=generator) for *_, t in made.inputs]
    with torch.no_grad():
        ahead, behind = (
            value_at(sample, made, {id(t): t + sign * STEP * v for (*_, t), v in zip(made.inputs, ways, strict=True)})
            for sign in (1, -1)
        )
    quotient, scale = 0.0, 1.0
    for g, after, before in zip(upstream, ahead, behind, strict=True):
        if g is not None:
            quotient += float((g * (after - before)).sum()) / (2 * STEP)
            scale += float((g * after).abs().sum())
    ours = gradients(made, made.rule.vjp(made.bound, *upstream))
    sizes = gradients(made, made.rule.magnitude(made.bound, *positive(upstream)))
    product = sum(float((found * v).sum()) for found, v in zip(ours, ways, strict=True))
    scale += sum(float((size * v.abs()).sum()) for size, v in zip(sizes, ways, strict=True))
    assert abs(quotient - product) <= DIFFERENCE * scale, f"{quotient} is not {product}"


def vjp_gives_the_row_of_partials(sample: Sample) -> None:
    """Differentiating vjp(g)[i] with respect to g gives ∂y/∂x[i] for every number of y; i is where it is largest."""
    made = made_of(sample)
    upstream = [g if g is None else g.requires_grad_() for g in made.upstream()]
    chosen = [g for g in upstream if g is not None]
    ours = gradients(made, made.rule.vjp(made.bound, *upstream))
    ones = [None if g is None else torch.ones_like(g) for g in upstream]
    sizes = gradients(made, made.rule.magnitude(made.bound, *ones))
    for found, size, (name, _, tensor) in zip(ours, sizes, made.inputs, strict=True):
        if not torch.isfinite(size).all():
            continue  # 0·∞ in the row
        i = int(size.argmax())
        rows = torch.autograd.grad(found.reshape(-1)[i], chosen, retain_graph=True, allow_unused=True)

        def outputs(at: Tensor, tensor: Tensor = tensor) -> tuple[Tensor, ...]:
            parts = value_at(sample, made, {id(tensor): at})
            return tuple(p for p, g in zip(parts, upstream, strict=True) if g is not None)

        jacobians = torch.autograd.functional.jacobian(outputs, tensor.detach())
        for row, jacobian, g in zip(rows, jacobians, chosen, strict=True):
            expected = jacobian.reshape(*g.shape, -1)[..., i]
            row = torch.zeros_like(g) if row is None else row
            assert close(row, expected, tolerance(made) * size.reshape(-1)[i]), f"{name}: {row} is not {expected}"


def local_is_the_diagonal(sample: Sample) -> None:
    """Where a rule has `local`, it is the diagonal of the Jacobian, and the rest of the Jacobian is 0."""
    made = made_of(sample)
    for name, v, tensor in made.inputs:
        local = made.rule.local(made.bound, name)
        out = made.outputs[0]
        if local is None or (out.dim() and tensor.shape != out.shape):
            continue
        jacobian = torch.autograd.functional.jacobian(
            lambda at, tensor=tensor: value_at(sample, made, {id(tensor): at})[0], tensor.detach()
        ).reshape(out.numel(), v.numel)
        expected = jacobian[0] if out.numel() == 1 else jacobian.diagonal()
        assert out.numel() == 1 or jacobian.count_nonzero() == expected.count_nonzero()
        found = local.expand(torch.broadcast_shapes(local.shape, tensor.shape))
        if found.shape == tensor.shape:  # else a broadcast input, summed over
            allowed = tolerance(made) * sizes_of(made, name).reshape(-1)
            assert close(found.reshape(-1), expected, allowed), f"{name}: {found} is not {expected}"


def sizes_of(made: Made, name: str) -> Tensor:
    return made.rule.magnitude(made.bound, *[torch.ones_like(o) for o in made.outputs])[name]  # type: ignore[union-attr]


def magnitude_bounds_the_vjp(sample: Sample) -> None:
    """The sum of the sizes of the terms is at least the size of the sum; 8u is the rounding of a bare product."""
    made = made_of(sample)
    upstream = made.upstream()
    ours = gradients(made, made.rule.vjp(made.bound, *upstream))
    sizes = gradients(made, made.rule.magnitude(made.bound, *positive(upstream)))
    slack = 8 * unit(made)
    for found, size, (name, *_) in zip(ours, sizes, made.inputs, strict=True):
        assert size.shape == found.shape, name
        finite = torch.isfinite(found) & torch.isfinite(size)
        assert bool((size >= 0)[finite].all()), name
        assert bool((size * (1 + slack) >= found.abs())[finite].all()), f"{name}: {size} < |{found}|"


# ---------------------------------------------------------------- hold for every rule


def test_every_rule_has_samples() -> None:
    assert set(RULES) == {sample.rule for sample in SAMPLES}


@every_sample
def test_vjp_is_autograds(sample: Sample) -> None:
    vjp_is_autograds(sample)


smooth = [
    s
    for s in SAMPLES
    if s.smooth and all(a.dtype == torch.float64 for a in s.args if isinstance(a, torch.Tensor) and a.requires_grad)
]


@pytest.mark.parametrize("sample", smooth, ids=repr)
def test_vjp_is_the_adjoint_of_the_derivative(sample: Sample) -> None:
    vjp_is_the_adjoint_of_the_derivative(sample)


@every_sample
def test_vjp_gives_the_row_of_partials(sample: Sample) -> None:
    vjp_gives_the_row_of_partials(sample)


@every_sample
def test_local_is_the_diagonal(sample: Sample) -> None:
    local_is_the_diagonal(sample)


@every_sample
def test_magnitude_bounds_the_vjp(sample: Sample) -> None:
    magnitude_bounds_the_vjp(sample)


@every_sample
def test_vjp_changes_nothing_in_place(sample: Sample) -> None:
    made = made_of(sample)
    upstream = made.upstream()
    tensors = [g for g in upstream if g is not None] + [v.tensor for v in (*made.call.values, *made.call.outputs)]
    versions = [t._version for t in tensors]
    made.rule.vjp(made.bound, *upstream)
    made.rule.magnitude(made.bound, *positive(upstream))
    assert [t._version for t in tensors] == versions


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_keeps_only_what_its_vjp_reads(name: str) -> None:
    """Without any one of the numbers it keeps, some gradient comes out otherwise."""
    rule = RULES[name]
    samples = [s for s in SAMPLES if s.rule == name]
    for argument in rule.keeps:
        assert any(reads(rule, argument, s) for s in samples) or all(is_number(argument, s) for s in samples), argument


def is_number(argument: str, sample: Sample) -> bool:
    """An argument that no sample gives as a tensor, such as the slope of leaky_relu."""
    made = made_of(sample)
    return argument != "output" and not list(arguments_of(made.call.arguments[argument]))


def reads(rule: Rule, argument: str, sample: Sample) -> bool:
    made = made_of(sample)
    if rule.name.startswith("max_pool"):
        made.call.saved = {}  # with the indices at hand it reads nothing else
    upstream = made.upstream()
    whole = gradients(made, rule.vjp(Bound(kept(made.call, rule.keeps)), *upstream))
    try:
        without = gradients(made, rule.vjp(Bound(kept(made.call, rule.keeps - {argument})), *upstream))
    except (RuntimeError, IndexError):
        return True
    return any(not torch.equal(a.nan_to_num(7), b.nan_to_num(7)) for a, b in zip(whole, without, strict=True))


NUMBERS_DECIDE = ("data-independent", "item()", "no data", "masked_select", "output_size")


@every_sample
def test_vjp_stays_on_the_device_of_the_gradient(sample: Sample) -> None:
    """Tried on "meta", a device without numbers, which every machine has."""
    made = made_of(sample)

    def moved(part: Any) -> Any:
        return replace(part, tensor=part.tensor.to("meta")) if isinstance(part, Value) else part

    call = made.call
    call.arguments = {name: map_argument(moved, argument) for name, argument in call.arguments.items()}
    call.outputs = [moved(out) for out in call.outputs]
    call.saved = {name: tensor.to("meta") for name, tensor in call.saved.items()}
    upstream = [g if g is None else g.to("meta") for g in made.upstream()]
    try:
        found = [made.rule.vjp(made.bound, *upstream), made.rule.magnitude(made.bound, *upstream)]
    except (NotImplementedError, RuntimeError) as error:
        if any(words in str(error) for words in NUMBERS_DECIDE):
            pytest.skip("the numbers decide the shape")
        raise
    parts = [g for gradients in found for part in gradients.values() for g in (part if type(part) is list else [part])]
    assert {g.device.type for g in parts} == {"meta"}


# ---------------------------------------------------------------- particular claims


def test_the_weight_gradient_of_a_convolution_is_the_plain_sum() -> None:
    """∂L/∂W[o,c,k] = Σ_{n,i} g[n,o,i]·x[n,c,s·i+k], written with unfold, not with PyTorch's own kernel."""
    x, w = data(2, 3, 6, 5), normal(4, 3, 3, 2)
    made = make(torch.nn.functional.conv2d, (x, w), {"stride": 2})
    (g,) = made.upstream()
    windows = x.unfold(2, 3, 2).unfold(3, 2, 2)  # (samples, channels, rows, columns, 3, 2)
    expected = torch.einsum("nohw,nchwij->ocij", g, windows)
    assert torch.allclose(made.rule.vjp(made.bound, g)["weight"], expected, rtol=1e-13, atol=1e-13)


def test_dropout_is_declined_where_saved_tensors_are_packed() -> None:
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        made = make(torch.nn.functional.dropout, (torch.ones(3, requires_grad=True), 0.5))
    assert made.rule is None
    assert made.reason == "its numbers are not to be had"


def test_max_pool_finds_the_largest_again_where_saved_tensors_are_packed() -> None:
    x = torch.randn(1, 1, 4, 4, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        made = make(torch.nn.functional.max_pool2d, (x, 2))
    assert made.call.saved == {}
    (g,) = made.upstream()
    assert torch.equal(made.rule.vjp(made.bound, g)["input"], autograd(made, [g])[0])


def real(*shape: int) -> Tensor:
    return torch.ones(shape, requires_grad=True)


F = torch.nn.functional
PROJECTED = [real(12, 2), real(12, 2), real(12), real(12), real(2, 3)]
TWO_LAYERS = [real(6, 2), real(6, 2), real(6), real(6)] * 2
LAYER, TRAINED = (True, 1, 0.0, True, False), (True, False, False)
DECLINED: list[tuple[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
    ("complex numbers", torch.mul, (torch.ones(2, dtype=torch.complex64, requires_grad=True), 2), {}),
    ("rounds 1/α to float32", F.celu, (torch.ones(2, dtype=torch.float64, requires_grad=True), 0.7), {}),
    ("read as another dtype", torch.Tensor.view, (torch.ones(2), torch.int32), {}),
    ("a norm of matrices", torch.norm, (real(2, 2), "nuc"), {}),
    ("no more numbers than the correction", torch.var, (real(1),), {}),
    ("output_padding", F.conv_transpose1d, (real(1, 1, 5), real(1, 1, 2), None, 1, 0, 1), {"dilation": 2}),
    ("scale_grad_by_freq", F.embedding, (torch.tensor([0]), real(2, 2)), {"scale_grad_by_freq": True}),
    ("sparse", F.embedding, (torch.tensor([0]), real(2, 2)), {"sparse": True}),
    ("max_norm", F.embedding, (torch.tensor([0]), real(2, 2).detach()), {"max_norm": 1.0}),
    ("size_average", F.mse_loss, (real(2), torch.ones(2)), {"size_average": False}),
    ("reduce", F.cross_entropy, (real(2, 2), torch.tensor([0, 1])), {"reduce": False}),
    ("a weight for each element", F.mse_loss, (real(2), torch.ones(2)), {"weight": torch.ones(2)}),
    ("no probabilities", torch.logit, (2 * real(2),), {}),
    ("h is projected", torch.lstm, (real(2, 1, 2), (real(1, 1, 2), real(1, 1, 3)), PROJECTED, *LAYER, False), {}),
    ("dropout between its layers", torch.gru, (real(2, 1, 2), real(2, 1, 2), TWO_LAYERS, True, 2, 0.5, *TRAINED), {}),
    ("t = 0", F.kl_div, (real(2), torch.zeros(2, requires_grad=True)), {}),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("reason", "function", "args", "kwargs"), DECLINED, ids=[d[0] for d in DECLINED])
def test_a_call_that_is_not_covered_says_why(
    reason: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    made = make(function, args, kwargs)
    assert made.rule is None
    assert reason in made.reason


# ---------------------------------------------------------------- the laws, seen to fail

SPOILED = [
    "add",
    "mul",
    "pow",
    "tanh",
    "relu",
    "gelu",
    "gru",
    "packed_lstm",
    "rnn_tanh_cell",
    "linear",
    "matmul",
    "sum",
    "mean",
    "max",
    "amax",
    "logsumexp",
    "var",
    "norm",
    "view",
    "transpose",
    "expand",
    "cat",
    "split",
    "getitem",
    "gather",
    "where",
    "softmax",
    "log_softmax",
    "layer_norm",
    "batch_norm",
    "rms_norm",
    "dropout",
    "conv2d",
    "max_pool2d",
    "avg_pool2d",
    "embedding",
    "scaled_dot_product_attention",
    "mse_loss",
    "binary_cross_entropy",
    "cross_entropy",
    "nll_loss",
]
FACTOR = 1 + 1e-3


def scaled(found: Any, factor: float) -> Any:
    if isinstance(found, dict):
        return {name: scaled(g, factor) for name, g in found.items()}
    return [scaled(g, factor) for g in found] if isinstance(found, list) else found * factor


def spoil(monkeypatch: pytest.MonkeyPatch, rule: Rule, method: str, factor: float) -> None:
    right = getattr(rule, method)
    monkeypatch.setattr(rule, method, lambda *a, **k: scaled(right(*a, **k), factor))


def first(name: str) -> Sample:
    return next(s for s in SAMPLES if s.rule == name)


@pytest.mark.parametrize("name", SPOILED)
@pytest.mark.parametrize("law", [vjp_is_autograds, vjp_is_the_adjoint_of_the_derivative, vjp_gives_the_row_of_partials])
def test_a_vjp_wrong_by_a_thousandth_is_caught(
    monkeypatch: pytest.MonkeyPatch, law: Callable[[Sample], None], name: str
) -> None:
    law(first(name))
    spoil(monkeypatch, RULES[name], "vjp", FACTOR)
    with pytest.raises(AssertionError):
        law(first(name))


@pytest.mark.parametrize("name", ["mul", "tanh", "relu", "gelu", "clamp", "prelu", "dropout", "mse_loss"])
def test_a_local_partial_wrong_by_a_thousandth_is_caught(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    local_is_the_diagonal(first(name))
    right = RULES[name].local
    monkeypatch.setattr(RULES[name], "local", lambda c, a: right(c, a) * FACTOR)
    monkeypatch.setattr(RULES[name], "magnitude", lambda c, *m: RULES[name].vjp(c, *m))
    with pytest.raises(AssertionError):
        local_is_the_diagonal(first(name))


@pytest.mark.parametrize("name", ["mul", "relu", "linear", "sum", "view", "gather", "conv2d", "mse_loss", "nll_loss"])
def test_a_magnitude_a_thousandth_too_small_is_caught(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    sample = first(name) if name not in ("linear", "conv2d") else exact(name)
    magnitude_bounds_the_vjp(sample)
    spoil(monkeypatch, RULES[name], "magnitude", 1 / FACTOR)
    with pytest.raises(AssertionError):
        magnitude_bounds_the_vjp(sample)


def exact(name: str) -> Sample:
    """A product of positive numbers, so that the magnitude is the vjp itself."""
    shapes = {"linear": ((1, 1), (1, 1)), "conv2d": ((1, 1, 1, 1), (1, 1, 1, 1))}[name]
    args = tuple(torch.full(shape, math.pi, dtype=torch.float64).requires_grad_() for shape in shapes)
    return Sample(name, getattr(F, name), args, {}, True, -1)
