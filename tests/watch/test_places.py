"""Every call knows the user's file and line, and the module it was made in.

In the scripts below, the line that makes a call is marked with its place: `#: relu` or `#: relu @ 0.act` says that this
line calls torch.relu (or F.relu), in a module of that path.
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch
from torch import nn

from chainrule.api import load, watch

MARK = re.compile(r"#: (\w+)(?: @ (.*))?$")
BEGIN = """
import torch, functools, contextlib, dataclasses
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(4, 3)
w = torch.randn(3, requires_grad=True)
"""
END = """
loss.sum().backward()
w.data -= 0.1 * w.grad if w.grad is not None else 0
"""

SCRIPTS = {
    "a plain line": "loss = torch.relu(x * w)  #: relu",
    "a list comprehension": """
parts = [
    torch.relu(x * w * i)  #: relu
    for i in (1, 2)
]
loss = parts[0] + parts[1]
""",
    "a dict comprehension": """
parts = {i:
    torch.relu(x * w)  #: relu
    for i in "a"}
loss = parts["a"]
""",
    "a generator expression": """
loss = sum(
    torch.relu(x * w)  #: relu
    for _ in range(2)
)
""",
    "a generator function": """
def parts():
    yield x
    yield torch.relu(x * w)  #: relu
loss = list(parts())[-1]
""",
    "a lambda": """
act = lambda v: torch.relu(v)  #: relu
loss = act(x * w)
""",
    "an expression over several lines": """
loss = (
    1 *
    torch.relu(  #: relu
        x
        * w
    )
    - 1
)
""",
    "a chain of methods": """
loss = (x * w)\\
    .tanh()\\
    .relu()  #: relu
""",
    "a decorator": """
def twice(f):
    @functools.wraps(f)
    def wrapped(*args):
        return f(f(*args))
    return wrapped
@twice
def act(v):
    return torch.relu(v)  #: relu
loss = act(x * w)
""",
    "functools.partial": """
act = functools.partial(F.relu, inplace=False)
loss = act(x * w)  #: relu
""",
    "functools.reduce": """
loss = functools.reduce(lambda v, _:
    torch.relu(v),  #: relu
    range(1), x * w)
""",
    "functools.singledispatch, which calls torch itself": """
act = functools.singledispatch(torch.relu)
loss = act(x * w)  #: relu
""",
    "a helper under no_grad does not count": """
@torch.no_grad()
def helper():
    return torch.relu(x * w)
scale = helper()
loss = torch.relu(x * w)  #: relu
""",
    "a context manager's own call": """
@contextlib.contextmanager
def scaled(v):
    yield torch.relu(v)  #: relu
with scaled(x * w) as loss:
    pass
""",
    "try and finally": """
try:
    h = x * w
finally:
    loss = torch.relu(h)  #: relu
""",
    "a nested function": """
def outer(v):
    def inner():
        return torch.relu(v)  #: relu
    return inner()
loss = outer(x * w)
""",
    "a dataclass": """
@dataclasses.dataclass
class Model:
    w: torch.Tensor
    def __call__(self, v):
        return torch.relu(v * self.w)  #: relu
loss = Model(w)(x)
""",
    "a dataclass whose generated code calls": """
@dataclasses.dataclass
class Held:
    value: torch.Tensor = dataclasses.field(default_factory=functools.partial(lambda: torch.relu(x * w)))  #: relu
loss = Held().value
""",
    "a class attribute": """
class Model(nn.Module):
    act = staticmethod(torch.relu)
    def forward(self, v):
        return self.act(v)  #: relu @ Model
loss = Model()(x * w)
""",
    "exec": """
exec(compile('''
loss = torch.relu(x * w)
''', __file__, "exec"))
# the line of the code that was given to exec: 2
""",
    "a bare Sequential": """
