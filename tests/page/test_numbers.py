"""Every number on the page is the recorded one: factors multiply to shares, shares add to the gradient.

The page holds float32. A product of k factors, each rounded to float32, is off by at most k·2⁻²⁴ of itself, a sum of
n shares by n·2⁻²⁴ of their sizes; no path here has more than 8 factors, no sum more than 64 terms: 2⁻¹⁷ of the sizes.
"""

from __future__ import annotations

import math

import networks
import pytest

ROUNDING = 2.0**-17

READ = """
async (addresses) => {
  const found = [];
  const number = (e) => Number(e.getAttribute("title") ?? e.querySelector("[title]").getAttribute("title"));
  const all = (selector) => [...document.querySelectorAll(selector)];
  for (const address of addresses) {
    const changed = new Promise((done) => addEventListener("hashchange", done, { once: true }));
    location.hash = address;
    await changed;
    found.push({
      name: document.querySelector(".weight-name h2").textContent,
      factors: all(".factors .factor").map(number),
      products: all(".factor-number").map(number),
      share: all(".share").map(number),
      deltas: all(".delta").map((row) => ({
        gradient: Number(row.dataset.gradient),
        terms: [...row.querySelectorAll("[data-product]")].map((term) => Number(term.dataset.product)),
      })),
      shares: all(".share-number").map(number),
      total: number(document.querySelector(".total")),
      check: all(".check:not(.wrong)").length,
      wrong: all(".wrong").length,
      update: document.querySelector(".part:last-child .body .check")?.getAttribute("title"),
    });
  }
  return found;
}
"""


def places(shape):
    if not shape:
        yield ()
        return
    for i in range(shape[0]):
        for rest in places(shape[1:]):
            yield (i, *rest)


def close(a, b, size):
    return abs(a - b) <= ROUNDING * max(size, abs(b), 1e-30)


@pytest.mark.parametrize("network", ["one_layer", "two_eight_one", "images"])
def test_what_is_shown_of_every_weight_multiplies_and_adds_to_its_recorded_gradient(network, recorded, pages, opened):
    run = recorded(network)
    page = opened().go(pages(network))
    for t in networks.STEPS:
        step = run[t]
        weights = [(name, i) for name, p in step.parameters.items() for i in places(p.value.shape)]
        samples = 4 if network != "images" else 5
        asked = [(name, i, n) for name, i in weights for n in range(samples)]
        shown = page.evaluate(READ, [f"#t={t}&w={name}[{','.join(map(str, i))}]&n={n}" for name, i, n in asked])
        for (name, i, n), seen in zip(asked, shown, strict=True):
            gradient = float(step.parameters[name].gradient[i])
            sizes = sum(map(abs, seen["shares"]))
            assert seen["name"] == f"{name}[{','.join(map(str, i))}]"
            assert close(seen["total"], gradient, abs(gradient))
            assert close(sum(seen["shares"]), gradient, sizes), (name, i, seen)
            assert len(seen["shares"]) == samples
            assert seen["check"] >= 1
            assert not seen["wrong"]
            assert close(float(seen["update"]), float(step.parameters[name].after[i]), 0)
            if seen["share"]:  # a single path
                assert close(math.prod(seen["factors"]), seen["share"][0], 0)
                assert close(math.prod(seen["products"]), seen["share"][0], 0)
                assert close(seen["share"][0], seen["shares"][n], sizes)
            else:
                assert close(seen["deltas"][0]["gradient"], seen["shares"][n], sizes)
                for delta in seen["deltas"]:
                    assert close(sum(delta["terms"]), delta["gradient"], sum(map(abs, delta["terms"])))


def test_the_shares_are_those_of_the_derivation(recorded, pages, opened):
    run = recorded("two_eight_one")
    page = opened().go(pages("two_eight_one"))
    seen = page.evaluate(READ, ["#t=3&w=0.weight[4,1]&n=2"])[0]
    derived = run[3].derive("0.weight", (4, 1), sample=2)
    for shown, share in zip(seen["shares"], derived.shares, strict=True):
        assert close(shown, share, sum(map(abs, derived.shares)))
    for shown, factor in zip(seen["factors"], derived.factors, strict=True):
        assert close(shown, factor, 0)


def test_a_gradient_that_is_not_autograds_is_called_wrong(recorded, opened, tmp_path):
    """The check is computed: when what autograd left is changed in the recording, the page says so."""
    from chainrule.show.page import document, payload

    step = recorded("one_layer")[3]._data
    value = step.parameters["0.weight"]
    for backward in step.backwards:
        if value.index in backward.received:
            backward.received[value.index] = backward.received[value.index] * 1.001
    step.agreement = None
    written = document.write(payload.of_step(step), "wrong", tmp_path / "wrong.html")
    page = opened().go(written, "#w=0.weight[0,0]")
    assert "✗ autograd has" in page.locator(".wrong").inner_text()
    seen = page.evaluate(READ, ["#w=0.bias[0]"])[0]
    assert seen["name"] == "0.bias[0]"
    assert not seen["wrong"]


def test_the_digits_are_read_from_its_pictures(recorded, pages, opened):
    """A wide network: the sum over ten classes, and the part of the batch that is not in the page."""
    run = recorded("digits")
    page = opened().go(pages("digits"))
    seen = page.evaluate(READ, ["#t=10&w=0.weight[20,7]&n=3"])[0]  # as many units as samples: a row is no sample
    gradient = float(run[10].parameters["0.weight"].gradient[20, 7])
    assert len(seen["shares"]) == 17  # sixteen samples, and the rest of the 32
    assert close(sum(seen["shares"]), gradient, sum(map(abs, seen["shares"])))
    assert not seen["wrong"]
