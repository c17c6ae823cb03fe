"""A derivation says where one weight's gradient came from: shares add up, factors multiply, levels close."""

from __future__ import annotations

import itertools
import json
import math
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import CASES, build
from torch import nn

from chainrule.api import explain, load, watch
from chainrule.errors import BadOption, IndexOutOfRange, NotKept, ParameterMissing, SampleOutOfRange

# float64 sums of at most a few hundred products: 1e-12 of the sum of their sizes leaves a factor of 50.
CLOSE = 1e-12


def places(shape, most=12):
    """The first and the last indices of a tensor of this shape."""
    every = list(itertools.product(*map(range, shape)))
    return every if len(every) <= most else every[: most // 2] + every[-most // 2 :]


def derivations(step):
    for name, value in step._data.parameters.items():
        for index in places(value.shape):
            yield step.derive(name, index)


def closes(d) -> list[str]:
    """What does not add up in a derivation."""
    found = []
    # where a sample's share is itself a sum that cancels, the sizes of its terms
    size = max(
        sum(map(abs, d.shares or ())), abs(d.gradient), *(abs(t.product) for level in d.levels[:1] for t in level.terms)
    )
    if abs(d.gradient - d.autograd) > CLOSE * size:
        found.append(f"gradient {d.gradient} is not autograd's {d.autograd}")
    if d.shares is not None:
        if len(d.shares) != d.samples:
            found.append("as many shares as samples")
        if abs(sum(d.shares) - d.gradient) > CLOSE * size:
            found.append(f"shares add up to {sum(d.shares)}, not to {d.gradient}")
    for depth, level in enumerate(d.levels):
        total = sum(term.product for term in level.terms) + level.rest
        scale = sum(abs(term.product) for term in level.terms) + abs(level.rest)
        if abs(total - level.gradient) > CLOSE * scale:
            found.append(f"level {depth} adds up to {total}, not to {level.gradient}")
        for term in level.terms:
            if not math.isnan(term.partial) and abs(term.partial * term.upstream - term.product) > CLOSE * abs(
                term.product
            ):
                found.append(f"{term.partial} × {term.upstream} is not {term.product}")
    if d.is_chain and d.levels and abs(math.prod(d.factors) - d.share) > CLOSE * abs(d.share):
        found.append(f"the factors multiply to {math.prod(d.factors)}, not to the share {d.share}")
    return found


@pytest.mark.parametrize("name", CASES)
def test_shares_factors_and_levels_add_up_for_every_weight(name):
    step = explain(build(name).loss)
    seen = 0
    for d in derivations(step):
        assert not closes(d), (d.parameter.name, d.index, closes(d))
        assert d.agrees
        seen += 1
    assert seen


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    seed=st.integers(0, 10**6),
    widths=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    batch=st.integers(1, 5),
    activation=st.sampled_from([nn.Sigmoid, nn.Tanh, nn.ReLU, nn.Softplus]),
)
def test_they_add_up_for_random_nets_and_every_sample(seed, widths, batch, activation):
    torch.manual_seed(seed)
    layers = [[nn.Linear(a, b), activation()] for a, b in itertools.pairwise(widths)]
    model = nn.Sequential(*itertools.chain(*layers)).double()
    x, y = torch.randn(batch, widths[0], dtype=torch.float64), torch.rand(batch, widths[-1], dtype=torch.float64)
    step = explain(lambda: F.mse_loss(model(x), y))
    for name, value in step._data.parameters.items():
        for index in places(value.shape, 4):
            for sample in range(batch):
                d = step.derive(name, index, sample)
                assert not closes(d), closes(d)
                assert d.sample == sample