model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
loss = model(x * w)  #: relu @ 1
""",
    "a ModuleList and a ModuleDict": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Tanh()])
        self.acts = nn.ModuleDict({"relu": nn.ReLU()})
    def forward(self, v):
        for layer in self.layers:
            v = layer(v)  #: tanh @ layers.1
        return self.acts["relu"](v)  #: relu @ acts.relu
loss = Model()(x * w)
""",
    "a module that is called twice": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = self.second = nn.ReLU()
    def forward(self, v):
        v = self.first(v)  #: relu @ first
        return self.second(v)  #: relu @ first
loss = Model()(x * w)
""",
    "modules in a plain list": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Tanh(), nn.ReLU()]
    def forward(self, v):
        for layer in self.layers:
            v = layer(v)  #: relu @ ReLU
        return v
loss = Model()(x * w)
""",
    "modules made and dropped inside forward": """
class Model(nn.Module):
    def forward(self, v):
        v = nn.Tanh()(v)  #: tanh @ Tanh
        v = nn.Sigmoid()(v)  #: sigmoid @ Sigmoid
        return nn.ReLU()(v)  #: relu @ ReLU
loss = Model()(x * w)
""",
    "a method of the model that is not forward": """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    def encode(self, v):
        return self.encoder(v)  #: relu @ encoder.1
model = Model()
loss = model.encode(x * w)
""",
    "parts of a model called one by one": """
model = nn.ModuleDict({"body": nn.Sequential(nn.Linear(3, 3), nn.ReLU())})
def train():
    return model["body"](x * w)  #: relu @ body.1
loss = train()
""",
    "a hook": """
model = nn.Sequential(nn.Linear(3, 3))
model[0].register_forward_hook(lambda m, i, out:
    torch.relu(out))  #: relu @ 0
loss = model(x * w)
""",
    "a forward that was wrapped": """
model = nn.Sequential(nn.Linear(3, 3))
def wrapped(forward, v):
    return torch.relu(forward(v))  #: relu @ 0
model[0].forward = functools.partial(wrapped, model[0].forward)
loss = model(x * w)
""",
    "torch.fx's generated code": """
traced = torch.fx.symbolic_trace(nn.Sequential(nn.Linear(3, 3), nn.ReLU()))
loss = traced(x * w)  #: relu @ 1
""",
    "a checkpoint": """
from torch.utils.checkpoint import checkpoint
def part(v):
    return torch.relu(v)  #: relu
loss = checkpoint(part, x * w, use_reentrant=False)
""",
}


def expected(source: str, file: str) -> set[tuple[str, str, str]]:
    """(function, module, file:line) of every marked line."""
    found = ((number, MARK.search(line)) for number, line in enumerate(source.splitlines(), 1))
    return {(mark[1], mark[2] or "", f"{file}:{number}") for number, mark in found if mark}


def recorded(run: Path, functions: set[str]) -> set[tuple[str, str, str]]:
    """The same of every recorded call of one of these functions."""
    calls = [call for step in load(run) for call in step.calls]
    found = {(call.name.rpartition(".")[2], call.module, f"{call.file}:{call.line}") for call in calls}
    return {call for call in found if call[0] in functions}


@pytest.mark.parametrize("what", SCRIPTS)
def test_a_call_knows_its_line_and_its_module(what, tmp_path):
    source = BEGIN + SCRIPTS[what] + END
    file = str(tmp_path / "script.py")
    Path(file).write_text(source)
    with watch(tmp_path / "run", steps=[0]):
        exec(compile(source, file, "exec"), {"__name__": "script", "__file__": file})
    marked = expected(source, file) or {("relu", "", f"{file}:2")}
    assert recorded(tmp_path / "run", {function for function, _, _ in marked}) == marked


def test_a_helper_in_another_file_of_the_users(tmp_path, monkeypatch):
    helper = tmp_path / "a_helper_of_the_users.py"
    helper.write_text("import torch\n\ndef act(v):\n    return torch.relu(v)\n")
    monkeypatch.syspath_prepend(tmp_path)
    source = BEGIN + "from a_helper_of_the_users import act\nloss = act(x * w)" + END
    with watch(tmp_path / "run", steps=[0]):
        exec(compile(source, "script.py", "exec"), {"__name__": "script"})
    assert recorded(tmp_path / "run", {"relu"}) == {("relu", "", f"{helper}:4")}


