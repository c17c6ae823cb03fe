"""Two threads compute what one does, and are used only where they are quicker."""

from __future__ import annotations

import numpy as np
import pytest
from lowered_programs import convolved, embedded, memory, perceptron

from chainrule.native import choose, panel_machine
from chainrule.native.compiled import Task
from chainrule.native.graph import CannotLower
from chainrule.native.interpreter import Interpreter
from chainrule.native.jit import available, host
from chainrule.native.lanes import LaneMachine
from chainrule.native.panel_machine import AGAIN, TIMED, PanelMachine, ThreadedPanelMachine, work

pytestmark = pytest.mark.skipif(not available(), reason="llvmlite is not installed")
STEPS = 8
PROGRAMS = {
    "one layer": (lambda: perceptron((5, 3), 6), 6),
    "wide layers": (lambda: perceptron((20, 150, 70, 10), 30, "classes", "adam"), 30),
    "one output": (lambda: perceptron((6, 40, 1), 9), 9),
    "words": (lambda: embedded(6), 6),
    "images": (lambda: convolved(5), 5),
}


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", "")


@pytest.mark.parametrize("rows", [None, 40])
@pytest.mark.parametrize("name", PROGRAMS)
def test_two_threads_compute_what_one_does(name, rows):
    """Bit for bit: each number is computed by one thread, in the same order."""
    make, batch = PROGRAMS[name]
    program, found = make(), []
    for threads in (1, 2):
        start = memory(program, batch, STEPS, "float64", rows)
        machine = PanelMachine(Task(program, batch, "float64", norms=True), threads=threads)
        assert machine.run(start, 0, 3) + machine.run(start, 3, STEPS - 3) == STEPS
        found.append([start.losses, start.norms, *start.arrays.values()])
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


def test_all_threads_stop_at_a_loss_that_is_not_finite():
    program = perceptron((20, 150, 10), 30)
    start = memory(program, 30, STEPS, "float32", rows=31)
    start.order[:] = start.order % 30
    start.arrays["y"][30] = np.nan
    start.order[4, 0] = 30
    assert PanelMachine(Task(program, 30, "float32"), threads=2).run(start, 0, STEPS) == 5


@pytest.mark.parametrize("slow", [0, 1])
def test_both_ways_are_timed_and_the_quicker_one_is_kept(slow, monkeypatch):
    program = perceptron((20, 40, 10), 30)
    machine = ThreadedPanelMachine(Task(program, 30, "float32"))
    clock = iter(range(1000))
    now = 0.0

    def tell() -> float:
        nonlocal now
        now += 1.0 if next(clock) % 2 and machine.chosen is machine.machines[slow] else 0.1
        return now

    monkeypatch.setattr(panel_machine.time, "perf_counter", tell)
    start = memory(program, 30, 40, "float32")
    for first in range(0, 40, 4):
        assert machine.run(start, first, 4) == 4
    assert machine.chosen is machine.machines[1 - slow]
    theirs = memory(program, 30, 40, "float32")
    Interpreter(program, np.dtype("float32")).run(theirs, 0, 40)
    np.testing.assert_allclose(start.losses, theirs.losses, rtol=40 * 400 * 2**-23)  # as in test_lowerings.py


def test_a_choice_that_was_disturbed_is_made_again():
    """Another program took the second core while both ways were timed, and gives it back; and the other way round."""
    machine = ThreadedPanelMachine(Task(perceptron((20, 40, 10), 30), 30, "float32"))
    one, two = machine.times
    one.extend([1.0] * TIMED)
    two.extend([5.0] * TIMED)
    machine.runs = AGAIN - 1
    assert machine.chosen is machine.machines[0]
    machine.runs = AGAIN
    assert machine.chosen is machine.machines[1]
    two.append(0.6)
    machine.runs = AGAIN + 1
    assert machine.chosen is machine.machines[1]
    two.extend([5.0] * TIMED)
    assert machine.chosen is machine.machines[0]


def test_the_machine_fits_the_size(monkeypatch):
    monkeypatch.setattr(choose, "cores", lambda: 2)
    small, middle, large = perceptron((2, 8, 1), 4), perceptron((30, 20, 3), 8), perceptron((300, 128, 10), 64)
    assert isinstance(choose.machine(small, 4, "float32"), LaneMachine)
    assert isinstance(choose.machine(middle, 8, "float32"), PanelMachine)
    assert isinstance(choose.machine(large, 64, "float32"), ThreadedPanelMachine)
    monkeypatch.setattr(choose, "cores", lambda: 1)
    assert isinstance(choose.machine(large, 64, "float32"), PanelMachine)


def test_convolutions_are_left_to_pytorch_where_it_is_as_quick(monkeypatch):
    """Where vectors hold few samples and there is much to multiply; where weights are large."""
    monkeypatch.setattr(choose, "cores", lambda: 1)
    lanes = host().lanes("float32")
    program = convolved(lanes)
    assert isinstance(choose.machine(program, lanes, "float32"), PanelMachine)
    assert isinstance(choose.machine(program, 1, "float32"), PanelMachine)
    one = 4 * 3 * 7 * 18  # 4·3·7 results of 2·3·3 products
    monkeypatch.setattr(choose, "MOST_IN_VAIN", one * (lanes // choose.FILLED - 1))
    assert isinstance(choose.machine(program, 1, "float32"), PanelMachine)
    monkeypatch.setattr(choose, "MOST_IN_VAIN", choose.MOST_IN_VAIN - 1)
    with pytest.raises(CannotLower, match="as quick"):
        choose.machine(program, 1, "float32")
    assert isinstance(choose.machine(program, lanes, "float32"), PanelMachine)
    assert choose.machine(program, 1, "float32", any_size=True)
    monkeypatch.setattr(choose, "MOST_WEIGHTS", 4 * 2 * 3 * 3 * 4 - 1)
    with pytest.raises(CannotLower, match="as quick"):
        choose.machine(program, lanes, "float32")


def test_work_is_that_of_the_products():
    # forward and the gradient of w: 2·N·I·O each; back to x is not needed, and only of the second layer here
    program = perceptron((30, 20, 10), 8)
    assert work(Task(program, 8, "float32")) == 2 * 8 * (2 * 30 * 20 + 3 * 20 * 10)
