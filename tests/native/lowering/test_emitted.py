"""The emitted text of a few programs, kept as golden files: a change of the generated code shows in the diff.

To accept a change: CHAINRULE_ACCEPT=1 python -m pytest tests/native/lowering/test_emitted.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lowered_programs import convolved, perceptron

from chainrule.native import jit
from chainrule.native.compiled import Task
from chainrule.native.ir import Target
from chainrule.native.lanes import Lowering as Lanes
from chainrule.native.panel_machine import written
from chainrule.native.panels import Lowering as Panels
from chainrule.native.swarm import Lowering as Swarm

GOLDEN = Path(__file__).parent / "golden"
AVX512 = Target(vector_bytes=64, registers=32, scalef=True)
AVX2 = Target(vector_bytes=32, registers=16, scalef=False)
XOR = perceptron((2, 1), 4)
TEXTS = {
    "xor_lanes": lambda: Lanes(Task(XOR, 4, "float32"), AVX512, gathered=False).text(),
    "xor_lanes_strict_avx2": lambda: Lanes(Task(XOR, 4, "float64", strict=True), AVX2, gathered=True).text(),
    "xor_swarm": lambda: Swarm(Task(XOR, 4, "float32"), AVX512, gathered=False).text(),
    "xor_panels": lambda: Panels(Task(XOR, 4, "float32", norms=True), AVX2, gathered=True).text(),
    "images_panels": lambda: Panels(Task(convolved(5), 5, "float32"), AVX2, gathered=False).text(),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_emitted_text_is_the_one_that_was_read(name):
    path = GOLDEN / f"{name}.ll"
    text = TEXTS[name]()
    if os.environ.get("CHAINRULE_ACCEPT"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.skipif(not jit.available(), reason="llvmlite is not installed")
@pytest.mark.parametrize("name", TEXTS)
def test_the_golden_text_is_a_module_that_compiles(name):
    assert jit.object_code((GOLDEN / f"{name}.ll").read_text())


def test_the_same_program_gives_the_same_text():
    assert TEXTS["xor_lanes"]() == TEXTS["xor_lanes"]()


def test_the_text_of_an_equal_program_is_written_once():
    task = Task(perceptron((20, 30, 3), 7), 7, "float32")
    text = written(task, AVX512, True, 1)
    assert written(Task(perceptron((20, 30, 3), 7), 7, "float32"), AVX512, True, 1) is text
    for other in (perceptron((20, 31, 3), 7), perceptron((20, 30, 3), 7, "classes"), perceptron((20, 30, 3), 8)):
        assert written(Task(other, 7, "float32"), AVX512, True, 1)[0] != text[0]
