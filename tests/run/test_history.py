"""Whatever stands in a run's folder: an error of ours that names the file, or the intact part of it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from recorded_steps import differences, rich_step, value, xor_step

from chainrule.errors import (
    ChainruleError,
    NotARun,
    RunDamaged,
    RunMissing,
    RunTooNew,
    StepDamaged,
    StepMissing,
)
from chainrule.run import Recording, open_run
from chainrule.run.codec import encode
from chainrule.run.tensorfile import to_bytes
from chainrule.step import Step

STEPS = {0: xor_step(0), 2: rich_step(2), 5: xor_step(5)}
LOSSES = [float(i) for i in range(8)]
FILES = ["run.json", "losses.f64", "steps.jsonl", "steps/000002.safetensors"]


SMALL = {i: Step(i, 0.5, [value(0, torch.tensor([1.0, i]), "parameter", "w")]) for i in (0, 1)}


def record(path: Path, steps: dict[int, Step]) -> Path:
    recording = Recording(path, about={"script": "xor.py"})
    for loss in LOSSES:
        recording.loss(loss)
    for step in steps.values():
        recording.write(step)
    recording.close("finished")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of eight steps, three of them recorded. Not to be changed."""
    return record(tmp_path_factory.mktemp("whole") / "run", STEPS)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A run of two steps with one value each, to be cut at every byte."""
    return record(tmp_path / "small", SMALL)


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


def names(error: ChainruleError, file: str) -> str:
    """The class of an error that names the file."""
    assert file in str(error)
    return type(error).__name__


def look(path: Path, exact: bool = True, steps: dict[int, Step] = STEPS) -> set[str]:
    """Read all there is. Returns the names of the errors met; with `exact`, what is read must be what was written."""
    met = set()
    try:
        history = open_run(path)
    except ChainruleError as error:
        return {names(error, str(path))}
    assert all(isinstance(loss, float) for loss in history.losses)
    if exact:
        assert list(history.losses) == LOSSES[: len(history.losses)]
    for index in list(history.steps):
        try:
            step = history.read(index)
        except StepDamaged as error:
            met.add(names(error, f"{index:06d}.safetensors"))
            continue
        if exact:
            assert differences(steps[index], step) == []
    return met


def test_a_whole_run_is_read_without_a_word(whole: Path) -> None:
    assert look(whole) == set()
    history = open_run(whole)
    assert history.steps == [0, 2, 5]
    assert history.rows.keys() == {0, 2, 5}
    assert history.problems == []


def test_looking_notices_a_wrong_number(run: Path) -> None:
    """The checker, seen to fail: a step exchanged for another whole one, with the row that vouched for it gone."""
    (run / "steps.jsonl").unlink()
    other = xor_step(0, seed=1)
    encoded = encode(other, 1 << 30)
    (run / "steps" / "000000.safetensors").write_bytes(to_bytes(encoded.text, encoded.tensors))
    with pytest.raises(AssertionError):
        look(run)


# --- cut and flipped -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*FILES[:3], "steps/000001.safetensors"])
def test_a_file_cut_at_any_byte(small: Path, name: str) -> None:
    data = (small / name).read_bytes()
    for end in range(len(data)):
        (small / name).write_bytes(data[:end])
        met = look(small, steps=SMALL)
        assert met in ({"NotARun"}, {"RunDamaged"}) if name == "run.json" else met == set()


def test_a_step_cut_at_any_byte_without_its_row(small: Path) -> None:
    (small / "steps.jsonl").unlink()
    file = small / "steps" / "000001.safetensors"
    data = file.read_bytes()
    for end in range(len(data)):
        file.write_bytes(data[:end])
        assert look(small, steps=SMALL) == {"StepDamaged"}


@pytest.mark.parametrize("name", FILES)
def test_random_bytes_in_a_file(run: Path, name: str) -> None:
    """800 times, 1 to 3 bytes are changed. A row's checksum vouches for its step; losses have none."""
    data = (run / name).read_bytes()
    draw = random.Random(name)
    for _ in range(800):
        changed = bytearray(data)
        for _ in range(draw.randint(1, 3)):
            changed[draw.randrange(len(data))] = draw.randrange(256)
        (run / name).write_bytes(changed)
        look(run, exact=name.startswith("steps/"))


def test_random_bytes_in_a_step_without_its_row(run: Path) -> None:
    (run / "steps.jsonl").unlink()
    file = run / "steps" / "000002.safetensors"
    data = file.read_bytes()
    draw = random.Random(0)
    damaged = 0
    for _ in range(3000):
        changed = bytearray(data)
        for _ in range(draw.randint(1, 3)):
            place = draw.choice([draw.randrange(len(data)), draw.randrange(200)])
            changed[place] = draw.choice([draw.randrange(256), *b'0129-[]{},:"'])
        file.write_bytes(changed)
        damaged += "StepDamaged" in look(run, exact=False)
    assert damaged > 500