def test_a_share_is_the_gradient_of_one_samples_loss():
    """With the mean over the batch, sample n's share is the gradient of its own loss divided by their number."""
    case = build("neuron")
    weight = case.model.weight
    inputs = dict(zip(case.loss.__code__.co_freevars, (c.cell_contents for c in case.loss.__closure__), strict=True))
    x, y = inputs["x"], inputs["y"]
    d = explain(case.loss).derive("weight", (0, 1))
    for n, share in enumerate(d.shares):
        alone = F.mse_loss(torch.sigmoid(case.model(x[n : n + 1])), y[n : n + 1]) / len(x)
        (gradient,) = torch.autograd.grad(alone, weight)
        assert share == pytest.approx(float(gradient[0, 1]), rel=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_sentence_is_true(name):
    """Raise the weight by h in float64 and look: the loss moves as the sentence says, up to the curve's h²."""
    case = build(name)
    step = explain(case.loss)
    numbers = {tuple(p.flatten().tolist()): p for p in case.model.parameters()}
    h = 1e-6
    for d in derivations(step):
        p = numbers[tuple(step.parameters[d.parameter.name].value.flatten().tolist())]
        with torch.no_grad():
            p[d.index] += h
            above = case.loss().item()
            p[d.index] -= 2 * h
            below = case.loss().item()
            p[d.index] += h
        slope = (above - below) / (2 * h)
        # h² times the third derivative over 6, and the loss's roundoff over h
        assert d.per_hundredth / 0.01 == pytest.approx(slope, abs=1e-9 + 1e-6 * abs(slope))
        if abs(slope) > 1e-8:
            assert ("rises" if slope > 0 else "falls") in d.sentence
            said = float(re.search(r"about ([^ ]+?)\.$", d.sentence)[1].replace("−", "-"))
            assert said == pytest.approx(0.01 * abs(slope), rel=0.06)  # it is written to two digits


def test_a_derivation_that_does_not_add_up_is_seen():
    """The checker of this file, seen to fail, on each of its laws."""
    d = explain(build("neuron").loss).derive("weight", (0, 1))._data
    assert not closes(d)
    assert len(closes(replace(d, gradient=d.gradient * 1.001))) == 2
    assert closes(replace(d, shares=(*d.shares[:-1], d.shares[-1] * 1.01)))
    first = d.levels[0]
    assert closes(replace(d, levels=(replace(first, rest=first.rest + 0.1), *d.levels[1:])))
    wrong = replace(first.terms[0], partial=first.terms[0].partial * 1.001)
    assert len(closes(replace(d, levels=(replace(first, terms=(wrong, *first.terms[1:])), *d.levels[1:])))) == 2


def test_what_does_not_exist_is_refused_by_name():
    step = explain(build("neuron").loss)
    with pytest.raises(ParameterMissing):
        step.derive("weigth", (0, 0))
    with pytest.raises(IndexOutOfRange):
        step.derive("weight", (0, 2))
    with pytest.raises(IndexOutOfRange):
        step.derive("weight", (0,))
    with pytest.raises(SampleOutOfRange):
        step.derive("weight", (0, 0), sample=4)
    with pytest.raises(SampleOutOfRange):
        step.derive("weight", (0, 0), sample=-1)
    assert step.derive("weight", (-1, -1)).index == (0, 1)


# ---------------------------------------------------------------- the formats


def strict(text: str):
    """Standard JSON: no NaN, no Infinity, no name twice."""

    def refuse(constant):
        raise ValueError(constant)

    def once(pairs):
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), names
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=once)


@pytest.mark.parametrize("name", CASES)
def test_json_is_strict_and_holds_the_same_numbers(name):
    step = explain(build(name).loss)
    assert strict(json.dumps(step.json(), allow_nan=False))["loss"] == step.loss
    for d in derivations(step):
        found = strict(json.dumps(d.json(), allow_nan=False))
        assert found["gradient"] == d.gradient
        assert found["value"] == d.value
        assert found["shares"] == (None if d.shares is None else list(d.shares))
        assert [level["gradient"] for level in found["levels"]] == [level.gradient for level in d.levels]
        products = [[term["product"] for term in level["terms"]] for level in found["levels"]]
        assert products == [[term.product for term in level.terms] for level in d.levels]


def test_json_stays_strict_when_the_numbers_are_not_finite():
    model = nn.Linear(2, 1)
    x = torch.tensor([[torch.inf, 1.0], [0.0, torch.nan]])
    step = explain(lambda: model(x).square().mean(), torch.optim.SGD(model.parameters(), lr=0.1))
    strict(json.dumps(step.json(), allow_nan=False))
    found = strict(json.dumps(step.derive("weight", (0, 0)).json(), allow_nan=False))
    assert found["gradient"] == "nan"
    with pytest.raises(ValueError, match="NaN"):
        strict("[NaN]")


def unbalanced(tex: str) -> list[str]:
    """Braces and environments of LaTeX that do not close."""
    bare = re.sub(r"\\[\\{}%$&#_]", "", tex)
    depth, found = 0, []
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            found.append("}")
            depth = 0
    found += ["{"] * depth
    open_ = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", tex):
        if what == "begin":
            open_.append(name)
        elif not open_ or open_.pop() != name:
            found.append(name)
    for left, right in ((r"\[", r"\]"), (r"\left", r"\right")):
        if len(re.findall(re.escape(left) + r"(?![a-z])", tex)) != len(
            re.findall(re.escape(right) + r"(?![a-z])", tex)
        ):
            found.append(left)
    return found + open_


@pytest.mark.parametrize("name", CASES)
def test_latex_closes_what_it_opens_and_mathml_is_well_formed(name):
    for d in itertools.islice(derivations(explain(build(name).loss)), 20):
        assert not unbalanced(d.latex()), unbalanced(d.latex())
        ElementTree.fromstring(f"<all>{d.mathml()}</all>")
        assert "<math" in d.mathml()
        assert d.text().strip()
        assert d.markdown().strip()


