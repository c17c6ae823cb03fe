"""Compiled code is kept on disk, and what is damaged there is compiled again."""

from __future__ import annotations

import gc
import stat

import numpy as np
import pytest
from lowered_programs import memory, perceptron

from chainrule.native import jit
from chainrule.native.compiled import Task
from chainrule.native.lanes import LaneMachine

pytestmark = pytest.mark.skipif(not jit.available(), reason="llvmlite is not installed")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def compiled(monkeypatch):
    """The texts that were really compiled."""
    found = []
    compile_text = jit.object_code
    monkeypatch.setattr(jit, "object_code", lambda text: found.append(text) or compile_text(text))
    return found


def trained(batch: int = 4) -> np.ndarray:
    """Weights after a few steps of a machine that nothing in this process has made before."""
    jit._engine.cache_clear()
    program = perceptron((2, 3, 1), batch)
    start = memory(program, batch, 5, "float32")
    LaneMachine(Task(program, batch, "float32")).run(start, 0, 5)
    return start.arrays["0.weight"]


def test_a_second_process_finds_the_code(folder, compiled):
    first = trained()
    second = trained()
    assert len(compiled) == 1
    np.testing.assert_array_equal(first, second)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_another_program_is_another_entry(folder, compiled):
    trained(4)
    trained(5)
    assert len(compiled) == len(list(folder.iterdir())) == 2


DAMAGES = {
    "cut": lambda b: b[:-1],
    "only a part of the sum": lambda b: b[:10],
    "one bit": lambda b: b[:-9] + bytes([b[-9] ^ 1]) + b[-8:],
    "empty": lambda b: b"",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_compiled_again(folder, compiled, damage):
    expected = trained()
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    np.testing.assert_array_equal(trained(), expected)
    assert len(compiled) == 2
    assert entry.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_only_a_compilation(tmp_path, monkeypatch, compiled):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "file" / "below"))
    np.testing.assert_array_equal(trained(), trained())
    assert len(compiled) == 2


def test_nothing_is_kept_where_the_user_wants_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", "")
    assert jit.folder() is None
    trained()


def test_the_key_holds_processor_and_versions(folder, monkeypatch):
    here = jit.entry("text")
    monkeypatch.setattr(jit, "processor", lambda: ("another", ""))
    assert jit.entry("text") != here


def test_garbage_collection_is_as_it_was():
    with jit.undisturbed():
        assert not gc.isenabled()
    assert gc.isenabled()
