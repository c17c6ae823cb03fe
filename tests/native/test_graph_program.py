"""The graph, what proves it well formed, and the interpreter: each operation against PyTorch's own."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from captured import job_of
from torch import nn

from chainrule.native.graph import BATCH_TO_ONE, ELEMENTWISE, LEAVES, OPERATIONS, UNARY, CannotLower, Graph
from chainrule.native.interpreter import KINDS, Interpreter
from chainrule.native.memory import Memory
from chainrule.native.program import Program, Scalar, validate

N = 5  # samples


def regression():
    """A line fitted by gradient descent: {name: node}."""
    g = Graph()
    x, y, w = g.leaf("data", "x", (2,)), g.leaf("data", "y", (1,)), g.leaf("parameter", "w", (1, 2))
    error = g("sub", g("matmul", x, w), y)
    loss = g("mul", g("batch_sum", g("sum", g("mul", error, error), axes=(0,), keepdims=False)), 1 / N)
    slope = g("outer", g("mul", error, 2 / N), x)
    after = g("sub", w, g("mul", slope, g.leaf("scalar", "lr", ())))
    return validate(Program(loss, {w: slope}, {w: after}, (Scalar("lr", None, 0),)))


def test_a_program_prints_as_it_is_read():
    printed = str(regression())
    assert printed.splitlines()[:4] == [
        "%x = data batch(2)",
        "%y = data batch(1)",
        "%w = parameter one(1, 2)",
        "%3 = matmul(%x, %w) batch(1)",
    ]
    assert printed.splitlines()[-1] == "write %w <- %15"


def test_a_step_of_a_regression_is_numpys():
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(N, 2)), rng.normal(size=(N, 1)), rng.normal(size=(1, 2))
    memory = Memory({"x": x, "y": y, "w": w.copy()}, np.full((3, 1), 0.1), np.empty(3))
    assert Interpreter(regression(), np.dtype(np.float64)).run(memory, 0, 1) == 1
    error = x @ w.T - y
    assert memory.losses[0] == pytest.approx(np.mean(error**2), rel=1e-14)
    assert np.allclose(memory.arrays["w"], w - 0.1 * 2 / N * error.T @ x, rtol=1e-14)


def test_it_stops_after_the_first_loss_that_is_not_finite():
    x, y = np.ones((N, 2)), np.ones((N, 1))
    x[0, 0] = np.inf
    memory = Memory({"x": x, "y": y, "w": np.ones((1, 2))}, np.full((4, 1), 0.1), np.zeros(4))
    assert Interpreter(regression(), np.dtype(np.float64)).run(memory, 1, 3) == 1
    assert not np.isfinite(memory.losses[1])
    assert not np.isfinite(memory.arrays["w"]).any()


def test_nothing_is_made_twice_and_constants_are_folded():
    g = Graph()
    x = g.leaf("data", "x", (3,))
    assert g("exp", x) is g("exp", x)
    assert g("mul", x, 1.0) is x
    assert g("neg", g("neg", x)) is x
    assert g("mul", g.constant(3.0), 2.0)["value"] == 6.0
    assert g.constant(0.0) is not g.constant(-0.0)
    turned = g("permute", g.leaf("parameter", "w", (2, 4)), axes=(1, 0))
    assert g("permute", turned, axes=(1, 0)).op == "parameter"


def planted():
    """{fault: program with it}"""
    p = regression()
    w = next(p.leaves("parameter"))
    node = next(n for n in p.nodes if n.op == "matmul")
    g = Graph()
    vector = g.leaf("data", "v", (2,))
    total = g("batch_sum", g("sum", vector, axes=(0,), keepdims=False))
    two = g.constant(2.0)

    def last(*inputs):
        """A program that ends in the sum of these, as node 60."""
        return Program(replace(g("add", total, total), inputs=inputs, index=60), {}, {})

    return {
        "should be": Program(replace(p.loss, shape=(2,)), {}, {}),
        "the loss is": Program(g("batch_sum", vector), {}, {}),
        "is given": Program(p.loss, {w: p.loss}, {}),
        "nothing says how": Program(p.loss, {}, p.writes),
        "has the number of": Program(g("add", total, replace(total, op="neg", index=vector.index, inputs=())), {}, {}),
        "was made before": last(total, replace(total, index=50)),
        "is no proper leaf": last(total, replace(two, over="batch", index=50)),
        "comes before one of its inputs": last(total, replace(two, index=70)),
        "two leaves have one name": Program(
            g("add", total, g("batch_sum", g("sum", g.leaf("mask", "v", (2,)), axes=(0,), keepdims=False))), {}, {}
        ),
        "matmul of": lambda: Graph()("matmul", node.inputs[0], replace(w, shape=(1, 3))),
        "batch_sum of": lambda: Graph()("batch_sum", w),
        "axes": lambda: Graph()("sum", vector, axes=(1,), keepdims=False),
        "reshape of": lambda: Graph()("reshape", vector, shape=(3,)),
    }


@pytest.mark.parametrize("fault", sorted(planted()))
def test_a_planted_fault_is_found(fault):
    found = planted()[fault]
    with pytest.raises(ValueError, match=fault):
        found() if callable(found) else validate(found)


def test_every_operation_is_interpreted():
    assert KINDS.keys() == OPERATIONS.keys()
    assert set(BATCH_TO_ONE) < OPERATIONS.keys()
    assert not LEAVES.keys() & OPERATIONS.keys()


# ---------------------------------------------------------------- each operation against PyTorch's

TORCH = {
    "neg": torch.neg,
    "exp": torch.exp,
    "log": torch.log,
    "log1p": torch.log1p,
    "expm1": torch.expm1,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "sign": torch.sign,
    "tanh": torch.tanh,
    "erf": torch.erf,
    "sin": torch.sin,
    "cos": torch.cos,
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "pow": torch.pow,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "gt": lambda a, b: (a > b).double(),
    "ge": lambda a, b: (a >= b).double(),
    "eq": lambda a, b: (a == b).double(),
    "where": lambda c, a, b: torch.where(c != 0, a, b),
}


def value(node, **arrays):
    """The node's numbers."""
    program = Program(node, {}, {})
    memory = Memory(arrays, np.zeros((1, 0)), np.empty(1))
    return Interpreter(program, np.dtype(np.float64)).values(memory, 0)[node]


