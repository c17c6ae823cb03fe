"""The page as a widget of a notebook: drawn from its module by a host that has nothing but a model."""

from __future__ import annotations

import json
import sys

import pytest

from chainrule.errors import PackageMissing
from chainrule.show import widget

HOST = """<!doctype html>
<html lang="en"><title>notebook</title><style>{css}</style><div id="cell"></div>
<script type="module">
{esm}
</script></html>
"""

# A model of a notebook's front end, and the element that is put into the document only after it was drawn.
DRAWN = """
window.model = {
  values: {payload},
  get(name) { return this.values[name] },
  set(name, value) { this.values[name] = value },
  save_changes() { this.sent = { ...this.values } },
};
const el = document.createElement("div");
render({ model, el }).then(() => document.getElementById("cell").append(el));
"""


def host(shown, folder):
    values = {"payload": shown.payload}
    drawn = DRAWN.replace("{payload}", json.dumps(values).replace("<", "\\u003c"))
    file = folder / "host.html"
    file.write_text(HOST.replace("{css}", shown._css).replace("{esm}", shown._esm + drawn), "utf-8")
    return file


def test_what_is_chosen_in_the_widget_is_told_to_python(recorded, opened, tmp_path):
    pytest.importorskip("anywidget")
    run = recorded("two_eight_one")
    page = opened().go(host(run.widget(), tmp_path))
    page.locator("[data-weight='0.weight[5,1]']").press("Enter")
    page.keyboard.press("Home")
    page.locator(".chips button").nth(3).click()
    sent = page.evaluate("model.sent")
    assert (sent["step"], sent["weight"], sent["index"], sent["sample"]) == (run.steps[0], "0.weight", [5, 1], 3)
    shown = run.widget()
    shown.set_state({name: sent[name] for name in ("step", "weight", "index", "sample")})
    derived = run[shown.step].derive(shown.weight, shown.index, sample=shown.sample)
    gradient = float(page.locator(".weight-gradient [title]").get_attribute("title"))
    assert derived.gradient == pytest.approx(gradient, rel=1e-5)


BLACK = """() => {
  const canvas = document.querySelector(".bar-code");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.every((x, i) => i % 4 === 3 || x === 0);
}"""


def test_the_widget_takes_its_colours_from_the_document_and_leaves_that_as_it_is(recorded, opened, tmp_path):
    pytest.importorskip("anywidget")
    page = opened().go(host(recorded("one_layer")[3].widget(), tmp_path))
    assert page.evaluate(BLACK) is False
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "normal"
    assert page.evaluate("getComputedStyle(document.body).margin") == "8px"


def test_without_anywidget_it_says_what_to_install(recorded, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    widget._kind.cache_clear()
    with pytest.raises(PackageMissing, match=r"pip install 'chainrule\[notebook\]'"):
        recorded("one_layer").widget()