def test_random_bytes_instead_of_a_step(run: Path) -> None:
    (run / "steps.jsonl").unlink()
    draw = random.Random(1)
    for size in (0, 1, 7, 8, 9, 100, 10_000):
        (run / "steps" / "000000.safetensors").write_bytes(draw.randbytes(size))
        assert look(run) == {"StepDamaged"}


def test_a_step_that_was_cut_off_is_damaged_not_missing(run: Path) -> None:
    file = run / "steps" / "000000.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    history = open_run(run)
    assert 0 not in history.steps
    assert history.damaged == [0]
    assert any("damaged: [0]" in problem for problem in history.problems)
    with pytest.raises(StepDamaged, match="another size"):
        history.read(0)


# --- missing and misplaced -------------------------------------------------------------------------------------------


def test_what_is_not_there_is_missing_and_what_is_no_run_is_none(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunMissing):
        open_run(tmp_path / "nothing")
    for path in (tmp_path, run / "run.json", run / "steps"):
        with pytest.raises(NotARun):
            open_run(path)
    with pytest.raises(ChainruleError):
        open_run("a\0b")


@pytest.mark.parametrize("name", ["losses.f64", "steps.jsonl", "steps"])
def test_a_missing_part_leaves_the_others(run: Path, name: str) -> None:
    if name == "steps":
        shutil.rmtree(run / name)
    else:
        (run / name).unlink()
    assert look(run) == set()
    history = open_run(run)
    assert history.steps == ([] if name == "steps" else [0, 2, 5])
    assert list(history.losses) == ([] if name == "losses.f64" else LOSSES)


@pytest.mark.parametrize("name", FILES[:3])
def test_a_folder_in_place_of_a_file(run: Path, name: str) -> None:
    (run / name).unlink()
    (run / name).mkdir()
    with pytest.raises(RunDamaged, match=name):
        open_run(run)


def test_a_file_in_place_of_the_folder_of_steps(run: Path) -> None:
    shutil.rmtree(run / "steps")
    (run / "steps").write_text("")
    with pytest.raises(RunDamaged, match="steps"):
        open_run(run)


def test_a_folder_in_place_of_a_step(run: Path) -> None:
    (run / "steps.jsonl").unlink()
    (run / "steps" / "000000.safetensors").unlink()
    (run / "steps" / "000000.safetensors").mkdir()
    assert look(run) == {"StepDamaged"}


def test_a_step_without_its_row_is_read(run: Path) -> None:
    """Killed between the two writes."""
    lines = (run / "steps.jsonl").read_bytes().splitlines(keepends=True)
    (run / "steps.jsonl").write_bytes(b"".join(lines[:-1]) + lines[-1][:40])
    history = open_run(run)
    assert history.steps == [0, 2, 5]
    assert history.rows.keys() == {0, 2}
    assert history.problems == []
    assert differences(STEPS[5], history.read(5)) == []


def test_strange_files_among_the_steps_are_passed_over(run: Path) -> None:
    whole_step = (run / "steps" / "000005.safetensors").read_bytes()
    names = ["x.txt", "000009.safetensors.tmp", "9.safetensors", "0000009.safetensors", "-00009.safetensors"]
    for name in [*names, "٠٠٠٠٠٩.safetensors", "9" * 60 + ".safetensors"]:
        (run / "steps" / name).write_bytes(whole_step)
    assert open_run(run).steps == [0, 2, 5]


def test_a_step_that_was_not_recorded_names_the_near_ones(whole: Path) -> None:
    with pytest.raises(StepMissing) as caught:
        open_run(whole).read(4)
    assert caught.value.nearest == [2, 5]


def test_a_step_that_was_thinned_since_is_missing(run: Path) -> None:
    history = open_run(run)
    (run / "steps" / "000002.safetensors").unlink()
    with pytest.raises(StepMissing):
        history.read(2)
    assert history.steps == [0, 5]


def test_a_step_in_anothers_place_is_damage(run: Path) -> None:
    (run / "steps.jsonl").unlink()
    shutil.copy(run / "steps" / "000005.safetensors", run / "steps" / "000000.safetensors")
    with pytest.raises(StepDamaged, match="step 5"):
        open_run(run).read(0)


# --- run.json and steps.jsonl ----------------------------------------------------------------------------------------


def test_a_newer_format_is_said(run: Path) -> None:
    (run / "run.json").write_text('{"format": 2}')
    with pytest.raises(RunTooNew) as caught:
        open_run(run)
    assert (caught.value.found, caught.value.known) == (2, 1)


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"format": "1"}', '{"format": true}', '{"format": 1.0}'])
def test_a_run_json_without_a_format_is_no_run(run: Path, text: str) -> None:
    (run / "run.json").write_text(text)
    with pytest.raises(NotARun):
        open_run(run)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000, b'{"format": ' + b"9" * 5_000 + b"}"])
def test_a_run_json_that_is_no_json_is_damage(run: Path, text: bytes) -> None:
    (run / "run.json").write_bytes(text)
    with pytest.raises(RunDamaged, match=r"run\.json"):
        open_run(run)


def test_ended_is_a_text(run: Path) -> None:
    (run / "run.json").write_text('{"format": 1, "ended": 5}')
    assert open_run(run).ended == ""


