"""The run that train returns is a run like any other."""

from __future__ import annotations

import os
import signal
import threading
import time
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import chainrule
from chainrule.errors import RunDamaged
from chainrule.training.progress import progress_bar

XOR = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[0.0], [1], [1], [0]])


def xor_net(hidden=8):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 1), nn.Sigmoid())


def tutorial():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())


def test_recorded_steps_are_opened_explained_and_reported(tmp_path):
    net = xor_net()
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    run = chainrule.train(net, nn.MSELoss(), optimizer, *XOR, 300, steps=[0, 1, 50, 299], path=tmp_path / "a.run")
    assert run.steps == [0, 1, 50, 299]
    assert len(run.losses) == 300
    assert run.native.startswith("natively")
    for step in run:
        assert step.agreement.holds
        assert step.agreement.opaque == 0
        assert step.loss == pytest.approx(
            run.losses[step.index], rel=1e-5
        )  # recorded by PyTorch, run natively: rounding
        assert "0.weight" in step.parameters
    assert run[0].agreement.proved
    d = run[50].derive("0.weight", (0, 1), sample=2)
    assert d.gradient == pytest.approx(sum(d.shares), rel=1e-4)
    assert run.report(tmp_path / "a.html").stat().st_size > 10_000
    assert isinstance(run.findings, tuple)
    assert "matmul" in run.native_source() or "define" in run.native_source()
    assert chainrule.load(run.path).native == run.native


def test_a_recorded_step_starts_from_the_weights_of_the_plain_loop():
    """Dropout, shuffled batches and a schedule: batch, masks and rate of step 13 are those of eager training."""
    x, y = torch.randn(20, 6), torch.randint(0, 3, (20,))

    def parts():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Dropout(0.3), nn.Linear(5, 3))
        optimizer = torch.optim.AdamW(net.parameters(), 0.01)
        torch.manual_seed(1)
        return net, optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.8**epoch)

    net, optimizer, scheduler = parts()
    run = chainrule.train(net, F.cross_entropy, optimizer, x, y, 5, 6, True, scheduler=scheduler, steps=[13])
    net, optimizer, scheduler = parts()
    step = 0
    with chainrule.watch(run.path.with_suffix(".eager"), steps=[13]) as watched:
        for _ in range(5):
            for xs, ys in DataLoader(TensorDataset(x, y), 6, True):
                optimizer.zero_grad()
                F.cross_entropy(net(xs), ys).backward()
                optimizer.step()
                step += 1
            scheduler.step()
    ours, theirs = run[13], watched[13]
    for name, parameter in theirs.parameters.items():
        mine = ours.parameters[name]
        for a, b in ((mine.value, parameter.value), (mine.gradient, parameter.gradient), (mine.after, parameter.after)):
            assert float((a - b).abs().max()) <= 14 * 6 * 6 * torch.finfo(torch.float32).eps
    assert ours._data.updates[0].parameters.keys() == theirs._data.updates[0].parameters.keys()
    assert len(ours.calls) == len(theirs.calls)


def test_recording_changes_no_number():
    found = []
    for steps in ([], [0, 3, 7, 20]):
        net = xor_net()
        run = chainrule.train(net, nn.MSELoss(), torch.optim.SGD(net.parameters(), 0.5, 0.9), *XOR, 60, steps=steps)
        found.append(([p.detach().clone() for p in net.parameters()], run.losses))
    assert found[0][1] == found[1][1]
    assert all(torch.equal(a, b) for a, b in zip(found[0][0], found[1][0], strict=True))


def test_the_norm_of_every_gradient_at_every_step():
    net = xor_net()
    run = chainrule.train(net, nn.MSELoss(), torch.optim.SGD(net.parameters(), 0.5), *XOR, 30, steps=[29], norms=True)
    for name, norms in run.gradient_norms.items():
        assert len(norms) == 29
        assert norms[-1] == pytest.approx(float(run[29].parameters[name].gradient.norm()), rel=1e-5)
    assert chainrule.load(run.path).gradient_norms.keys() == dict(net.named_parameters()).keys()