def test_latex_that_does_not_close_is_seen():
    assert unbalanced(r"\frac{1}{2")
    assert unbalanced(r"\begin{array}x\end{tabular}")
    assert unbalanced(r"\[ x")
    assert unbalanced(r"\left( x")
    assert not unbalanced(r"\[ \{ \frac{1}{2} \left( x \right) \]")


@pytest.mark.skipif(not (shutil.which("pdflatex") or shutil.which("tectonic")), reason="no LaTeX is installed here")
@pytest.mark.parametrize("name", CASES)
def test_the_document_compiles(name, tmp_path):
    case = build(name)
    step = explain(case.loss, torch.optim.Adam(case.model.parameters(), weight_decay=0.1))
    parameter, value = next(iter(step._data.parameters.items()))
    (tmp_path / "weight.tex").write_text(step.derive(parameter, tuple(0 for _ in value.shape)).latex())
    pdflatex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "weight.tex"]
    command = pdflatex if shutil.which("pdflatex") else ["tectonic", "weight.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-1500:]
    assert "Missing character" not in done.stdout


def test_a_model_that_was_made_double_is_derived_from_its_new_numbers(tmp_path):
    """model.double() exchanges the numbers of a parameter without writing in place."""
    with watch(tmp_path / "run"):
        model, x, y = nn.Linear(2, 1).double(), torch.randn(4, 2).double(), torch.ones(4, 1).double()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for _ in range(2):
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
    for step in load(tmp_path / "run"):
        d = step.derive("weight", (0, 1))
        assert d.agrees
        assert not closes(d)
        assert d._data.parameter.dtype == torch.float64
        assert str(step)


def test_what_was_not_kept_is_named_with_its_own_shape():
    layer = nn.Linear(4, 1)
    step = explain(lambda: layer(torch.ones(64, 4)).sum())
    step._data.parameters["weight"].tensor = None
    with pytest.raises(NotKept, match=r"weight of F\.linear .*shape \[1, 4\], 4 numbers"):
        step.derive("weight", (0, 0))
    assert str(step)  # with norms in place of shares


def test_a_number_does_not_enter_what_it_has_no_part_in_because_of_infinity():
    """0·∞ is NaN, and yet the weight of one neuron enters that neuron only, also where its own data is zero."""
    x = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    layer = nn.Linear(2, 3)
    with torch.no_grad():
        layer.weight.abs_()
        layer.bias.abs_()
    for factor in (math.inf, math.nan):
        step = explain(lambda factor=factor: (torch.relu(layer(x)) * factor).sum())
        for sample in (0, 1):
            d = step.derive("weight", (1, 0), sample)
            assert [level.at for level in d.levels[1:3]] == [(sample, 1)] * 2
            assert d.levels[0].terms[0].partial == x[sample, 0]
            assert all(level.more == 0 and len(level.terms) == 1 for level in d.levels)
        assert "both are nan" in d.text()
        assert "nan too" in d.markdown()


def test_a_partial_that_is_finite_is_not_nan_because_a_weight_beside_it_is():
    first, second = nn.Linear(2, 3), nn.Linear(3, 2)
    with torch.no_grad():
        second.weight[0, 2] = math.nan
    step = explain(lambda: second(first(torch.ones(4, 2))).sum())
    d = step.derive("first.weight", (1, 0), 3)
    assert [level.at for level in d.levels[:3]] == [(1, 0), (3, 1), (3, 0)]
    assert {term.at[1]: term.partial for term in d.levels[1].terms} == dict(enumerate(second.weight[:, 1].tolist()))


def test_a_batch_without_samples_is_explained():
    layer = nn.Linear(2, 1)
    step = explain(lambda: layer(torch.randn(0, 2)).sum(), torch.optim.SGD(layer.parameters(), 0.1))
    d = step.derive("weight", (0, 0))
    assert (d.gradient, d.shares, d.sample) == (0, (), None)
    assert d.agrees
    assert all((d.text(), d.markdown(), d.latex(), str(step)))


def test_a_complex_weight_is_refused_and_its_step_shown():
    w = nn.Parameter(torch.randn(2, dtype=torch.cfloat))
    step = explain(lambda: (w * w).abs().sum(), torch.optim.SGD([w], 0.1))
    with pytest.raises(BadOption, match="complex"):
        step.derive("w", (0,))
    assert str(step)


def test_numbers_that_were_exchanged_within_the_step_are_those_that_are_told():
    """By `.data =`, which PyTorch's version counter does not count."""
    layer = nn.Linear(2, 1)
    new, x = torch.tensor([[3.0, 4.0]]), torch.ones(4, 2)

    def loss():
        layer(x)
        layer.weight.data = new
        return layer(layer(x) * x).sum()

    step = explain(loss, torch.optim.SGD(layer.parameters(), 0.1))
    assert step._data.problems == []
    assert step.agreement.holds
    d = step.derive("weight#2" if "weight#2" in step._data.parameters else "weight", (0, 1))
    assert d.agrees
    assert d.value == 4
