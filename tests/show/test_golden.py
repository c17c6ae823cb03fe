"""The tutorial's reports, word for word: tests/data/golden. CHAINRULE_UPDATE_GOLDEN=1 writes them anew.

Words must be equal, numbers close, for CPUs differ in the last digit. That the numbers of a golden file belong
together is computed from the file itself, so that it cannot be wrong as a whole.
"""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from chainrule.api import watch
from chainrule.cli import main
from chainrule.run.history import open_run
from chainrule.show.report import report_of
from chainrule.show.terminal import show

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
WEIGHT = ["--weight", "fc.weight[0,1]", "--step", "0", "--sample"]
ASKED = {
    "report.txt": [],
    "step.txt": ["--step", "0"],
    "weight.txt": [*WEIGHT, "2"],
    "weight.md": [*WEIGHT, "2", "--format", "md"],
    "weight.tex": [*WEIGHT, "2", "--format", "tex"],
    "weight.json": [*WEIGHT, "2", "--format", "json"],
    "weight_sample_1.txt": [*WEIGHT, "1"],
    "weight_sample_1.md": [*WEIGHT, "1", "--format", "md"],
    "weight_sample_1.tex": [*WEIGHT, "1", "--format", "tex"],
    "weight_sample_1.json": [*WEIGHT, "1", "--format", "json"],
}
NUMBER = re.compile(r"(?<![\w.])[−-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[−-]?\d+)?(?!\w)")