@pytest.mark.parametrize("given", ["-c", "-"])
def test_code_without_a_file(given, tmp_path):
    """python -c, and python - with the code on its standard input."""
    source = BEGIN + "loss = torch.relu(x * w)" + END
    lines = ["import sys", "from chainrule import watch", "watching = watch(sys.argv[1], steps=[0])"]
    code = "\n".join([*lines, "watching.__enter__()", source, "watching.__exit__(None, None, None)"])
    command = [sys.executable, *(["-c", code] if given == "-c" else ["-"]), str(tmp_path / "run")]
    settings = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    subprocess.run(command, input=code, text=True, check=True, env=settings, capture_output=True)
    line = 1 + code[: code.index("torch.relu")].count("\n")
    name = "<string>" if given == "-c" else "<stdin>"
    assert recorded(tmp_path / "run", {"relu"}) == {("relu", "", f"{name}:{line}")}


def test_a_cell_of_a_notebook(tmp_path):
    cells = [BEGIN, "loss = (\n  torch.relu(x * w))", END]
    text = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    (tmp_path / "a.ipynb").write_text(json.dumps(text))
    command = [sys.executable, "-m", "chainrule.cli", "run", "-o", "run", "a.ipynb"]
    settings = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    subprocess.run(command, check=True, env=settings, capture_output=True, cwd=tmp_path)
    assert recorded(tmp_path / "run", {"relu"}) == {("relu", "", "a.ipynb[cell 2]:2")}


# ---------------------------------------------------------------- names of parameters


def names(run: Path) -> list[str]:
    return sorted(load(run)[0].parameters)


class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.inward, self.outward = nn.Linear(3, 2), nn.Linear(2, 3)

    def encode(self, x):
        return self.inward(x)


def test_parameters_have_their_names_when_only_methods_of_the_model_are_called(tmp_path):
    model = Coder()
    with watch(tmp_path / "run", steps=[0]):
        model.outward(model.encode(torch.ones(4, 3))).sum().backward()
    assert names(tmp_path / "run") == ["inward.bias", "inward.weight", "outward.bias", "outward.weight"]


def test_models_of_one_class_are_told_apart_by_their_variables(tmp_path):
    actor, critic = nn.Sequential(nn.Linear(3, 2)), nn.Sequential(nn.Linear(2, 1))
    with watch(tmp_path / "run", steps=[0]):
        critic(actor(torch.ones(4, 3))).sum().backward()
    assert names(tmp_path / "run") == ["actor.0.bias", "actor.0.weight", "critic.0.bias", "critic.0.weight"]


def test_models_of_two_classes_are_told_apart_by_their_classes(tmp_path):
    class Critic(nn.Sequential):
        pass

    actor, critic = nn.Sequential(nn.Linear(3, 2)), Critic(nn.Linear(2, 1))
    with watch(tmp_path / "run", steps=[0]):
        critic(actor(torch.ones(4, 3))).sum().backward()
    assert names(tmp_path / "run")[:2] == ["Critic.0.bias", "Critic.0.weight"]


def test_a_model_held_by_two_variables_is_named_once(tmp_path):
    model = whole = nn.Sequential(nn.Linear(3, 2))
    with watch(tmp_path / "run", steps=[0]):
        (model(torch.ones(4, 3)) + whole[0](torch.ones(4, 3))).sum().backward()
    assert names(tmp_path / "run") == ["0.bias", "0.weight"]


def test_the_watch_keeps_no_model_alive(tmp_path):
    model = nn.Linear(3, 2)
    gone = weakref.ref(model)
    with watch(tmp_path / "run", steps=[0]):
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for _ in range(2):
            model(torch.ones(4, 3)).sum().backward()
            optimizer.step()
        del model, optimizer
        gc.collect()
        assert gone() is None
