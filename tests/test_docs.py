"""What the documents say is what the code is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from chainrule.api import watch
from chainrule.limits import LIMITS, as_markdown, as_text
from chainrule.rules import RULES, SPELLINGS, Rule, elementwise, table
from chainrule.rules.optimizers import UPDATE_RULES

ROOT = Path(__file__).parent.parent
QUOTE = re.compile(r"<!-- from (\S+) -->\n```python\n(.*?)```", re.DOTALL)


def quotes(text: str) -> list[tuple[str, str]]:
    return QUOTE.findall(text)


def stale(text: str) -> list[str]:
    """The files whose quoted code is not in them."""
    return [file for file, code in quotes(text) if code.rstrip() not in (ROOT / file).read_text(encoding="utf-8")]


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_quoted_code_is_in_the_source(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert quotes(text)
    assert stale(text) == []


def test_a_stale_quote_is_noticed() -> None:
    assert stale("<!-- from src/chainrule/session.py -->\n```python\nnot_there = 1\n```") == [
        "src/chainrule/session.py"
    ]


def test_links_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_changelog_counts_the_rules() -> None:
    said = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"{len(RULES)} functions" in said
    assert all(name in said for name in UPDATE_RULES)


def test_pictures_load_nothing() -> None:
    for picture in (ROOT / "docs" / "images").glob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        assert "url(http" not in text
        assert "@import" not in text


def test_the_table_of_limits_is_the_one_that_the_command_prints() -> None:
    assert (ROOT / "docs" / "limits.md").read_text(encoding="utf-8") == as_markdown()
    assert all(limit.what in as_text() for limit in LIMITS)


def test_the_one_line_of_the_example_is_all_that_a_new_rule_needs(monkeypatch, tmp_path) -> None:
    """exp as if it had no rule yet: opaque. Then the line of CONTRIBUTING.md is added, and nothing else."""
    ((_, line),) = quotes((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    for function, spelling in list(SPELLINGS.items()):
        if "exp" in [rule.name for rule in spelling.rules]:
            monkeypatch.delitem(SPELLINGS, function)
    monkeypatch.delitem(RULES, "exp")

    def step_with_exp(folder: str):
        w = torch.tensor([0.5, -1.0], requires_grad=True)
        with watch(tmp_path / folder, steps=[0], check="all") as run:
            torch.exp(w).sum().backward()
        return run[0]

    assert [call.name for call in step_with_exp("before").calls if call.rule is None] == ["torch.exp"]
    made = dict(vars(elementwise))
    exec(line, made)
    (rule,) = [r for name, r in made.items() if isinstance(r, Rule) and r is not vars(elementwise).get(name)]
    monkeypatch.setitem(RULES, rule.name, rule)
    for function, spelling in table._table().items():
        if rule in spelling.rules:
            monkeypatch.setitem(SPELLINGS, function, spelling)
    after = step_with_exp("after")
    assert [call.rule for call in after.calls] == ["exp", "sum"]
    assert after.agreement.proved
