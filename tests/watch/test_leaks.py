"""Recorded steps leave nothing behind but their entry in the list of the steps that are on disk."""

from __future__ import annotations

import gc

import pytest
import torch
from torch import nn

from chainrule.api import watch

WARM = 30  # steps that fill caches


def counts() -> tuple[int, int]:
    """(Python objects, tensors) that are alive once the garbage collector has been through."""
    gc.collect()
    objects = gc.get_objects()
    return len(objects), sum(issubclass(type(thing), torch.Tensor) for thing in objects)


@pytest.mark.parametrize("steps", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_recorded_steps_leave_no_objects_behind(steps, tmp_path):
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.randn(12, 8), torch.randint(0, 3, (12,))

    def train(count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()

    with watch(tmp_path / "run", every=1, check="all") as run:
        train(WARM)
        objects, tensors = counts()
        train(steps)
        more_objects, more_tensors = counts()
    assert len(run.losses) == WARM + steps
    assert more_tensors == tensors
    assert more_objects - objects < 1.5 * steps  # the entry; one more in every second step would be seen


def test_a_tensor_that_is_left_behind_in_every_step_is_seen():
    """The count above, seen to rise."""
    objects, tensors = counts()
    left = [[torch.zeros(1)] for _ in range(60)]
    more_objects, more_tensors = counts()
    assert more_tensors - tensors == len(left)
    assert more_objects - objects >= 1.5 * 60
