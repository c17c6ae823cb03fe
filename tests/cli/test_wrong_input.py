"""Whatever is typed wrong gives one clear message with the name, the shape or the file in it, and nothing is lost."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from shell import LAUNCH, TRAINING, chainrule, execute
from torch import nn

from chainrule.api import watch
from chainrule.cli import main

FILES = {
    "two_lines.py": b"x = 1\nfor:\n",
    "null.py": b"x = 1\0\n",
    "binary.py": bytes(range(256)),
    "not_utf8.py": b"print('\xe9')\n",
    "indented.py": b"x = 1\n  y = 2\n",
    "prints.py": b"print('ran')\n",
    "cut.ipynb": b'{"cells": [',
    "list.ipynb": b"[]",
    "binary.ipynb": b"\xff\xfe\0",
    "number.ipynb": b'{"cells": [{"cell_type": "code", "source": 5}]}',
    "second.ipynb": json.dumps(
        {"cells": [{"cell_type": "code", "source": text} for text in ("x = 1", ["y = 1\n", "z = = 2"])]}
    ).encode(),
    "a_file": b"precious",
    "package/__init__.py": b"",
    "package/broken.py": b"a b\n",
    "not_a_run/precious": b"precious",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("wrong")
    for name, data in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(data)
    (root / "empty").mkdir()
    return root


WRONG_RUNS = {
    "no script": ([], 2, "SCRIPT"),
    "no such script": (["nosuch.py"], 2, "there is no script nosuch.py"),
    "an option for a script": (["-o", "run"], 2, "SCRIPT"),
    "a folder without __main__": (["empty"], 2, "there is no script empty"),
    "no such module": (["-m", "no.such"], 2, "there is no script module no.such"),
    "a name too long": (["x" * 300], 2, "File name too long"),
    "what cannot be read": (["/proc/self/mem"], 2, "SCRIPT cannot be '/proc/self/mem': "),
    "a syntax error": (["two_lines.py"], 1, "two_lines.py:2 is not Python: invalid syntax"),
    "a wrong indent": (["indented.py"], 1, "indented.py:2 is not Python: unexpected indent"),
    "a null byte": (["null.py"], 1, "null.py:1 is not Python: "),
    "a binary file": (["binary.py"], 1, "binary.py:1 is not Python: "),
    "another encoding": (["not_utf8.py"], 1, "not_utf8.py:1 is not Python: "),
    "a broken module": (["-m", "package.broken"], 1, "broken.py:1 is not Python: "),
    "half a notebook": (["cut.ipynb"], 1, "cut.ipynb:1 is not Python: not a notebook"),
    "a list as notebook": (["list.ipynb"], 1, "list.ipynb:1 is not Python: not a notebook"),
    "a binary notebook": (["binary.ipynb"], 1, "binary.ipynb:1 is not Python: not a notebook"),
    "a number as cell": (["number.ipynb"], 1, "number.ipynb:1 is not Python: not a notebook"),
    "a syntax error in the second cell": (["second.ipynb"], 1, "second.ipynb[cell 2]:2 is not Python"),
    "an output that is there": (["-o", "not_a_run", "prints.py"], 2, "not_a_run exists already"),
    "an output that is a file": (["-o", "a_file", "prints.py"], 2, "a_file exists already"),
    "a file to overwrite": (["-f", "-o", "a_file", "prints.py"], 2, "a_file is not a run of chainrule"),
    "a folder of the user's to overwrite": (["-f", "-o", "not_a_run", "prints.py"], 2, "not_a_run is not a run"),
    "this folder to overwrite": (["-f", "-o", ".", "prints.py"], 2, ". is not a run of chainrule"),
    "an output below a file": (["-o", "a_file/below/run", "prints.py"], 2, "a_file/below/run cannot be written"),
    "an output in /proc": (["-o", "/proc/run", "prints.py"], 2, "/proc/run cannot be written"),
    "every nothing": (["--every", "0", "prints.py"], 2, "'0' is not a whole number from 1"),
    "every half": (["--every", "0.5", "prints.py"], 2, "'0.5' is not a whole number from 1"),
    "steps in words": (["--steps", "first", "prints.py"], 2, "'first' is not a list of steps such as 0,1,10"),
    "steps with a hole": (["--steps", "1,,2", "prints.py"], 2, "'1,,2' is not a list of steps"),
    "no steps": (["--steps", "", "prints.py"], 2, "'' is not a list of steps"),
    "steps below zero": (["--steps=-1", "prints.py"], 2, "'-1' is not a list of steps"),
    "steps and every": (["--steps", "1", "--every", "1", "prints.py"], 2, "not allowed with argument"),
    "no room": (["--max-size", "0", "prints.py"], 2, "'0' is not a size such as 64, 64MB or 1GB"),
    "room in words": (["--max-size", "much", "prints.py"], 2, "'much' is not a size such as 64, 64MB or 1GB"),
    "an unknown check": (["--check", "some", "prints.py"], 2, "'some'"),
    "an unknown option": (["--bogus", "prints.py"], 2, "--bogus"),
    "half an option": (["--ever", "2", "prints.py"], 2, "--ever"),
}


def is_one_message(err: str) -> bool:
    """Ours with what to do, or argparse's with the usage; no traceback."""
    ours = err.startswith("chainrule: ") and err.count("\n") == 3 and "\n  to do: " in err and "\n  more: " in err
    return (ours or (err.startswith("usage: ") and err.count("error: ") == 1)) and "Traceback" not in err