def test_files_that_are_damaged_are_named(tmp_path):
    net = xor_net()
    optimizer = torch.optim.SGD(net.parameters(), 0.5)
    run = chainrule.train(net, nn.MSELoss(), optimizer, *XOR, 5, norms=True, path=tmp_path / "a.run")
    (run.path / "norms.safetensors").write_bytes(b"no tensors")
    (run.path / "native.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(RunDamaged, match=r"norms\.safetensors"):
        _ = run.gradient_norms
    with pytest.raises(RunDamaged, match=r"native\.txt"):
        run.native_source()


def test_the_tutorials_losses_agree_as_printed():
    """10,000 epochs of the one-layer net, whose loss is printed every 1,000 with four digits."""
    printed = []
    for native in (True, False):
        net = tutorial()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        if native:
            run = chainrule.train(net, nn.MSELoss(), optimizer, *XOR, 10_000, steps=[])
            assert run.native.startswith("natively")
            losses = run.losses
        else:
            losses = []
            for _ in range(10_000):
                optimizer.zero_grad()
                loss = nn.MSELoss()(net(XOR[0]), XOR[1])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        printed.append([f"{loss:.4f}" for loss in losses[::1000]])
        assert f"{losses[-1]:.4f}" == "0.2500"
    assert printed[0] == printed[1]


def test_ctrl_c_returns_the_run_of_what_was_done():
    net = xor_net()
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    before = signal.getsignal(signal.SIGINT)  # what a background job was started with may ignore it

    def interrupt():
        time.sleep(0.6)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    run = chainrule.train(net, nn.MSELoss(), optimizer, *XOR, 500_000_000, steps=[0])
    thread.join()
    assert run.about["ended"] == "interrupted"
    steps = len(run.losses)
    assert 0 < steps < 500_000_000
    assert {int(state["step"]) for state in optimizer.state.values()} == {steps}
    assert signal.getsignal(signal.SIGINT) is before
    again = xor_net()
    run = chainrule.train(again, nn.MSELoss(), torch.optim.Adam(again.parameters(), 0.01), *XOR, steps, steps=[0])
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


def test_a_stop_in_a_window_leaves_random_state_and_schedule_as_the_plain_loop():
    """The loss becomes infinite within a window whose masks and orders were drawn already."""
    x, y = torch.randn(12, 4), torch.randn(12, 2)
    states = []
    for native in (True, False):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 2))
        optimizer = torch.optim.SGD(net.parameters(), 30.0)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 + epoch)
        torch.manual_seed(1)
        if native:
            run = chainrule.train(net, F.mse_loss, optimizer, x, y, 200, 5, True, scheduler=scheduler, steps=[])
            assert run.native.startswith("natively")
            steps = len(run.losses)
            assert steps < 100
        else:
            done = 0
            while done < steps:
                for xs, ys in DataLoader(TensorDataset(x, y), 5, True):
                    optimizer.zero_grad()
                    F.mse_loss(net(xs), ys).backward()
                    optimizer.step()
                    done += 1
                    if done == steps:
                        break
                else:
                    scheduler.step()
            if steps % 3 == 0:
                scheduler.step()
        states.append((torch.get_rng_state(), optimizer.param_groups[0]["lr"], scheduler.last_epoch))
    assert torch.equal(states[0][0], states[1][0])
    assert states[0][1:] == states[1][1:]


def test_no_bar_where_there_is_no_terminal(capfd):
    with progress_bar(10, None) as show:
        show(5)
    net = xor_net()
    chainrule.train(net, nn.MSELoss(), torch.optim.SGD(net.parameters(), 0.5), *XOR, 10)
    assert capfd.readouterr() == ("", "")


def test_a_bar_for_work_that_takes_long(capfd, monkeypatch):
    monkeypatch.setattr("chainrule.training.progress.BAR_AFTER", 0.0)
    with progress_bar(10, True) as show:
        show(5)
    out, err = capfd.readouterr()
    assert out == ""
    assert "training" in err


@pytest.mark.parametrize("strict", [False, True])
def test_states_that_fade_away_end_at_0(strict):
    """The mean of a gradient that is 0 after the first step, 0.9ᵗ of it: PyTorch's stays at 1e-45 for good."""
    net = nn.Linear(2, 1, bias=False)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    x, y = torch.tensor([[1.0, 1.0]] + [[1.0, 0.0]] * 1200), torch.ones(1201, 1)
    run = chainrule.train(net, nn.MSELoss(), optimizer, x, y, 1, 1, steps=[], strict=strict)
    assert run.native.startswith("natively")
    state = optimizer.state[net.weight]
    assert state["exp_avg_sq"][0, 1] > 0
    assert (state["exp_avg"][0, 1] == 0) is not strict


def test_losses_and_norms_of_short_batches_lie_between_the_others():
    """Batches of 3 and 1 by turns, many epochs of them in one window."""
    net, twin = xor_net(), xor_net()
    optimizer = torch.optim.SGD(net.parameters(), 0.5)
    run = chainrule.train(net, nn.MSELoss(), optimizer, *XOR, 20, 3, steps=[], norms=True)
    assert run.native.startswith("natively")
    optimizer = torch.optim.SGD(twin.parameters(), 0.5)
    losses, norms = [], []
    for _ in range(20):
        for x, y in DataLoader(TensorDataset(*XOR), 3):
            optimizer.zero_grad()
            loss = nn.MSELoss()(twin(x), y)
            loss.backward()
            losses.append(loss.item())
            norms.append(float(twin[0].weight.grad.norm()))
            optimizer.step()
    assert run.losses == pytest.approx(losses, rel=1e-4)  # 40 steps of rounding; neighbours differ in the first digit
    assert list(run.gradient_norms["0.weight"]) == pytest.approx(norms[1:], rel=1e-4)
    assert min(abs(a - b) / a for a, b in pairwise(losses)) > 0.01