ROW_CHANGES: dict[str, Callable[[dict], object]] = {
    "no step": lambda row: row.pop("step"),
    "a negative step": lambda row: row.update(step=-1),
    "a step that is a text": lambda row: row.update(step="0"),
    "a step that is a bool": lambda row: row.update(step=True),
    "bytes that are a list": lambda row: row.update(bytes=[]),
    "a loss that is a text": lambda row: row.update(loss="0"),
    "parameters that are a list": lambda row: row.update(parameters=[]),
    "norms that are a list": lambda row: row["parameters"].update({"fc.bias": []}),
    "a norm that is a text": lambda row: row["parameters"]["fc.bias"].update(weight_norm="1"),
    "an agreement of texts": lambda row: row.update(agreement={"calls": "1"}),
    "problems that are a text": lambda row: row.update(problems="none"),
    "an event that is a number": lambda row: row.update(event=1),
}


@pytest.mark.parametrize("change", ROW_CHANGES)
def test_a_row_of_wrong_types_is_passed_over_and_said(run: Path, change: str) -> None:
    first, *others = (run / "steps.jsonl").read_text().splitlines()
    row = json.loads(first)
    ROW_CHANGES[change](row)
    (run / "steps.jsonl").write_text("\n".join([json.dumps(row), *others, ""]))
    history = open_run(run)
    assert history.rows.keys() == {2, 5}
    assert history.problems == ["1 lines of steps.jsonl cannot be read"]
    assert history.steps == [0, 2, 5]


def test_lines_that_are_no_rows_are_passed_over(run: Path) -> None:
    strange = [b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"thinned": 5}', b'{"problem": 5}', b"9" * 5_000]
    known = [b'{"thinned": [7, "8", -1, null]}', b'{"problem": "the disk is full"}', b""]
    with (run / "steps.jsonl").open("ab") as rows:
        rows.write(b"\n".join([*strange, *known, b""]))
    history = open_run(run)
    assert history.rows.keys() == {0, 2, 5}
    assert history.thinned == {7, -1}
    assert history.problems == ["the disk is full", f"{len(strange)} lines of steps.jsonl cannot be read"]


def test_the_file_that_a_row_names_is_not_opened(run: Path) -> None:
    rows = [json.loads(line) for line in (run / "steps.jsonl").read_text().splitlines()]
    for row in rows:
        row["file"] = "../../../../etc/passwd"
    (run / "steps.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert look(run) == set()


# --- step files that safetensors itself would accept -----------------------------------------------------------------


def put_header(run: Path, header: dict[str, object], data: bytes = b"") -> None:
    (run / "steps.jsonl").unlink(missing_ok=True)
    head = json.dumps(header).encode()
    (run / "steps" / "000000.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + data)


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
HEADERS: dict[str, dict[str, object]] = {
    "no metadata": {"v0": ENTRY},
    "metadata without a step": {"__metadata__": {"format": "pt"}, "v0": ENTRY},
    "a step that is no JSON": {"__metadata__": {"step": "step"}, "v0": ENTRY},
    "a huge shape": {"__metadata__": {"step": "{}"}, "v0": ENTRY | {"shape": [1 << 62, 1 << 62]}},
    "a shape that overflows to its size": {"__metadata__": {"step": "{}"}, "v0": ENTRY | {"shape": [1 << 32, 1 << 32]}},
    "a huge empty shape": {
        "__metadata__": {"step": "{}"},
        "v0": ENTRY,
        "v1": ENTRY | {"shape": [0, (1 << 63) - 1, (1 << 63) - 1], "data_offsets": [4, 4]},
    },
    "offsets outside the file": {"__metadata__": {"step": "{}"}, "v0": ENTRY | {"data_offsets": [0, 1 << 60]}},
    "offsets backwards": {"__metadata__": {"step": "{}"}, "v0": ENTRY | {"data_offsets": [4, 0]}},
    "an unknown dtype": {"__metadata__": {"step": "{}"}, "v0": ENTRY | {"dtype": "F31"}},
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_hostile_header_is_damage(run: Path, what: str) -> None:
    put_header(run, HEADERS[what], bytes(4))
    assert look(run) == {"StepDamaged"}


def test_a_bool_that_is_neither_0_nor_1_is_true(run: Path) -> None:
    step = xor_step(0)
    step.values[0] = value(0, torch.tensor([True, False]), "data")
    encoded = encode(step, 1 << 30)
    data = to_bytes(encoded.text, encoded.tensors)
    (run / "steps.jsonl").unlink()
    (run / "steps" / "000000.safetensors").write_bytes(data[:-2] + bytes([7, 0]))  # the narrowest stand last
    read = open_run(run).read(0).values[0].tensor
    assert read.tolist() == [True, False]
    assert read.view(torch.uint8).tolist() == [1, 0]


def test_a_step_nested_too_deep_is_damage(run: Path) -> None:
    for text in ("[" * 50_000, '{"values":' * 50_000):
        put_header(run, {"__metadata__": {"step": text}})
        assert look(run) == {"StepDamaged"}