class SimpleNN(nn.Module):
    """The tutorial's, in float64."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 1, dtype=torch.float64)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        return self.sigmoid(self.fc(x))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]], dtype=torch.float64)
    torch.manual_seed(0)
    model, loss_fn = SimpleNN(), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    path = tmp_path_factory.mktemp("golden") / "tutorial.run"
    with watch(path, steps=[0, 1, 10, 100, 500]):  # which others there is time for depends on the machine
        for _ in range(1000):
            predictions = model(X)
            loss = loss_fn(predictions, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return path


def shown(run: Path, name: str, capsys: pytest.CaptureFixture[str]) -> str:
    if name == "report.txt":
        show(report_of(open_run(run), Path("RUN")))
    else:
        assert main(["explain", str(run), *ASKED[name]]) == 0
    out = capsys.readouterr().out
    out = re.sub(r"[^\s\"]*test_golden\.py:\d+", "LINE", out)
    return re.sub(r"bit for bit|within\s+\S+(?:\s+of\s+the\s+size\s+of\s+its\s+terms)?", "CLOSE", out)


def numbers(text: str) -> list[float]:
    return [float(found.replace("−", "-").replace(",", "")) for found in NUMBER.findall(text)]


def words(text: str) -> list[str]:
    """Everything but the numbers; of a table only the cells, since a number may be wider than another."""
    return NUMBER.sub("#", text).split()


def close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-3, abs_tol=2e-4) or max(abs(one), abs(other)) < 1e-9


@pytest.mark.parametrize("name", ASKED)
def test_a_report_is_the_golden_one(name, run, capsys):
    now, file = shown(run, name, capsys), GOLDEN / name
    if os.environ.get("CHAINRULE_UPDATE_GOLDEN"):
        file.write_text(now, encoding="utf-8")
    golden = file.read_text(encoding="utf-8")
    assert words(now) == words(golden)
    pairs = list(zip(numbers(now), numbers(golden), strict=True))
    assert [pair for pair in pairs if not close(*pair)] == []


def test_the_golden_files_are_those_asked_for():
    assert {file.name for file in GOLDEN.iterdir()} == set(ASKED)


def test_a_changed_word_and_a_changed_digit_are_seen():
    golden = "     z[2,0]   −0.5873   z = X Wᵀ + b\n"
    assert numbers(golden) == [2, 0, -0.5873]
    assert numbers("1,000 of −10,000, 1.2e−07, W₁, h2") == [1000, -10000, 1.2e-07]
    assert words(golden) == words(golden.replace("−0.5873 ", "−0.587299 "))
    assert words(golden) != words(golden.replace("z = X", "z = −X"))
    assert not close(-0.5873, 0.5873)
    assert not close(0.2614, 0.2624)


# ---------------------------------------------------------------- the golden numbers belong together


def read(name: str) -> str:
    return (GOLDEN / name).read_text(encoding="utf-8")


def table(text: str, first: str) -> tuple[list[str], list[list[str]]]:
    """The header that starts with `first`, and the rows below it, to the next empty line."""
    lines = [line.split("  ") for line in text.splitlines()]
    rows = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    begin = next(i for i, row in enumerate(rows) if row and row[0] == first)
    end = next(i for i in range(begin, len(rows)) if not rows[i])
    return rows[begin], rows[begin + 1 : end]


def column(text: str, first: str, name: str) -> list[float]:
    header, rows = table(text, first)
    return [numbers(row[header.index(name)])[0] for row in rows if len(row) == len(header)]


def section(text: str, title: str) -> str:
    return text[text.index(title) :]


def units(*printed: float) -> float:
    """What rounding to four decimals can hide in a sum of so many printed numbers."""
    return 0.5e-4 * (len(printed) + 1)


@pytest.mark.parametrize("name", ["step.txt", "report.txt"])
def test_the_printed_step_adds_up(name):
    text = read(name)
    data = [column(section(text, " Forward "), "sample", head) for head in ("X[0]", "X[1]", "z", "ŷ", "y")]
    weights = dict(zip(("w0", "w1", "b"), column(section(text, " Update "), "weight", "before"), strict=True))
    for x0, x1, z, prediction, _ in zip(*data, strict=True):
        assert z == pytest.approx(x0 * weights["w0"] + x1 * weights["w1"] + weights["b"], abs=1e-4)
        assert prediction == pytest.approx(1 / (1 + math.exp(-z)), abs=1e-4)
    predictions, targets = data[3], data[4]
    loss = numbers(re.findall(r"STEP 0 .*?loss (\S+)", text)[0])[0]
    assert loss == pytest.approx(sum((p - t) ** 2 for p, t in zip(predictions, targets, strict=True)) / 4, abs=1e-4)

    slopes = [column(section(text, " Partial "), "sample", head) for head in ("∂L/∂ŷ", "∂ŷ/∂z")]
    for p, t, outer, inner in zip(predictions, targets, *slopes, strict=True):
        assert outer == pytest.approx(2 * (p - t) / 4, abs=1e-4)
        assert inner == pytest.approx(p * (1 - p), abs=1e-4)

    shares = section(text, "each sample's share")
    for head, factor in (("fc.weight[0,0]", data[0]), ("fc.weight[0,1]", data[1]), ("fc.bias[0]", [1.0] * 4)):
        *parts, total = column(shares, "sample", head)
        assert total == pytest.approx(sum(parts), abs=units(*parts))
        products = [outer * inner * x for outer, inner, x in zip(*slopes, factor, strict=True)]
        assert parts == pytest.approx(products, abs=1e-4)

    moved = [
        column(section(text, " Update "), "weight", head) for head in ("before", "gradient used", "after", "change")
    ]
    for (before, gradient, after, change), head in zip(
        zip(*moved, strict=True), table(shares, "sample")[0][1:], strict=True
    ):
        assert gradient == column(shares, "sample", head)[-1]
        assert after == pytest.approx(before - 0.1 * gradient, abs=1e-4)
        assert change == pytest.approx(after - before, abs=1e-4)


@pytest.mark.parametrize("sample", [1, 2])
def test_every_format_of_a_derivation_adds_up_and_they_agree(sample):
    stem = "weight" if sample == 2 else f"weight_sample_{sample}"
    record = json.loads(read(f"{stem}.json"))
    check_record(record, sample)
    check_text(read(f"{stem}.txt"), record)
    for suffix, bars in ((".md", r"^\| *(\S+) *\| *(\S+) *\|$"), (".tex", r"^(\S+) & (\S+) \\\\$")):
        check_lesson(read(stem + suffix), bars, record)


def check_record(record: dict[str, Any], sample: int) -> None:
    assert record["gradient"] == pytest.approx(sum(record["shares"]), rel=1e-12)
    assert record["share"] == pytest.approx(math.prod(record["factors"]), abs=1e-15)
    assert record["share"] == pytest.approx(record["shares"][sample], abs=1e-15)
    assert record["after"] == pytest.approx(record["value"] - record["settings"]["η"] * record["gradient_used"])
    assert record["update"][0]["value"] == record["after"]
    assert record["gradient"] == pytest.approx(record["autograd"])
    for level in record["levels"]:
        assert level["gradient"] == pytest.approx(sum(t["product"] for t in level["terms"]) + level["rest"], abs=1e-15)
        assert all(t["product"] == pytest.approx(t["partial"] * t["upstream"], abs=1e-15) for t in level["terms"])
    moved = abs(0.01 * record["gradient"])
    assert numbers(record["sentence"].split("about")[1].rstrip("."))[0] == pytest.approx(moved, rel=0.05)


def check_text(text: str, record: dict[str, Any]) -> None:
    shares = [numbers(line)[-1] for line in text.splitlines() if "│" in line]
    total = numbers(re.findall(r"∂L/∂fc\.weight\[0,1\] = (\S+)", text)[0])[0]
    assert total == pytest.approx(sum(shares), abs=units(*shares))
    product = re.findall(r"share of sample \d = (.*) = (\S+)$", text, re.MULTILINE)[0]
    factors = [numbers(factor)[0] for factor in product[0].split(" · ")]
    assert numbers(product[1])[0] == pytest.approx(math.prod(factors), abs=1e-4)
    before = numbers(text.splitlines()[0].split(" = ")[1])[0]
    after = numbers(re.findall(r"w ← w − η·g = .* = (\S+)$", text, re.MULTILINE)[0])[0]
    assert after == pytest.approx(before - 0.1 * total, abs=1e-6)
    assert [*shares, total, *factors, before, after] == pytest.approx(
        [*record["shares"], record["gradient"], *record["factors"], record["value"], record["after"]], abs=1e-4
    )


def check_lesson(text: str, bars: str, record: dict[str, Any]) -> None:
    rows = {
        key: numbers(value)[0]
        for key, value in re.findall(bars, text, re.MULTILINE)
        if key != "sample" and "-:" not in key
    }
    *shares, total = rows.values()
    assert list(rows) == ["0", "1", "2", "3", "sum"]
    assert total == pytest.approx(sum(shares), rel=1e-5)
    assert [*shares, total] == pytest.approx([*record["shares"], record["gradient"]], rel=1e-5)
    found = [number for line in text.splitlines() if "share of sample" in line for number in numbers(line)][1:]
    assert found == pytest.approx([*record["factors"], record["share"]], rel=1e-5)
    steps = [numbers(line) for line in text.splitlines() if re.search(r"w = .*= ", line)]
    before, rate, gradient, after = steps[-1]
    assert after == pytest.approx(before - rate * gradient, abs=1e-5)
    assert [before, rate, gradient, after] == pytest.approx(
        [record["value"], 0.1, record["gradient_used"], record["after"]], rel=1e-4
    )
