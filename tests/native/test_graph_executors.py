"""A sweep by the executors of other packages, in other processes: the same numbers, whatever the number of workers."""

from __future__ import annotations

import pickle
from concurrent.futures import Executor

import numpy as np
import pytest
import torch
from loky import get_reusable_executor
from torch import nn

import chainrule
from chainrule.training import sweeping
from chainrule.training.xor import X, Y

NETWORKS, BLOCK = 70, 16


def swept(executor=None):
    return chainrule.sweep(
        lambda: nn.Sequential(*(part for _ in range(5) for part in (nn.Linear(2, 2), nn.Tanh())), nn.Linear(2, 1)),
        nn.MSELoss(),
        lambda parameters: torch.optim.Adam(parameters, lr=0.05),
        torch.tensor(X),
        torch.tensor(Y),
        seeds=NETWORKS,
        epochs=100,
        executor=executor,
    )


@pytest.fixture
def alone(monkeypatch):
    """All in one block by this process; afterwards sweeps have five blocks."""
    whole = swept()
    assert whole.by == "swarm"
    monkeypatch.setattr(sweeping, "BLOCK", BLOCK)
    return whole


class Plain(Executor):
    """Another executor, to which nothing goes that plain pickle does not take: no lambda of the script."""

    def __init__(self, executor):
        self.executor, self.tasks = executor, 0

    def submit(self, function, /, *args, **kwargs):
        self.tasks += 1
        return self.executor.submit(*pickle.loads(pickle.dumps((function, *args))), **kwargs)


def need_same_bits(alone, executor):
    plain = Plain(executor)
    for parts in (swept(plain), swept(executor)):
        assert np.array_equal(alone.losses, parts.losses)
        assert alone.weights.keys() == parts.weights.keys()
        assert all(np.array_equal(alone.weights[name], parts.weights[name]) for name in parts.weights)
    assert plain.tasks == 5


def test_loky_trains_the_same_with_one_worker_and_with_two(alone):
    try:
        for workers in (1, 2):
            need_same_bits(alone, get_reusable_executor(max_workers=workers))
    finally:
        get_reusable_executor().shutdown(kill_workers=True)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("processes", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_dask_trains_the_same_with_one_worker_and_with_two(alone, workers, processes, tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is large; the other tests need none of it")
    how = {"processes": processes, "threads_per_worker": 1, "dashboard_address": None, "local_directory": str(tmp_path)}
    with distributed.Client(n_workers=workers, **how) as client:
        need_same_bits(alone, client.get_executor())
