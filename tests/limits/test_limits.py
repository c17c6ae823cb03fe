"""Each row of the table of limits, shown: what does not work is tried, and what happens instead is seen to happen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from chainrule.api import Step, explain, watch
from chainrule.errors import NotKept
from chainrule.limits import LIMITS

SHOWN: set[str] = set()
SOURCE = Path(__file__).parents[2] / "src"


def shows(what: str) -> Callable[[Any], Any]:
    """The test below shows the row of that name."""
    SHOWN.add(what)
    return lambda test: test


# Rows about several processes, and the tests in tests/watch/test_processes.py that show them.
SHOWN_THERE = {
    "processes that Lightning's ddp or torchrun starts": "ranks_that_the_script_starts_as_programs_are_not_watched",
    "a script that starts ranks more than once": "of_ranks_that_are_started_twice_the_first_are_recorded",
    "a gradient that a DDP communication hook changes": "processes_that_the_script_spawns_are_joined_and_proved",
}
THERE = Path(__file__).parents[1] / "watch" / "test_processes.py"


def test_every_row_of_the_table_is_shown_by_a_test_and_every_test_shows_a_row():
    assert {limit.what for limit in LIMITS} == SHOWN | SHOWN_THERE.keys()
    text = THERE.read_text()
    assert all(f"def test_{name}(" in text for name in SHOWN_THERE.values())


# ---------------------------------------------------------------- helpers


def record(path: Path, loss_of: Callable[[torch.Tensor], torch.Tensor], steps: int = 1, **options: Any) -> Step:
    """A step of gradient descent on a weight, whose loss is `loss_of(w)`; the first recorded."""
    torch.manual_seed(0)
    w = torch.randn(3, 3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with watch(path / "run", check="all", steps=[0], **options) as run:
        for _ in range(steps):
            optimizer.zero_grad()
            loss_of(w).backward()
            optimizer.step()
    return run[0]


def opaque(step: Step) -> dict[str, str]:
    """{name of an opaque call: why it is}."""
    return {call.name: call.reason for call in step.calls if call.rule is None}


def script(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """The script under `chainrule run`."""
    (folder / "script.py").write_text(source)
    command = [sys.executable, "-m", "chainrule.cli", "run", "-o", "run", "script.py"]
    settings = os.environ | {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=120)


X = torch.arange(6.0).reshape(2, 3) - 2.5

# ---------------------------------------------------------------- calls


@shows("functions without a rule")
def test_a_function_without_a_rule_is_exact_through_autograd(tmp_path):
    step = record(tmp_path, lambda w: torch.tanh(torch.linalg.matrix_exp(w)).sum())
    assert opaque(step) == {"torch.linalg.matrix_exp": "no rule for this function"}
    assert step.agreement.holds
    assert (step.agreement.by_rule, step.agreement.opaque) == (2, 1)
    assert "1 calls have no rule and are autograd's own (opaque)" in str(step.backward)


class Sine(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(context, g):
        return g * context.saved_tensors[0].cos()


@shows("custom autograd.Function")
def test_a_custom_function_is_opaque_under_the_name_of_its_backward(tmp_path):
    step = record(tmp_path, lambda w: Sine.apply(w).sum())
    assert list(opaque(step)) == ["SineBackward"]
    assert step.agreement.holds


@shows("compiled (torch.compile) and scripted code")
@pytest.mark.parametrize("how", ["torch.compile", "torch.jit.script"])
@pytest.mark.filterwarnings("ignore")  # torch's own, about TorchScript and Dynamo
def test_compiled_code_is_opaque_and_runs_as_unwatched(how, tmp_path):
    def inner(w: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(w @ w).sum()

    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    make = {"torch.compile": lambda f: torch.compile(f, backend=backend), "torch.jit.script": torch.jit.script}[how]
    torch._dynamo.reset()
    with watch(tmp_path / "run", steps=[0], check="all") as run:
        compiled = make(inner)
        torch.manual_seed(0)
        w = torch.randn(3, 3, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            compiled(w).backward()
            optimizer.step()
    assert len(graphs) == (1 if how == "torch.compile" else 0)
    assert {call.rule for call in run[0].calls} == {None}
    assert run[0].agreement.holds


@shows("code compiled before chainrule.watch begins")
@pytest.mark.filterwarnings("ignore")
def test_code_compiled_before_the_watch_is_compiled_once_more_at_most(tmp_path):
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    torch._dynamo.reset()
    compiled = torch.compile(lambda w: torch.sigmoid(w @ w).sum(), backend=backend)
    compiled(torch.randn(3, 3, requires_grad=True))
    assert len(graphs) == 1
    step = record(tmp_path, compiled, steps=3)
    assert len(graphs) in (1, 2)
    assert step.agreement.holds


def in_order(w: torch.Tensor) -> torch.Tensor:
    h = w * 2
    h[0].mul_(3)
    return h


def not_in_order(w: torch.Tensor) -> torch.Tensor:
    h = w.t() * 2  # as w.t(), its columns stand one after the other in memory
    h[0].mul_(3)
    return h


def of_another_dtype(w: torch.Tensor) -> torch.Tensor:
    h = torch.complex(w, w)
    torch.view_as_real(h)[0].mul_(3)
    return torch.view_as_real(h)


@shows("writes through a view of another dtype, of a tensor not in order, or that overlaps itself")
@pytest.mark.parametrize("write", [not_in_order, of_another_dtype])
def test_a_write_through_such_a_view_is_opaque(write, tmp_path):
    step = record(tmp_path, lambda w: write(w).square().sum())
    assert opaque(step)
    assert step.agreement.holds
    assert not opaque(record(tmp_path, lambda w: in_order(w).square().sum(), overwrite=True))


@shows("a Tensor.register_hook on a result")
def test_a_call_whose_result_has_a_hook_is_opaque_and_the_hook_s_gradient_is_shown(tmp_path):
    def hooked(w):
        h = torch.sigmoid(w)
        h.register_hook(lambda g: g * 0.5)
        return (h * 3).sum()

    step = record(tmp_path, hooked)
    assert opaque(step) == {"torch.sigmoid": "a hook of the script may change its gradient"}
    assert step.agreement.holds
    w = step.parameters["w"]
    s = torch.sigmoid(w.value)
    assert torch.allclose(w.gradient, 1.5 * s * (1 - s))


@shows("a second derivative (create_graph=True)")
def test_a_call_that_a_second_derivative_runs_through_is_opaque(tmp_path):
    def penalty(w):
        x = X.clone().requires_grad_()
        out = F.linear(x, w).square().sum()
        (gradient,) = torch.autograd.grad(out, x, create_graph=True)
        return out + gradient.square().sum()

    step = record(tmp_path, penalty)
    assert opaque(step)["F.linear"] == "a second derivative runs through it"
    assert len(opaque(step)) > 1  # the derivative's own calls
    assert step.agreement.holds


@shows("dropout, also inside attention, under saved-tensor hooks (checkpointing)")
@pytest.mark.parametrize("inside", ["dropout", "attention"])
def test_dropout_under_checkpointing_is_opaque(inside, tmp_path):
    def dropped(w):
        if inside == "dropout":
            return F.dropout(w * 2, 0.5)
        q = (w * 2).reshape(1, 1, 3, 3)
        return F.scaled_dot_product_attention(q, q, q, dropout_p=0.5)

    step = record(tmp_path, lambda w: checkpoint(dropped, w, use_reentrant=False).square().sum())
    assert "its random numbers cannot be read back" in opaque(step).values()
    assert step.agreement.holds
    without = record(tmp_path, lambda w: dropped(w).square().sum(), overwrite=True)
    assert opaque(without) == {}


@shows("calls in other threads")
def test_calls_in_another_thread_are_opaque(tmp_path):
    def threaded(w):
        found = []
        thread = threading.Thread(target=lambda: found.append(torch.sigmoid(w)))
        thread.start()
        thread.join()
        return found[0].sum()

    step = record(tmp_path, threaded)
    assert opaque(step) == {"SigmoidBackward0": "no recorded call made it"}
    assert step.agreement.holds


def written_behind(w: torch.Tensor, write: Callable[[torch.Tensor], object]) -> torch.Tensor:
    h = torch.sigmoid(w)
    loss = (h * h).sum()
    write(h)
    return loss


def true_gradient(step: Step) -> torch.Tensor:
    s = torch.sigmoid(step.parameters["w"].value)
    return 2 * s * s * (1 - s)


@shows(".data written between forward and backward")
def test_what_is_written_through_data_is_a_disagreement(tmp_path):
    step = record(tmp_path, lambda w: written_behind(w, lambda h: h.data.mul_(2)))
    assert not step.agreement.holds
    assert torch.allclose(step.parameters["w"].gradient, true_gradient(step))  # of what the loss was computed from


@shows("NumPy views written between forward and backward")
def test_what_is_written_through_numpy_is_seen_by_neither(tmp_path):
    step = record(tmp_path, lambda w: written_behind(w, lambda h: h.detach().numpy().__imul__(2)))
    assert step.agreement.holds
    assert not torch.allclose(step.parameters["w"].gradient, true_gradient(step))


# ---------------------------------------------------------------- updates


@shows("optimizers other than SGD, Adam, AdamW, RMSprop, Adagrad")
def test_another_optimizer_s_true_change_is_shown_without_a_formula(tmp_path):
    w = torch.randn(3, requires_grad=True)
    optimizer = torch.optim.NAdam([w], lr=0.1)
    with watch(tmp_path / "run", steps=[0], check="all") as run:
        w.square().sum().backward()
        before = w.detach().clone()
        optimizer.step()
    step = run[0]
    (row,) = step.update
    assert (row.optimizer, row.assignments) == ("NAdam", [])
    assert torch.equal(step.parameters["w"].value, before)
    assert torch.equal(step.parameters["w"].after, w.detach())
    assert step.derive("w", (0,)).lines == ()


@shows("GradScaler with a fused optimizer")
def test_a_fused_optimizer_that_unscales_the_gradient_is_a_disagreement(tmp_path):
    w = torch.randn(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    with watch(tmp_path / "run", steps=[0]) as run:
        scaler.scale(w.square().sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    (error,) = run[0].agreement.errors
    assert error.startswith("our SGD update of w differs")


@shows("a hook on a parameter's gradient")
def test_a_parameter_with_a_hook_is_not_compared(tmp_path):
    w = torch.randn(3, requires_grad=True)
    v = torch.randn(3, requires_grad=True)
    w.register_hook(lambda g: g * 2)
    with watch(tmp_path / "run", steps=[0]) as run:
        (w * v).sum().backward()
    step = run[0]
    assert step.agreement.holds
    assert torch.equal(step.parameters["w"].gradient, v.detach())  # without what the hook made of it
    assert torch.equal(w.grad, 2 * v.detach())


@shows("more than 256 backward passes in one recorded step, or 8 and 12,000 calls")
def test_of_many_backward_passes_the_first_256_are_kept(tmp_path):
    w = torch.randn(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with watch(tmp_path / "run", steps=[0]) as run:
        for _ in range(258):
            w.sum().backward()
        optimizer.step()
    step = run[0]
    assert torch.equal(step.parameters["w"].gradient, torch.full((3,), 256.0))
    assert any("256" in problem for problem in step.problems)


# ---------------------------------------------------------------- the run


@shows("tensors too large for the run's size")
def test_a_large_tensor_s_statistics_are_kept_and_explain_says_what_is_missing(tmp_path):
    def large(w):
        return (torch.ones(40_000, 3) @ w).square().mean()

    step = record(tmp_path, large, max_bytes=1 << 20)
    assert any("too large for the step's share of the run" in problem for problem in step.problems)
    assert "40000×3" in str(step.forward)
    with pytest.raises(NotKept, match="were not kept: too many for the run"):
        step.derive("w", (0, 0))


# ---------------------------------------------------------------- the process


@shows("IPython magics in notebooks (%, !, %%)")
def test_magics_are_skipped_but_for_those_that_run_python(tmp_path):
    cells = ["%matplotlib inline\n!exit 1\nprint(1)", "%%time\nprint(2)", "%%bash\nexit 1", "%%capture\nprint(3)"]
    listed = ", ".join(f'{{"cell_type": "code", "source": {cell!r}}}' for cell in cells).replace("'", '"')
    (tmp_path / "a.ipynb").write_text('{"cells": [' + listed + "]}")
    command = [sys.executable, "-m", "chainrule.cli", "run", "a.ipynb"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "1\n2\n3\n")


@shows("warnings raised by torch in a recorded step")
def test_a_warning_in_a_recorded_step_names_a_file_of_ours(tmp_path):
    def warned(w):
        return F.mse_loss(w, torch.zeros(1, 3))  # torch warns of the two sizes

    with warnings.catch_warnings(record=True) as unwatched:
        warnings.simplefilter("always")
        warned(torch.randn(3, 3, requires_grad=True))
    with warnings.catch_warnings(record=True) as watched:
        warnings.simplefilter("always")
        record(tmp_path, warned)
    assert [Path(w.filename).name for w in unwatched] == ["test_limits.py"]
    assert [Path(w.filename).name for w in watched] == ["recorder.py"]
    assert [str(w.message) for w in unwatched] == [str(w.message) for w in watched]


@shows("warnings.warn(stacklevel=2) at a script's top level, recursion depth")
def test_a_few_frames_of_ours_stand_below_the_script(tmp_path):
    source = "import inspect, warnings\nwarnings.warn('here', stacklevel=2)\nprint(len(inspect.stack()))\n"
    done = script(tmp_path, source)
    assert 1 < int(done.stdout) < 10
    assert re.search(r"chainrule/watching/script\.py:\d+: UserWarning: here", done.stderr)


KEEPS_LOCALS = """
def train():
    model = torch.nn.Linear(2, 1)
    kept = locals()
    for _ in range(2):
        loss = model(torch.ones(3, 2)).square().mean()
        loss.backward()
    return sorted(kept)
