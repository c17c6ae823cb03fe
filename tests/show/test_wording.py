"""How the terminal words what is easily misread: layers without a name, long lines, numbers that are only moved."""

from __future__ import annotations

from io import StringIO

import pytest
import torch
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from shown_runs import PROBLEMS, record
from torch import nn

from chainrule.api import explain, load, watch
from chainrule.errors import NothingRecorded
from chainrule.show.terminal import WIDTH, Hanging, module_name


@pytest.mark.parametrize(
    ("path", "shown"), [("0", "layer 0"), ("2.1", "layer 2.1"), ("net.0", "net.0"), ("fc", "fc"), ("", "")]
)
def test_a_number_alone_is_called_a_layer(path, shown):
    assert module_name(path) == shown


def test_a_report_of_a_bare_sequential_names_its_layers(tmp_path):
    step = load(record(PROBLEMS["digits"], tmp_path / "run", 2))[0]
    text = str(step)
    assert text.count("layer 2 · ") == 1
    assert "0.weight" in text  # parameters keep torch's own names


def printed(text: str, width: int) -> list[str]:
    target = StringIO()
    Console(file=target, width=width).print(Hanging(Text(text)))
    return [line.rstrip() for line in target.getvalue().splitlines()]


@pytest.mark.parametrize("width", [20, 40, 88])
def test_a_long_line_goes_on_further_in(width):
    words = "δ(z) = 0.25·δ(a) + 0.5·δ(b) + 0.125·δ(c) + 12 more = 0.001 = 0.25 and so on and on and on"
    first, *rest = printed(words, width)
    assert not first.startswith(" ")
    assert rest
    assert all(line.startswith("    ") and line[4] != " " for line in rest)
    assert all(cell_len(line) <= width for line in (first, *rest))
    assert " ".join([first, *(line.strip() for line in rest)]) == words


def test_a_short_line_stays_as_it_is():
    assert printed("δ(z) = 1", 88) == ["δ(z) = 1"]


class Moving(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x):
        return self.fc(x).view(5, 2, 2).transpose(1, 2).reshape(5, 4).relu()


def test_numbers_that_are_only_moved_are_told_in_one_line(tmp_path):
    torch.manual_seed(0)
    model = Moving()
    with watch(tmp_path / "run", steps=[0]) as run:
        (model(torch.rand(5, 3) + 1) + 1).square().mean().backward()
    d = run[0].derive("fc.weight", (0, 1))
    text = d.text()
    assert text.count("moved by 3 calls") == 2  # in the numbers, and in the partials
    assert "ReLU" in text  # it moves nothing: what it does to the number is its own
    assert "moved by 3 calls" in d.markdown()
    assert d.factors.count(1.0) >= 3  # the data keeps every one of them


def test_shares_that_are_zero_have_no_bar_where_there_are_many(tmp_path):
    x = torch.zeros(20, 2)
    x[3] = 1
    layer = nn.Linear(2, 1)
    with watch(tmp_path / "run", steps=[0]) as run:
        nn.functional.mse_loss(layer(x), torch.ones(20, 1)).backward()
    text = run[0].derive("weight", (0, 0)).text()
    assert "19 more samples, each exactly" in text
    assert text.count("│") == 1


def test_the_bars_of_shares_stand_apart_from_long_labels_and_below_each_other():
    layer = nn.Linear(4, 1)
    x = torch.cat([torch.ones(1, 4), -1234.5 * torch.rand(19, 4)])
    said = explain(lambda: layer(x).square().mean()).derive("weight", (0, 0)).text()
    rows = [line for line in said.splitlines() if "│" in line]
    assert len({row.index("│") for row in rows}) == 1
    assert not [row for row in rows if ")█" in row]
    more = next(line for line in said.splitlines() if "more samples" in line)
    assert {len(row) for row in rows} == {len(more)}
    assert len(more) <= WIDTH


def test_a_weight_that_was_zero_has_no_relative_change():
    layer = nn.Linear(4, 5)
    nn.init.zeros_(layer.bias)
    said = str(explain(lambda: layer(torch.ones(3, 4)).sum(), torch.optim.SGD(layer.parameters(), 0.1)))
    assert next(line for line in said.splitlines() if "bias" in line and "0.6708" in line).endswith("–")
    assert "nan" not in said


def test_what_is_no_loss_and_what_is_no_step_is_said(tmp_path):
    with pytest.raises(NothingRecorded, match=r"the loss is no tensor but 3\.0"):
        explain(lambda: 3.0)
    with watch(tmp_path / "run"):
        nn.Linear(1, 1)(torch.ones(1, 1)).sum().backward()
    run = load(tmp_path / "run")
    for wrong in ("a", slice(0, 3), 1.0, None):
        with pytest.raises(TypeError, match="a step is chosen by its number"):
            run[wrong]
