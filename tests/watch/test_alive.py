"""What is known by identity: an id that is used again tells nothing of the new object."""

from __future__ import annotations

import torch

from chainrule.watching.alive import Known


def test_an_equal_object_is_another_one():
    known = Known()
    one, other = torch.zeros(3), torch.zeros(3)
    known[one] = "one"
    assert known.get(one) == "one"
    assert one in known
    assert known.get(other) is None
    assert other not in known


def test_what_has_died_is_not_taken_for_what_has_its_id_now():
    known = Known()
    reused = 0
    for _ in range(100):
        first = torch.zeros(1)
        known[first], number = "first", id(first)
        del first
        second = torch.ones(1)
        reused += id(second) == number
        assert second not in known
        assert known.get(second) is None
        assert not list(known.items())
        del second
    assert reused, "no id was used again: the test saw nothing"


def test_it_keeps_nothing_alive_and_counts_what_was_put_in():
    known = Known()
    kept, gone = torch.zeros(1), torch.zeros(1)
    known[kept], known[gone] = 1, 2
    del gone
    assert list(known.items()) == [(kept, 1)]
    assert sorted(known.values()) == [1, 2]
    assert len(known) == 2
