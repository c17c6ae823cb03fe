"""What Python writes into the page, without a browser."""

from __future__ import annotations

import base64
import gzip
import json
import math
import shutil
import subprocess
import sys
from array import array

import networks
import pytest

import chainrule
from chainrule.errors import OutputNotWritable
from chainrule.show.page import document, payload
from chainrule.show.page.bundle import bundle


def numbers(written):
    found = array("f")
    found.frombytes(gzip.decompress(base64.b64decode(written["numbers"])))
    return found


def test_parameters_and_gradients_of_every_step_are_in_the_array(recorded):
    run = recorded("two_eight_one")
    written = payload.of_run(run.history)
    found = numbers(written)
    assert [frame["step"] for frame in written["frames"]] == run.steps
    assert len(written["structures"]) == 1
    for frame in written["frames"]:
        step = run[frame["step"]]
        for value in written["structures"][0]["values"]:
            if value["kind"] != "parameter":
                continue
            parameter = step.parameters[value["name"]]
            begin = frame["offset"] + value["number"]
            assert list(found[begin : begin + parameter.value.numel()]) == parameter.value.flatten().tolist()
            begin = frame["offset"] + value["gradient"]
            assert list(found[begin : begin + parameter.value.numel()]) == parameter.gradient.flatten().tolist()


def test_the_losses_of_a_short_run_are_all_there_and_of_a_long_one_its_peaks():
    at, values = payload.thinned([3.0, 2.0, 1.0])
    assert (at, values) == ([0, 1, 2], [3.0, 2.0, 1.0])
    losses = [1.0] * 50_000
    losses[12_345], losses[23_456], losses[34_567] = 9.0, -9.0, math.nan
    at, values = payload.thinned(losses)
    assert len(at) <= payload.POINTS * 1.1
    assert {0, 12_345, 23_456, 34_567, 49_999} <= set(at)
    assert values[at.index(12_345)] == 9.0


def test_text_in_the_payload_cannot_end_the_script():
    written = document.inert({"name": "</script><!--\u2028"})
    assert "<" not in written
    assert "\u2028" not in written
    assert json.loads(written) == {"name": "</script><!--\u2028"}


def test_not_a_number_is_no_json_number():
    with pytest.raises(ValueError, match="not JSON compliant"):
        document.inert({"loss": math.nan})


@pytest.mark.parametrize(("network", "limit"), [("one_layer", 0.5e6), ("digits", 4e6), ("transformer", 4e6)])
def test_the_page_is_no_larger_than_promised(network, limit, pages):
    assert pages(network).stat().st_size < limit


def test_a_page_that_cannot_be_written_leaves_the_old_one(recorded, tmp_path, monkeypatch):
    page = tmp_path / "page.html"
    page.write_text(f"{document.GENERATOR} old")

    def full(self, *arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OutputNotWritable, match="No space left"):
        recorded("one_layer").report(page)
    monkeypatch.undo()
    assert page.read_text() == f"{document.GENERATOR} old"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_a_file_that_is_no_page_is_not_written_over(recorded, tmp_path):
    precious = tmp_path / "run.json"
    precious.write_text("precious")
    with pytest.raises(OutputNotWritable, match="no page of chainrule"):
        recorded("one_layer").report(precious)
    assert precious.read_text() == "precious"
    page = recorded("one_layer").report(tmp_path / "page.html")
    assert recorded("one_layer").report(page) == page  # a page of ours may be made anew


def test_the_command_writes_the_page_and_says_where(recorded, tmp_path):
    copy = tmp_path / "my.run"
    shutil.copytree(recorded("one_layer").path, copy)
    command = [sys.executable, "-m", "chainrule.cli", "report", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "my.run.html")
    assert (tmp_path / "my.run.html").read_text("utf-8").startswith("<!doctype html>")
    nowhere = str(tmp_path / "nowhere" / "page.html")
    failed = subprocess.run([*command, "-o", nowhere], capture_output=True, text=True)
    assert failed.returncode == 2
    assert f"{nowhere} cannot be written" in failed.stderr


def test_the_font_is_inside_the_page():
    """An installation has it: hatch_build.py cuts it from the package ziamath."""
    assert 'font-family: "chainrule math"; src: url(data:font/woff2' in document.style()


def test_a_run_that_is_still_written_has_a_page(tmp_path):
    with chainrule.watch(tmp_path / "half.run", every=1) as run:
        networks.train(networks.one_layer, steps=3)
        written = payload.of_run(run.history)
    assert [frame["step"] for frame in written["frames"]] == [0, 1, 2]


# ---------------------------------------------------------------- the modules as one script


def joined(**modules):
    return bundle("app", lambda name: modules[name])


def test_modules_keep_their_own_names():
    script = joined(
        app='import { two } from "./a.js";\nconst hidden = 1;\nexport function mount() { return two() + hidden; }\n',
        a="const hidden = 2;\nexport function two() {\n  return hidden;\n}\n",
    )
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here to run a script")
    done = subprocess.run([node, "-e", f"{script}\nconsole.log(mount())"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('import a from "./a.js";\n', "no form of import"),
        ("export default 1;\n", "no form of import"),
        ('import { b } from "./app.js";\n', "circle: app → app"),
    ],
)
def test_a_form_that_is_not_ours_is_refused(source, message):
    with pytest.raises(ValueError, match=message):
        joined(app=source, a="export const a = 1;\n")