def rows(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=(N, *shape))


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_an_elementwise_operation(op):
    """Of operands over the batch and over one, of different ranks, aligned at the right inside a sample."""
    g = Graph()
    arrays = {"a": np.abs(rows(3, 4)), "b": rows(4, seed=1), "w": np.abs(rows(1, 3, 1, seed=2)[0])}
    leaves = {
        "a": g.leaf("data", "a", (3, 4)),
        "b": g.leaf("data", "b", (4,)),
        "w": g.leaf("parameter", "w", (1, 3, 1)),
    }
    full = {
        "a": torch.from_numpy(arrays["a"])[:, None],
        "b": torch.from_numpy(arrays["b"])[:, None, None],
        "w": torch.from_numpy(arrays["w"]),
    }
    count = 3 if op == "where" else 1 if op in UNARY else 2
    for names in (["a"], ["w"]) if count == 1 else (["a", "b", "w"][:count], ["a", "w", "b"][:count]):
        node = g(op, *(leaves[name] for name in names))
        ours = value(node, **arrays)
        theirs = TORCH[op](*(full[name] for name in names))
        if ours.ndim < theirs.ndim:
            theirs = theirs[:, 0] if node.over == "batch" else theirs[0]
        assert np.allclose(ours, theirs.numpy(), rtol=1e-15, atol=1e-15, equal_nan=True)


def test_nan_goes_through_the_larger_and_the_smaller():
    g = Graph()
    a, b = g.leaf("data", "a", ()), g.leaf("data", "b", ())
    arrays = {"a": np.array([np.nan, 1.0]), "b": np.array([1.0, np.nan])}
    for op in ("maximum", "minimum"):
        assert np.isnan(value(g(op, a, b), **arrays)).all()
    assert (value(g("gt", a, b), **arrays) == 0).all()