@pytest.mark.parametrize("what", WRONG_RUNS)
def test_a_wrong_run_says_what_is_wrong_and_runs_nothing(what, folder):
    words, status, said = WRONG_RUNS[what]
    done = chainrule(["run", *words], folder)
    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert is_one_message(done.err)


def test_wrong_runs_have_touched_nothing(folder):
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES
    assert {path.name for path in folder.iterdir()} - {"__pycache__"} == {Path(name).parts[0] for name in FILES} | {
        "empty"
    }


@pytest.mark.parametrize("words", [["-f"], []])
def test_a_run_is_replaced_only_when_asked(words, folder, tmp_path):
    old = tmp_path / "old.run"
    old.mkdir()
    (old / "run.json").write_text('{"format": 1}')
    done = chainrule(["run", *words, "-o", str(old), "prints.py"], folder)
    assert (done.status, done.out) == ((0, "ran\n") if words else (2, ""))
    assert (old / "run.json").read_text() == '{"format": 1}'  # nothing was trained, so nothing replaces it


def test_a_script_that_never_imports_torch_is_told_so(folder, tmp_path):
    done = chainrule(["run", "-o", str(tmp_path / "run"), "prints.py"], folder)
    assert (done.status, done.out) == (0, "ran\n")
    assert done.err.endswith("chainrule: no training was seen: the script never imported torch\n")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("words", [[], ["nope"], ["explain"], ["explain", "run", "--format", "pdf"]])
def test_a_wrong_command_shows_the_usage(words, folder):
    done = chainrule(words, folder)
    assert (done.status, done.out) == (2, "")
    assert is_one_message(done.err)


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["explain", "--help"]])
def test_help_goes_to_stdout_in_88_columns(words, folder):
    done = chainrule(words, folder, settings={"COLUMNS": "88"})
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("usage: chainrule")
    assert "\n    The script" not in done.out  # a docstring without its indent
    assert max(map(len, done.out.splitlines())) <= 120


def test_the_commands_do_not_wait_for_torch(folder):
    code = "import sys; from chainrule.cli import main\ntry: main(['run', '--help'])\nexcept SystemExit: pass\n"
    done = execute([LAUNCH[0], "-c", code + "print('torch' in sys.modules, 'rich' in sys.modules)"], folder)
    assert done.out.endswith("False False\n"), done.err


