"""Which steps are recorded, and what counts as an event."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import BadOption, OptionConflict
from chainrule.run import NEVER, Schedule


def chosen(schedule: Schedule, end: int) -> list[int]:
    steps, step = [], schedule.next_after(-1)
    while step < end:
        steps.append(step)
        step = schedule.next_after(step)
    return steps


def test_by_default_the_first_steps_and_then_round_numbers() -> None:
    assert chosen(Schedule(), 1_001) == [
        *range(11),
        *(12, 15, 20, 25, 30, 40, 50, 60, 80, 100),
        *(120, 150, 200, 250, 300, 400, 500, 600, 800, 1000),
    ]
    assert len(chosen(Schedule(), 10**9)) < 100


def test_a_stage_begins_as_the_first_did() -> None:
    schedule = Schedule()
    before = [step for step in chosen(schedule, 100) if step < 37]
    schedule.begin_again(37)
    step, after = schedule.next_after(36), []
    while step < 1_000:
        after.append(step - 37)
        step = schedule.next_after(step)
    assert after == [step for step in chosen(Schedule(), 1_000) if step < 963]
    assert before[-1] == 30


def test_of_many_stages_only_the_first_few_are_recorded_from_their_beginning() -> None:
    schedule = Schedule()
    for stage in range(1, 20):
        schedule.begin_again(100 * stage)
    assert schedule.next_after(1_900) == 2_000  # 1500 steps from the fifth


def test_what_the_user_chose_has_no_stages() -> None:
    for schedule in (Schedule(every=3), Schedule(steps=[0, 3, 6, 9])):
        schedule.begin_again(4)
        assert chosen(schedule, 10) == [0, 3, 6, 9]


def test_every_nth_and_chosen_ones() -> None:
    assert chosen(Schedule(every=3), 10) == [0, 3, 6, 9]
    assert chosen(Schedule(steps=[7, 0, 7, 10]), 100) == [0, 7, 10]
    assert Schedule(steps=[7]).next_after(7) == NEVER
    assert Schedule(steps=[]).next_after(-1) == NEVER


schedules = st.builds(Schedule, every=st.integers(1, 1000)) | st.builds(Schedule, steps=st.sets(st.integers(0, 10**6)))


@given(schedules | st.builds(Schedule), st.integers(-1, 10**7))
def test_the_next_step_is_the_smallest_wanted_one(schedule: Schedule, index: int) -> None:
    after = schedule.next_after(index)
    assert after > index
    assert after == NEVER or schedule.wants(after)
    assert not any(schedule.wants(step) for step in range(index + 1, min(after, index + 50)))


def test_a_thinned_run_is_continued_coarsely() -> None:
    schedule = Schedule(every=5)
    schedule.coarser()
    assert chosen(schedule, 31) == [0, 10, 20, 30]
    for fixed in (Schedule(), Schedule(steps=[1, 2])):
        before = chosen(fixed, 1000)
        fixed.coarser()
        assert chosen(fixed, 1000) == before


def test_options_that_cannot_be_meant() -> None:
    with pytest.raises(OptionConflict):
        Schedule(every=1, steps=[1])
    with pytest.raises(BadOption):
        Schedule(every=0)
    with pytest.raises(BadOption):
        Schedule(steps=[3, -1])


def test_recording_takes_a_tenth_of_the_time_and_a_second() -> None:
    schedule = Schedule()
    assert schedule.allowed(0.9, 0.0)
    assert schedule.allowed(10.9, 100.0)
    assert schedule.skipped == 0
    assert not schedule.allowed(11.1, 100.0)
    assert schedule.skipped == 1
    assert Schedule(every=1).allowed(1e9, 0.0)
    assert Schedule(steps=[1]).allowed(1e9, 0.0)


def events(losses: list[float]) -> list[int]:
    schedule = Schedule()
    found = [i for i, loss in enumerate(losses) if schedule.notice(i, loss)]
    assert found == list(schedule.events)
    return found


def test_the_first_loss_that_is_not_finite_is_an_event() -> None:
    assert events([1.0, 0.5, math.nan, math.nan, 0.4, math.inf]) == [2]
    assert events([math.nan, 1.0]) == [0]
    assert events([1.0, -math.inf]) == [1]
    schedule = Schedule()
    schedule.notice(0, 1.0)
    schedule.notice(1, math.inf)
    assert schedule.events == {1: "the loss became inf"}


def test_a_jump_is_an_event_and_staying_up_is_none() -> None:
    assert events([1.0, 0.5, 0.1, 5.0, 5.1, 4.9, 5.0]) == [3]
    assert events([1.0, 0.5, 0.1, 5.0, 0.1, 5.0]) == [3, 5]
    assert events([1.0, 9.9]) == []
    assert events([1.0, 10.1]) == [1]
    schedule = Schedule()
    for i, loss in enumerate([1.0, 0.5, 7.0]):
        schedule.notice(i, loss)
    assert schedule.events == {2: "the loss jumped from 0.5 to 7"}


def test_noise_far_below_the_start_is_no_event() -> None:
    draw = random.Random(0)
    assert events([2.0, *(10 ** draw.uniform(-9, -1.2) for _ in range(10_000))]) == []
    assert events([-3.0, -5.0, *(draw.uniform(-6, -2) for _ in range(10_000))]) == []
    assert events([0.0] * 100) == []


def test_a_loss_that_never_rests_makes_only_so_many_events() -> None:
    assert len(events([1.0, 100.0] * 1000)) == 20