"""


@shows("locals() kept by a function, before Python 3.13")
def test_a_dict_from_locals_is_brought_up_to_date(tmp_path):
    names: dict[str, Any] = {"torch": torch}
    exec(compile(KEEPS_LOCALS, "a script", "exec"), names)
    assert names["train"]() == ["model"]
    with watch(tmp_path / "run", steps=[0]):
        kept = names["train"]()
    if sys.version_info < (3, 13):
        assert set(kept) > {"model"}
    else:
        assert kept == ["model"]


@shows("GPUs")
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_on_a_gpu_a_step_is_recorded_and_agrees(tmp_path):
    w = torch.randn(3, 3, device="cuda", requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with watch(tmp_path / "run", steps=[0], check="all") as run:
        for _ in range(5):
            optimizer.zero_grad()
            torch.sigmoid(w).sum().backward()
            optimizer.step()
    assert len(run.losses) == 5  # each of them was read from the device
    assert run[0].agreement.holds


# ---------------------------------------------------------------- several processes, torch.func, sparse gradients


@shows("sparse gradients, complex numbers")
def test_where_a_rule_does_not_cover_complex_numbers_the_call_is_opaque(tmp_path):
    step = record(tmp_path, lambda w: torch.cumprod(torch.complex(w, w), 0).abs().sum())
    assert len(opaque(step)) > 0
    assert step.agreement.holds


@shows("training in other threads")
def test_training_in_another_thread_is_not_recorded_and_its_losses_are_not_logged(tmp_path):
    def train() -> None:
        w = torch.ones(3, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        for _ in range(3):
            w.sum().backward()
            optimizer.step()

    with watch(tmp_path / "run", every=1) as run:
        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
    assert (list(run.losses), run.steps) == ([], [])


@shows("inside torch.func (grad, vmap, …)")
def test_a_gradient_through_vmap_is_opaque(tmp_path):
    step = record(tmp_path, lambda w: torch.func.vmap(torch.sigmoid)(w).sum())
    assert opaque(step)
    assert step.agreement.holds


@shows("inside torch.func (grad, vmap, …)")
def test_training_without_backward_is_not_seen(tmp_path):
    w = torch.ones(3)
    with watch(tmp_path / "run", every=1) as run:
        for _ in range(3):
            w = w - 0.1 * torch.func.grad(lambda v: torch.sigmoid(v).sum())(w)
    assert (list(run.losses), run.steps) == ([], [])


@pytest.fixture
def one_process(tmp_path):
    """A process group of this process alone."""
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@shows("FSDP, and other parameters sharded over processes")
@pytest.mark.filterwarnings("ignore")
def test_of_sharded_parameters_the_loss_is_logged_and_the_step_says_why_no_more(one_process, tmp_path):
    model = nn.Linear(3, 2)
    fully_shard(model, mesh=init_device_mesh("cpu", (1,)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(tmp_path / "run", steps=[0]) as run:
        model(X).square().mean().backward()
        optimizer.step()
    assert len(run.losses) == 1
    assert any("sharded" in problem for problem in run[0].problems), run[0].problems


@shows("a watch within a watch")
def test_the_outer_watch_rests_while_an_inner_one_lasts(tmp_path):
    layer, x = nn.Linear(2, 1), torch.ones(4, 2)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    before = torch.autograd.backward, torch.Tensor.backward, torch.autograd._engine_run_backward

    def train(steps):
        for _ in range(steps):
            optimizer.zero_grad()
            layer(x).pow(2).mean().backward()
            optimizer.step()

    with watch(tmp_path / "outer") as outer:
        train(30)
        with watch(tmp_path / "inner") as inner:
            train(40)
        train(30)
        explain(lambda: layer(x).pow(2).mean(), optimizer)
        train(10)
    assert (len(outer.losses), len(inner.losses)) == (70, 40)
    assert any("another watch began within this one" in problem for problem in outer.history.problems)
    assert (torch.autograd.backward, torch.Tensor.backward, torch.autograd._engine_run_backward) == before
    train(3)
    assert all(step.agreement.holds for step in outer)