def test_contractions_are_the_linear_layer_and_its_adjoints():
    g = Graph()
    x, w = rows(2, 3), rows(4, 3, seed=1)[0]
    X, W = torch.from_numpy(x).requires_grad_(), torch.from_numpy(w).requires_grad_()
    y = F.linear(X, W)
    upstream = torch.from_numpy(rows(2, 4, seed=2))
    y.backward(upstream)
    a, b, u = g.leaf("data", "x", (2, 3)), g.leaf("parameter", "w", (4, 3)), g.leaf("data", "g", (2, 4))
    arrays = {"x": x, "w": w, "g": upstream.numpy()}
    for node, theirs in ((g("matmul", a, b), y), (g("matmul_t", u, b), X.grad), (g("outer", u, a), W.grad)):
        assert np.allclose(value(node, **arrays), theirs.detach().numpy(), rtol=1e-13)


def test_moves_and_reductions():
    g = Graph()
    x = rows(2, 3, 4)
    leaf = g.leaf("data", "x", (2, 3, 4))
    X = torch.from_numpy(x)
    cases = {
        g("sum", leaf, axes=(0, 2), keepdims=True): X.sum((1, 3), keepdim=True),
        g("sum", leaf, axes=(1,), keepdims=False): X.sum(2),
        g("max", leaf, axes=(2,), keepdims=False): X.amax(3),
        g("batch_sum", leaf): X.sum(0),
        g("reshape", leaf, shape=(6, 4)): X.reshape(N, 6, 4),
        g("permute", leaf, axes=(2, 0, 1)): X.permute(0, 3, 1, 2),
        g("slice", leaf, axis=2, start=1, stop=4, step=2): X[..., 1:4:2],
        g("concat", leaf, leaf, axis=1): torch.cat([X, X], 2),
        g("broadcast", g("sum", leaf, axes=(0,), keepdims=True), shape=(5, 3, 4)): X.sum(1, keepdim=True).expand(
            N, 5, 3, 4
        ),
        g("pad", leaf, widths=((0, 0), (1, 2), (0, 1))): F.pad(X, (0, 1, 1, 2)),
    }
    for node, theirs in cases.items():
        assert np.allclose(value(node, x=x), theirs.numpy(), rtol=1e-14)
        assert value(node, x=x).shape == ((N,) if node.over == "batch" else ()) + node.shape


def test_gathers_are_the_embedding_and_its_adjoint():
    g = Graph()
    index, table, up = np.array([[0, 2], [2, 2], [1, 0], [3, 3], [2, 0]]), rows(3, seed=1)[:4], rows(2, 3)
    T = torch.from_numpy(table).requires_grad_()
    y = F.embedding(torch.from_numpy(index), T)
    y.backward(torch.from_numpy(up))
    i, t, u = g.leaf("data", "i", (2,), "index"), g.leaf("parameter", "t", (4, 3)), g.leaf("data", "u", (2, 3))
    arrays = {"i": index, "t": table, "u": up}
    assert np.array_equal(value(g("take_rows", i, t), **arrays), y.detach().numpy())
    assert np.allclose(value(g("add_rows", i, u, rows=4), **arrays), T.grad.numpy(), rtol=1e-14)
    assert np.array_equal(value(g("one_hot", i, classes=4), **arrays), F.one_hot(torch.from_numpy(index), 4).numpy())


HOW = [
    {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1},
    {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2},
]


