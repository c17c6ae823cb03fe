"""Training loops that other software runs: Lightning's and Hugging Face's Trainer, unmodified."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from test_changes_nothing import differences, faults, in_regimes

from chainrule.api import load

TRAINERS = Path(__file__).parent / "trainers"
# Script, its argument, what it needs, training steps, and backward passes in each.
LOOPS = [
    ("lightning_trainer", "automatic", "lightning", 12, 1),
    ("lightning_trainer", "manual", "lightning", 12, 1),
    ("lightning_trainer", "accumulating", "lightning", 6, 2),
    ("hugging_face_trainer", "", "accelerate transformers", 6, 2),
]


@pytest.mark.parametrize(("script", "way", "needs", "steps", "backwards"), LOOPS)
def test_a_trainer_s_loop_is_recorded_and_unchanged(script, way, needs, steps, backwards, tmp_path):
    for module in needs.split():
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    plain, others = in_regimes(TRAINERS / f"{script}.py", [way] if way else [], ["all"], tmp_path)
    assert "results" in plain.out, plain.err
    assert not differences(plain, others["all"])
    recorded = load(tmp_path / "all")
    assert (len(recorded.losses), recorded.steps) == (steps, list(range(steps)))
    assert not faults(tmp_path / "all")
    for step in recorded:
        assert step.agreement.proved
        # Our AdamW, from the gradient as it was clipped: bit for bit, unless the kernel is fused.
        assert step.agreement.update == 0 or (needs != "lightning" and step.agreement.update < 1e-6)
        assert len(step._data.backwards) == backwards