# ---------------------------------------------------------------- explain


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """30 steps of a net with a scale that is a single number."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    model.scale = nn.Parameter(torch.tensor(1.5))
    x, y = torch.randn(4, 2), torch.randn(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    path = tmp_path_factory.mktemp("runs") / "net.run"
    with watch(path):
        for _ in range(30):
            optimizer.zero_grad()
            ((model.scale * model(x) - y) ** 2).mean().backward()
            optimizer.step()
    return path


WRONG_WEIGHTS = {
    "0.weihgt[0,0]": "there is no parameter '0.weihgt' in this step\n  to do: did you mean 0.weight",
    "nope": "choose one of 0.bias, 0.weight, 2.bias, 2.weight, scale",
    "0.weight[0]": "0.weight[0] does not exist: 0.weight has the shape [3, 2]",
    "0.weight": "0.weight has the shape [3, 2]\n  to do: give 2 numbers, from [0, 0] to [2, 1]",
    "0.weight[0,9]": "0.weight[0, 9] does not exist: 0.weight has the shape [3, 2]",
    "0.weight[-4,0]": "0.weight[-4, 0] does not exist: 0.weight has the shape [3, 2]",
    "0.weight[0,0,0]": "0.weight has the shape [3, 2]",
    "0.weight[99999999999999999999,0]": "0.weight has the shape [3, 2]",
    "scale[0]": "scale has the shape []\n  to do: scale is one number: leave the index away",
    "0.weight[0,": "'0.weight[0,' does not name a weight",
    "0.weight[a,b]": "'0.weight[a,b]' does not name a weight",
    "0.weight[0,1]x": "'0.weight[0,1]x' does not name a weight",
    "0.weight[]": "'0.weight[]' does not name a weight",
    "0.weight[0][1]": "'0.weight[0][1]' does not name a weight",
    "0.weight[0:1]": "'0.weight[0:1]' does not name a weight",
    "0.bias[1.5]": "'0.bias[1.5]' does not name a weight",
    "": "there is no parameter ''",
    "[0]": "there is no parameter ''",
}
WRONG_QUESTIONS = {
    "--step 17": "step 17 was not recorded; the nearest recorded are 15, 20 (of ",
    "--step 99999": "step 99999 was not recorded; the nearest recorded are ",
    "--step -99": "step -99 was not recorded",
    "--step 99999999999999999999": "was not recorded",
    "--weight 0.weight[0,0] --sample 4": "the batch of this step has 4\n  to do: choose a sample from 0 to 3",
    "--weight 0.weight[0,0] --sample -1": "there is no sample -1: the batch of this step has 4",
    "--sample 1": "--sample cannot be 1: it explains one weight, which --weight must name",
    "--format md": "--format cannot be 'md': it explains one weight, which --weight must name",
    "--format tex": "--format cannot be 'tex': ",
}


@pytest.mark.parametrize(
    "words", [["--weight", weight] for weight in WRONG_WEIGHTS] + [q.split() for q in WRONG_QUESTIONS]
)
def test_a_wrong_question_names_what_there_is(words, run, capsys):
    assert main(["explain", str(run), *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert (WRONG_WEIGHTS.get(words[-1]) or WRONG_QUESTIONS[" ".join(words)]) in shown.err
    assert is_one_message(shown.err)


@pytest.mark.parametrize("words", [["--step", "first"], ["--sample", "x", "--weight", "scale"]])
def test_a_number_is_asked_for_where_one_is_needed(words, run, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["explain", str(run), *words])
    assert ended.value.code == 2
    assert "invalid int value" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--weight", "0.weight[-1,-2]"], ["--weight", "scale"], ["--step", "-1"], []])
def test_indices_and_steps_count_from_the_end_and_defaults_hold(words, run, capsys):
    assert main(["explain", str(run), *words]) == 0
    shown = capsys.readouterr()
    first = {"0.weight[-1,-2]": "0.weight[2,0] = ", "scale": "scale = 1.5 ", "-1": "STEP 25 "}
    assert shown.out.startswith(first.get(words[-1] if words else "", "STEP 0 "))
    assert shown.err == ""


def damaged(run: Path, folder: Path, how: str) -> Path:
    copy = folder / "copy.run"
    shutil.copytree(run, copy)
    about, step = copy / "run.json", copy / "steps" / "000000.safetensors"
    match how:
        case "newer":
            about.write_text(about.read_text().replace('"format": 1', '"format": 99'))
        case "half of run.json":
            about.write_bytes(about.read_bytes()[:40])
        case "run.json a list":
            about.write_text("[1]")
        case "one bit of a step":
            data = bytearray(step.read_bytes())
            data[-1] ^= 1
            step.write_bytes(data)
        case "half of a step":
            step.write_bytes(step.read_bytes()[:99])
        case "no steps":
            shutil.rmtree(copy / "steps")
        case "losses cut":
            (copy / "losses.f64").write_bytes((copy / "losses.f64").read_bytes()[:37])
        case "rows lost":
            (copy / "steps.jsonl").write_bytes(b"\xff\n{]\n" + (copy / "steps.jsonl").read_bytes()[:100])
    return copy


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("newer", "copy.run has format 99, and this chainrule reads formats up to 1"),
        ("half of run.json", "copy.run/run.json is damaged: "),
        ("run.json a list", "copy.run is not a run of chainrule"),
        ("one bit of a step", "step 0 cannot be read, "),
        ("half of a step", "step 0 cannot be read, "),
        ("no steps", "step 0 was not recorded, and neither was any other"),
    ],
)
def test_a_damaged_run_names_the_file_and_what_is_whole(how, said, run, tmp_path, capsys):
    assert main(["explain", str(damaged(run, tmp_path, how)), "--step", "0"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert is_one_message(shown.err)


@pytest.mark.parametrize("how", ["one bit of a step", "half of a step", "losses cut", "rows lost"])
def test_of_a_damaged_run_the_rest_is_read(how, run, tmp_path, capsys):
    assert main(["explain", str(damaged(run, tmp_path, how)), "--step", "5"]) == 0
    assert capsys.readouterr().out.startswith("STEP 5 ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nosuch.run", "there is no run "),
        ("net.run/run.json", "run.json is not a run of chainrule"),
        ("net.run/steps", "steps is not a run of chainrule"),
        (".", "is not a run of chainrule"),
    ],
)
def test_what_is_not_a_run_is_said_to_be_none(name, said, run, capsys):
    assert main(["explain", str(run.parent / name)]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert is_one_message(err)


# ---------------------------------------------------------------- how the answer is written


@pytest.fixture(scope="module")
def answers(run):
    """The answer for each way in which stdout takes it: encoding, colour, a reader that stops reading."""
    explain = [*LAUNCH, "explain", str(run), "--weight", "0.weight[0,0]"]
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    head = ["bash", "-c", '"$@" | head -n 1; echo "${PIPESTATUS[0]}"', "-", *explain, "--format", "json"]
    asked = {
        "plain": (explain, {}),
        "ascii": (explain, ascii_only),
        "ascii json": ([*explain, "--format", "json"], ascii_only),
        "C": ([*explain, "--format", "md"], {"LC_ALL": "C", "LANG": "C"}),
        "forced": (explain, terminal),
        "forced without colour": (explain, terminal | {"NO_COLOR": "1"}),
        "head": (head, {}),
    }
    with ThreadPoolExecutor(2) as pool:
        given = {name: pool.submit(execute, words, run.parent, "", more) for name, (words, more) in asked.items()}
        return {name: answer.result() for name, answer in given.items()}


def test_every_stdout_can_take_the_answer(answers):
    assert {name: (done.status, done.err) for name, done in answers.items()} == dict.fromkeys(answers, (0, ""))


def test_a_pipe_gets_no_escape_codes_and_no_color_no_colours(answers):
    assert "\x1b" not in answers["plain"].out
    assert "\x1b[" in answers["forced"].out
    assert "\x1b[38;" in answers["forced"].out
    assert "\x1b[38;" not in answers["forced without colour"].out


def test_without_unicode_a_minus_is_a_minus_and_json_is_whole(answers):
    assert answers["ascii"].out.isascii()
    assert "?" not in answers["ascii"].out
    assert answers["plain"].out.count("−") > 3
    assert answers["ascii"].out.count("-") >= answers["plain"].out.count("−")
    assert answers["ascii json"].out.isascii()
    assert "ŷ" in json.loads(answers["ascii json"].out)["names"]


def test_a_reader_that_has_seen_enough_is_no_error(answers):
    assert answers["head"].out in ("{\n141\n", "{\n0\n")  # 0 where all fits into the pipe


# ---------------------------------------------------------------- scripts that train oddly


ODD_SCRIPTS = {
    "never calls backward": ("print(model(X).sum().item() != 0)", 0, "No training step was seen."),
    "raises in its third step": ("step()\nstep()\nloss = model(X).mean()\nraise ValueError('third')", 1, "in 2 steps"),
}


@pytest.mark.parametrize("what", ODD_SCRIPTS)
def test_an_odd_script_ends_as_ever_and_what_was_seen_is_kept(what, tmp_path):
    text, status, said = ODD_SCRIPTS[what]
    (tmp_path / "script.py").write_text(TRAINING + text)
    done = chainrule(["run", "-o", "run", "script.py"], tmp_path)
    assert done.status == status
    assert said in done.err
    assert done.err.count("Traceback") == status
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["ended"] == ("exception" if status else "finished")
    assert about["steps"] == len(list((tmp_path / "run" / "steps").iterdir())) == 2 * status


def test_weights_that_the_script_writes_itself_are_explained(tmp_path, capsys):
    w = torch.ones(3, requires_grad=True)
    with watch(tmp_path / "run"):
        for _ in range(5):
            (w * 2).square().sum().backward()
            w.data -= 0.1 * w.grad
            w.grad = None
    assert main(["explain", str(tmp_path / "run"), "--weight", "w[1]", "--step", "1"]) == 0
    out = capsys.readouterr().out
    assert "no optimizer   the script writes the weights itself\n     w: 0.2 → 0.04\n" in out