@pytest.mark.parametrize("how", HOW)
def test_convolution_and_its_adjoints(how):
    g = Graph()
    x, w = rows(4, 6, 7), np.random.default_rng(1).normal(size=(6, 4 // how["groups"], 3, 2))
    X, W = torch.from_numpy(x).requires_grad_(), torch.from_numpy(w).requires_grad_()
    y = F.conv2d(X, W, **how)
    up = torch.from_numpy(np.random.default_rng(2).normal(size=tuple(y.shape)))
    y.backward(up)
    a, b = g.leaf("data", "x", x.shape[1:]), g.leaf("parameter", "w", w.shape)
    u = g.leaf("data", "u", tuple(y.shape[1:]))
    arrays = {"x": x, "w": w, "u": up.numpy()}
    cases = {
        g("conv2d", a, b, **how): y,
        g("conv2d_input", u, b, shape=a.shape, **how): X.grad,
        g("conv2d_weight", u, a, shape=b.shape, **how): W.grad,
    }
    for node, theirs in cases.items():
        assert np.allclose(value(node, **arrays), theirs.detach().numpy(), rtol=1e-12, atol=1e-13)


def test_pooling_sends_the_gradient_to_the_first_of_the_largest():
    g = Graph()
    x = np.round(rows(2, 6, 7))  # rounded: many are equal
    how = {"kernel": (3, 2), "stride": (2, 2), "padding": (1, 1), "dilation": (1, 1)}
    X = torch.from_numpy(x).requires_grad_()
    y = F.max_pool2d(X, (3, 2), (2, 2), (1, 1))
    up = torch.from_numpy(np.random.default_rng(2).normal(size=tuple(y.shape)))
    y.backward(up)
    a, u = g.leaf("data", "x", x.shape[1:]), g.leaf("data", "u", tuple(y.shape[1:]))
    assert np.array_equal(value(g("max_pool2d", a, **how), x=x), y.detach().numpy())
    ours = value(g("max_pool2d_input", u, a, **how), x=x, u=up.numpy())
    assert np.allclose(ours, X.grad.numpy(), rtol=1e-14)


# ---------------------------------------------------------------- what is captured

XOR = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[0.0], [1], [1], [0]])


def test_the_tutorials_step_as_it_is_captured():
    """The whole step: forward, backward, update. This text changes when what is captured changes."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    job, _ = job_of(net, nn.MSELoss(), torch.optim.SGD(net.parameters(), 0.1), *XOR)
    assert str(job.programs[4]).splitlines() == [
        "%x = data batch(2)",
        "%0.weight = parameter one(1, 2)",
        "%2 = matmul(%x, %0.weight) batch(1)",
        "%0.bias = parameter one(1)",
        "%4 = add(%2, %0.bias) batch(1)",
        "%6 = neg(%4) batch(1)",
        "%7 = exp(%6) batch(1)",
        "%8 = add(1.0, %7) batch(1)",
        "%9 = div(1.0, %8) batch(1)",
        "%y = data batch(1)",
        "%11 = sub(%9, %y) batch(1)",
        "%13 = mul(%11, %11) batch(1)",
        "%14 = sum(%13, axes=(0,), keepdims=False) batch()",
        "%15 = batch_sum(%14) one()",
        "%17 = mul(%15, 0.25) one()",
        "%19 = mul(0.5, %11) batch(1)",
        "%22 = sub(1.0, %9) batch(1)",
        "%23 = mul(%9, %22) batch(1)",
        "%24 = mul(%19, %23) batch(1)",
        "%25 = batch_sum(%24) one(1)",
        "%26 = outer(%24, %x) one(1, 2)",
        "%η:0 = scalar one()",
        "%29 = mul(%26, %η:0) one(1, 2)",
        "%30 = sub(%0.weight, %29) one(1, 2)",
        "%31 = mul(%25, %η:0) one(1)",
        "%32 = sub(%0.bias, %31) one(1)",
        "loss %17",
        "gradient %0.weight: %26",
        "gradient %0.bias: %25",
        "write %0.weight <- %30",
        "write %0.bias <- %32",
    ]


def test_a_program_goes_through_pickle():
    torch.manual_seed(0)
    net = nn.Sequential(*[layer for _ in range(40) for layer in (nn.Linear(2, 2), nn.Tanh())], nn.Linear(2, 1))
    job, _ = job_of(net, nn.MSELoss(), torch.optim.Adam(net.parameters()), *XOR)
    program = job.programs[4]
    assert str(pickle.loads(pickle.dumps(program))) == str(program)


def test_the_reason_names_function_and_line():
    assert str(CannotLower("it is not known", "torch.cumsum", "a.py:3")) == "torch.cumsum: it is not known (a.py:3)"
    assert str(CannotLower("it is not known")) == "it is not known"
