"""The house: which room may import which, no circles, no hidden imports, and public names that are what they say.

Sources are read with ast, so that an import is seen whether or not it runs.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"

# Data goes from watch to show and never back; a room imports only these rooms. Files beside the rooms wire them.
ARROWS = {
    "formula": "",
    "step": "",
    "errors": "",
    "rules": "formula step",
    "watching": "rules step errors",
    "breakdown": "step rules formula errors",
    "run": "step breakdown errors",
    "diagnose": "run breakdown step errors",
    "native": "rules step formula errors",
    "show": "run breakdown diagnose formula step errors",
    "training": "native watching run breakdown rules step errors",
    "lab": "native show errors",
}
REQUIRED = ("torch", "numpy", "rich", "safetensors")  # never an optional dependency
LAZY = ("chainrule.cli", "chainrule")  # where torch must not be imported before a command needs it


def sources() -> dict[str, str]:
    """Every module of ours by its name."""
    found = {}
    for path in (SOURCE / "chainrule").rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text()
    return found


def room(module: str) -> str:
    """chainrule.rules.table is in the room "rules"; chainrule itself in "chainrule"."""
    return module.split(".")[1] if "." in module else module


def imports(source: str, ours: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """(module, whether inside a function) for every import; `from package import module` names the module."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {part for function in functions for part in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            names = [
                f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in ours else node.module for a in node.names
            ]
        else:
            continue
        for name in names:
            yield name, node in inside


def faults(ours: dict[str, str]) -> list[str]:
    """Every arrow that is not allowed, circle and hidden import in these sources."""
    found = []
    graph: dict[str, set[str]] = {}
    for module, source in ours.items():
        here = room(module)
        if here not in ARROWS and module.count(".") > 1:
            found.append(f"{module} is in no room")
            continue
        for imported, hidden in imports(source, ours):
            top = imported.split(".")[0]
            if hidden and module not in LAZY and (top in ("chainrule", *REQUIRED) or top in sys.stdlib_module_names):
                found.append(f"{module} imports {imported} inside a function")
            if top != "chainrule":
                continue
            if here in ARROWS and room(imported) not in (here, *ARROWS[here].split()):
                found.append(f"{module} imports {imported}")
            if not hidden:
                graph.setdefault(module, set()).add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append("circle: " + " → ".join(error.args[1]))
    return found


def test_every_import_follows_an_arrow_and_none_is_hidden_or_circular():
    assert not faults(sources())


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ({"chainrule.rules.a": "import chainrule.watch"}, "chainrule.rules.a imports chainrule.watch"),
        ({"chainrule.formula.a": "from chainrule import rules"}, "chainrule.formula.a imports chainrule"),
        ({"chainrule.run.a": "def f():\n  from chainrule.show import b"}, "chainrule.run.a imports chainrule.show"),
        ({"chainrule.run.a": "def f():\n  import torch"}, "chainrule.run.a imports torch inside a function"),
        ({"chainrule.run.a": "class A:\n def f(s):\n  import json"}, "chainrule.run.a imports json inside a function"),
        ({"chainrule.cellar.a": ""}, "chainrule.cellar.a is in no room"),
        (
            {"chainrule.run.a": "from chainrule.run.b import x", "chainrule.run.b": "import chainrule.run.a"},
            "circle: chainrule.run.a → chainrule.run.b → chainrule.run.a",
        ),
        ({"chainrule.run": "from chainrule.run import a", "chainrule.run.a": "import chainrule.run"}, "circle: "),
    ],
)
def test_a_planted_fault_is_found(planted, fault):
    assert any(found.startswith(fault) for found in faults(planted)), faults(planted)


@pytest.mark.parametrize(
    "planted",
    [
        {"chainrule.rules.a": "import torch\nfrom chainrule.step import Call\nfrom chainrule.rules.b import c"},
        {"chainrule.run.a": "def f():\n  import pyarrow"},
        {"chainrule.cli": "def f():\n  import torch\n  from chainrule import session"},
    ],
)
def test_what_is_allowed_is_not_called_a_fault(planted):
    assert not faults(planted)


def public(source: str) -> set[str]:
    """The public names that a module defines or takes from our own modules."""
    names: list[str] = []
    for node in ast.parse(source).body:
        match node:
            case ast.ImportFrom(module=module, names=aliases) if module and module.split(".")[0] == "chainrule":
                names += [alias.asname or alias.name for alias in aliases]
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.append(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
    return {name for name in names if not name.startswith("_")}


PACKAGES = [module for module in sources() if (SOURCE / module.replace(".", "/") / "__init__.py").exists()]


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_all_names_what_the_package_offers(package):
    """That __all__ is sorted is checked by ruff (RUF022)."""
    module = importlib.import_module(package)
    offered = getattr(module, "__all__", [])
    assert len(offered) == len(set(offered))
    assert not [name for name in offered if not hasattr(module, name)]
    assert public(sources()[package]) <= set(offered)


def test_a_public_name_missing_from_all_is_seen():
    assert public("from chainrule.step import Call as C\nX: int = 1\ndef f(): ...\n_y = 2") == {"C", "X", "f"}
