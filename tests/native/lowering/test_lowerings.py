"""Every lowering computes what the interpreter does, and stops where it does.

Tolerance. One step adds at most TERMS products for one number of a gradient, each with a rounding error of eps/2 times
the largest intermediate, in either of the two computations; a few further operations follow. That is TERMS·eps for a
step and T·TERMS·eps for T steps of these trainings, which contract (rate 0.05). Elementary functions may differ by
up to 3 units in the last place (maths.ULP), which is less than TERMS.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lowered_programs import convolved, embedded, finished, memory, of_one_array, perceptron, pictures

from chainrule.native.compiled import Task
from chainrule.native.graph import BINARY, UNARY, CannotLower, Graph, conv2d
from chainrule.native.images import samples_innermost
from chainrule.native.interpreter import Interpreter
from chainrule.native.ir import Target
from chainrule.native.jit import available
from chainrule.native.lanes import LaneMachine
from chainrule.native.panel_machine import PanelMachine
from chainrule.native.swarm import SwarmMachine, SwarmMemory

pytestmark = pytest.mark.skipif(not available(), reason="llvmlite is not installed")
TERMS = 400
STEPS = 6
MACHINES = {"lanes": LaneMachine, "panels": PanelMachine}
TARGETS = {
    "this": None,
    "avx2": Target(vector_bytes=32, registers=16, scalef=False),
    "neon": Target(vector_bytes=16, registers=32, scalef=False),
}


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", "")


def disagreement(machine, program, start) -> float:
    """The largest difference between machine and interpreter, in units of the tolerance; ≤ 1 is agreement."""
    dtype = next(a.dtype for a in start.arrays.values() if a.dtype.kind == "f")
    ours, theirs = copy.deepcopy(start), copy.deepcopy(start)
    steps = len(start.losses)
    made = machine.run(ours, 0, 2)
    made += machine.run(ours, 2, steps - 2)
    assert made == steps
    Interpreter(program, dtype).run(theirs, 0, steps)
    pairs = [(ours.arrays[name], theirs.arrays[name]) for name in start.arrays]
    pairs += [(ours.losses, theirs.losses), (ours.norms, theirs.norms)]
    eps = np.finfo(dtype).eps * TERMS * steps
    return max(float(np.max(np.abs(a - b), initial=0) / (eps * (1 + np.max(np.abs(b), initial=0)))) for a, b in pairs)


def task(program, batch, dtype, strict=False):
    return Task(program, batch, dtype, strict, norms=True)


SIZES = [((2, 1), 4), ((3, 2), 1), ((2, 8, 1), 4), ((4, 5, 3), 37), ((2, 16, 1), 50)]
LARGER = [((7, 40, 3), 13), ((5, 100, 33), 6), ((20, 17, 150), 3)]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("kind", "sizes", "batch"), [("lanes", *size) for size in SIZES] + [("panels", *size) for size in SIZES + LARGER]
)
def test_a_perceptron_trains_as_interpreted(kind, sizes, batch, dtype, strict):
    # each loss and each order once for every size
    for loss, optimizer, rows in (("squares", "adam", None), ("classes", "sgd", batch + 5)):
        program = perceptron(sizes, batch, loss, optimizer)
        machine = MACHINES[kind](task(program, batch, dtype, strict))
        assert disagreement(machine, program, memory(program, batch, STEPS, dtype, rows)) <= 1


@pytest.mark.parametrize("target", ["avx2", "neon"])
@pytest.mark.parametrize("kind", MACHINES)
def test_code_for_narrower_vectors_computes_the_same(kind, target):
    program = perceptron((4, 9, 3), 21, "classes", "adam")
    for dtype in ("float32", "float64"):
        machine = MACHINES[kind](task(program, 21, dtype), TARGETS[target])
        assert disagreement(machine, program, memory(program, 21, STEPS, dtype, rows=30)) <= 1


MOVES = {
    "reshape": ((2, 6), lambda g, x, p: g("reshape", g("add", x, p), shape=(3, 4))),
    "permute": ((2, 3, 4), lambda g, x, p: g("permute", g("mul", x, p), axes=(2, 0, 1))),
    "slice": ((5, 3), lambda g, x, p: g("slice", g("add", x, p), axis=0, start=1, stop=5, step=2)),
    "concat": ((2, 3), lambda g, x, p: g("concat", x, p, g("neg", x), axis=1)),
    "broadcast": ((3, 1), lambda g, x, p: g("broadcast", g("add", x, p), shape=(2, 3, 4))),
    "pad": ((2, 3), lambda g, x, p: g("pad", g("add", x, p), widths=((1, 0), (0, 2)))),
    "sum of the first axis": ((3, 4), lambda g, x, p: g("mul", p, g("sum", x, axes=(0,), keepdims=True))),
    "sum without the axis": ((3, 4), lambda g, x, p: g("sum", g("add", x, p), axes=(1,), keepdims=False)),
    "max of two axes": ((2, 3, 2), lambda g, x, p: g("max", g("add", x, p), axes=(0, 2), keepdims=False)),
    "max of a row": ((3, 4), lambda g, x, p: g("sub", x, g("max", g("add", x, p), axes=(1,), keepdims=True))),
    "a column and a row": ((3, 4), lambda g, x, p: g("mul", g("slice", x, axis=1, start=0, stop=1, step=1),
                                                     g("slice", p, axis=0, start=1, stop=2, step=1))),
    "where": ((7,), lambda g, x, p: g("where", g("gt", x, p), g("exp", x), g("mul", p, 2.0))),
    "one number": ((), lambda g, x, p: g("mul", x, p)),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("kind", MACHINES)
def test_moves_and_sums_of_any_axes(kind, move, dtype):
    program = of_one_array(5, *MOVES[move])
    machine = MACHINES[kind](task(program, 5, dtype))
    assert disagreement(machine, program, memory(program, 5, STEPS, dtype, rows=9)) <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", MACHINES)
def test_an_embedding_whose_table_is_also_a_weight(kind, dtype):
    program = embedded(6)
    assert disagreement(MACHINES[kind](task(program, 6, dtype)), program, memory(program, 6, STEPS, dtype)) <= 1


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_convolutions_and_pools(dtype, groups):
    program = convolved(5, groups)
    assert disagreement(PanelMachine(task(program, 5, dtype)), program, memory(program, 5, STEPS, dtype, rows=7)) <= 1


@st.composite
def geometries(draw):
    """Of a convolution and a pool after it: image, weight, how, pool."""

    def pair(least, most):
        return draw(st.integers(least, most)), draw(st.integers(least, most))

    groups, (height, width) = draw(st.sampled_from([1, 1, 2, 3])), pair(5, 9)
    channels, filters = groups * draw(st.integers(1, 3)), groups * draw(st.sampled_from([1, 2, 5, 17]))
    kernel, dilation, padding = pair(1, 3), pair(1, 2), pair(0, 4)
    how = {"stride": pair(1, 4), "padding": padding, "dilation": dilation, "groups": groups}
    out = conv2d((channels, height, width), (filters, channels // groups, *kernel), **how)
    size = tuple(draw(st.integers(1, min(3, side))) for side in out[1:])
    pool = {
        "kernel": size,
        "stride": pair(1, 3),
        "padding": tuple(draw(st.integers(0, side // 2)) for side in size),
        "dilation": (1, 1),
    }
    return (channels, height, width), (filters, channels // groups, *kernel), how, pool


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    geometry=geometries(),
    batch=st.sampled_from([1, 3, 16, 17, 33, 40]),
    dtype=st.sampled_from(["float32", "float64"]),
    target=st.sampled_from(sorted(TARGETS)),
    strict=st.booleans(),
)
def test_any_convolution_and_what_may_follow_it(geometry, batch, dtype, target, strict):
    program = pictures(*geometry, batch)
    machine = PanelMachine(task(program, batch, dtype, strict), TARGETS[target])
    assert disagreement(machine, program, memory(program, batch, STEPS, dtype, rows=batch + 2)) <= 1


def test_changes_of_layout_change_no_number():
    program = convolved(5, 2)
    rewritten, columns = samples_innermost(program)
    assert {node.op for node in columns} >= {"columns", "conv2d", "conv2d_input", "max_pool2d", "tanh"}
    assert all(node not in columns for node in rewritten.nodes if node.op in ("rows", "conv2d_weight"))
    start = memory(program, 5, STEPS, "float64", rows=7)
    assert disagreement(Interpreter(rewritten, np.dtype("float64")), program, start) == 0


@pytest.mark.parametrize("size", [2, 5])  # 5·5 numbers of a window are a loop
def test_a_pool_finds_nan_the_largest(size):
    """As PyTorch; the samples of one vector differ in it."""
    how = {"kernel": (size, size), "stride": (1, 2), "padding": (1, 1), "dilation": (1, 1)}
    g = Graph()
    x, w = g.leaf("data", "x", (2, 6, 7)), g.leaf("parameter", "w", (2, 6, 7))
    y = g("max_pool2d", g("mul", x, w), **how)
    total = g("mul", g("batch_sum", g("sum", y, axes=(0, 1, 2), keepdims=False)), 0.1)
    program = finished(g, total, {w: g("batch_sum", g("max_pool2d_input", g("add", y, 1.0), g("mul", x, w), **how))})
    start = memory(program, 5, 2, "float64")
    start.arrays["x"][1, 0, 2, 3] = start.arrays["x"][1, 0, 3, 3] = start.arrays["x"][4, 1, 0, 0] = np.nan
    start.arrays["x"][2, 1] = -np.inf
    start.arrays["x"][3] = 0.0  # the first of many
    ours, theirs = copy.deepcopy(start), copy.deepcopy(start)
    assert PanelMachine(task(program, 5, "float64")).run(ours, 0, 1) == 1
    assert Interpreter(program, np.dtype("float64")).run(theirs, 0, 1) == 1
    np.testing.assert_allclose(ours.arrays["w"], theirs.arrays["w"], rtol=1e-14)
    assert np.isnan(ours.losses[0])


@st.composite
def formulas(draw):
    """A formula of x and p as a list of operations on what there is so far."""
    length = draw(st.integers(1, 6))
    smooth = [op for op in (*UNARY, *BINARY) if op not in ("log", "log1p", "pow", "div", "sqrt", "exp", "expm1")]
    return [(draw(st.sampled_from(smooth)), draw(st.integers(0, 7)), draw(st.integers(0, 7))) for _ in range(length)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    formula=formulas(),
    shape=st.sampled_from([(), (1,), (5,), (2, 3), (3, 1), (2, 1, 3), (17,), (300,)]),
    batch=st.sampled_from([1, 3, 16, 33]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_any_formula_in_any_shape(formula, shape, batch, dtype):
    def write(g, x, p):
        values = [x, p]
        for op, first, second in formula:
            a, b = values[first % len(values)], values[second % len(values)]
            values.append(g(op, a) if op in UNARY else g(op, a, b))
        return g("tanh", g("add", g("add", values[-1], x), p))  # bounded, and of both

    program = of_one_array(batch, shape, write)
    for kind in MACHINES.values():
        if kind is LaneMachine and shape == (300,):
            continue
        machine = kind(task(program, batch, dtype))
        assert disagreement(machine, program, memory(program, batch, STEPS, dtype, rows=batch + 2)) <= 1


def test_dropout_masks_of_every_step():
    g = Graph()
    x, mask, w = g.leaf("data", "x", (6,)), g.leaf("mask", "mask", (6,)), g.leaf("parameter", "w", (3, 6))
    kept = g("mul", x, mask)
    y = g("matmul", kept, w)
    loss = g("batch_sum", g("sum", g("mul", y, y), axes=(0,), keepdims=False))
    program = finished(g, g("mul", loss, 0.25), {w: g("mul", g("outer", y, kept), 0.5)})
    for kind in MACHINES.values():
        for rows in (None, 9):
            start = memory(program, 4, STEPS, "float64", rows)
            assert disagreement(kind(task(program, 4, "float64")), program, start) <= 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", MACHINES)
def test_stops_after_the_first_loss_that_is_not_finite(kind, bad):
    program = perceptron((2, 3, 1), 4)
    start = memory(program, 4, 10, "float32", rows=8)
    start.arrays["y"][7] = bad
    start.order[:] = start.order % 7
    start.order[5, 2] = 7
    machine = MACHINES[kind](task(program, 4, "float32"))
    assert machine.run(start, 0, 3) == 3
    assert machine.run(start, 3, 7) == 3  # steps 3, 4 and 5
    assert not np.isfinite(start.losses[5])
    assert np.isfinite(start.losses[:5]).all()
    assert not np.isfinite(start.arrays["0.weight"]).any()  # its update was made


@pytest.mark.parametrize(("sizes", "batch"), [((2, 1), 4), ((2, 8, 1), 4), ((4, 5, 3), 20)], ids=str)
def test_each_network_of_a_swarm_trains_as_alone(sizes, batch):
    program = perceptron(sizes, batch, "classes" if sizes[-1] > 1 else "squares", "adam")
    machine = SwarmMachine(Task(program, batch, "float32"))
    nets = [memory(program, batch, STEPS, "float32", batch + 3, seed) for seed in range(2 * machine.lanes)]
    shared = {leaf["name"] for leaf in program.leaves("data")}
    arrays = {
        name: nets[0].arrays[name] if name in shared else np.stack([net.arrays[name] for net in nets], axis=-1)
        for name in nets[0].arrays
    }
    swarm = SwarmMemory(arrays, nets[0].scalars, np.zeros(len(nets), np.float32), nets[0].order)
    machine.run(swarm, 0, 2, 0, machine.lanes)
    machine.run(swarm, 0, 2, machine.lanes, len(nets))
    machine.run(swarm, 2, STEPS - 2)
    for number in (0, 1, machine.lanes, len(nets) - 1):
        alone = nets[number]
        alone.arrays |= {name: nets[0].arrays[name] for name in shared}
        alone.order = nets[0].order
        Interpreter(program, np.dtype("float32")).run(alone, 0, STEPS)
        for name in set(arrays) - shared:
            np.testing.assert_allclose(arrays[name][..., number], alone.arrays[name], atol=TERMS * STEPS * 2**-23)
        np.testing.assert_allclose(swarm.losses[number], alone.losses[-1], atol=TERMS * STEPS * 2**-23)


def test_a_swarm_wants_whole_vectors_of_networks():
    program = perceptron((2, 1), 4)
    machine = SwarmMachine(Task(program, 4, "float32"))
    start = memory(program, 4, 1, "float32")
    with pytest.raises(ValueError, match="no multiple"):
        machine.run(SwarmMemory(start.arrays, start.scalars, np.zeros(3, np.float32)), 0, 1)


def test_samples_that_depend_on_each_other_are_no_lanes():
    g = Graph()
    x, p = g.leaf("data", "x", (2,)), g.leaf("parameter", "p", (2,))
    mean = g("mul", g("batch_sum", x), 0.25)
    y = g("mul", g("sub", x, mean), p)
    loss = g("batch_sum", g("sum", g("mul", y, y), axes=(0,), keepdims=False))
    program = finished(g, loss, {p: g("batch_sum", g("mul", y, x))})
    with pytest.raises(CannotLower, match="couples the samples"):
        LaneMachine(task(program, 4, "float64")).source()
    start = memory(program, 4, STEPS, "float64")
    assert disagreement(PanelMachine(task(program, 4, "float64")), program, start) <= 1


@pytest.mark.parametrize("kind", [LaneMachine, SwarmMachine])
def test_what_would_be_too_long_a_text_is_refused_at_once(kind):
    program = of_one_array(4, (300,), lambda g, x, p: g("broadcast", g("add", x, p), shape=(40, 300)))
    with pytest.raises(CannotLower, match="too many numbers"):
        kind(task(program, 4, "float32"))
    with pytest.raises(CannotLower, match="too many"):
        kind(task(perceptron((20, 30, 1), 4), 4, "float32"))


def test_a_wrong_lowering_is_found():
    """The checker, seen to fail: a machine of another program."""
    right, wrong = perceptron((2, 3, 1), 4), perceptron((2, 3, 1), 5)
    start = memory(right, 4, STEPS, "float32")
    assert disagreement(LaneMachine(task(wrong, 4, "float32")), right, start) > 1
