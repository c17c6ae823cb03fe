"""What answers explain, and what simple ones could: on data of which it is known."""

import torch

from chainrule.diagnose.measure import (
    affine,
    area,
    bent,
    dependence,
    explained,
    grouped,
    least_squares,
    nearest,
    standardised,
)

SAMPLES = 200


def drawn(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(SAMPLES, 3, generator=generator) * torch.tensor([1.0, 1e4, 1e-3]) + 7


def unrelated(seed=1):
    return torch.randn(SAMPLES, 1, generator=torch.Generator().manual_seed(seed))


def test_right_answers_explain_all_and_the_mean_nothing():
    t = unrelated()
    assert explained(t, t) == 1
    assert abs(explained(t.mean(0).expand_as(t), t)) < 1e-12  # the mean is rounded to single precision, and squared
    assert explained(t + 2, t) < 0


def test_an_affine_function_is_found_whatever_the_scale():
    x = drawn()
    t = standardised(x) @ torch.tensor([[1.0], [-2.0], [3.0]], dtype=torch.float64) + 100
    assert affine(x, t) > 0.999  # the smallest ridge of a thousandth shrinks the weights by as much
    assert least_squares(x, t) > 1 - 1e-9


def test_a_bend_is_seen_by_the_nearest_samples_alone():
    x = torch.linspace(-1, 1, SAMPLES)[:, None]
    t = x.square()
    assert nearest(x, t) > 0.99
    assert affine(x, t) < 0.05
    assert least_squares(x, t) < 1e-9


def test_nothing_is_explained_of_what_is_independent():
    """Left-out samples cannot be learnt by heart, least squares does so with 3 of 200 directions."""
    x, t = drawn(), unrelated()
    assert affine(x, t) < 0.02
    assert nearest(x, t) < 0
    assert 0 < least_squares(x, t) < 0.1


def test_dependence_is_told_from_chance():
    x = drawn()
    assert dependence(x, standardised(x)[:, :1].square()) == 0.01  # as none of 99 shufflings: 1 in 100
    by_chance = [dependence(drawn(seed), unrelated(seed + 100)) for seed in range(8)]
    assert max(by_chance) > 0.5  # all eight below a half: once in 256


def test_a_feature_that_does_not_vary_is_left_out():
    x = torch.cat([drawn(), torch.full((SAMPLES, 1), 3.0)], 1)
    assert standardised(x).shape == (SAMPLES, 3)


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    scores, positive = torch.tensor([0.1, 0.9, 0.4, 0.35]), torch.tensor([False, True, True, False])
    assert area(scores, positive) == 1
    assert area(-scores, positive) == 0
    assert area(torch.tensor([0.1, 0.9, 0.4, 0.5]), positive) == 0.75


def test_what_bends_is_explained_wherever_it_stands_and_noise_is_not():
    x = torch.randn(SAMPLES, 12, generator=torch.Generator().manual_seed(2))
    assert bent(x, x.square().sum(1, keepdim=True)) > 0.9
    assert bent(x, x.amax(1, keepdim=True)) > 0.9
    assert affine(x, x.square().sum(1, keepdim=True)) < 0.05
    assert bent(x, unrelated()) < 0.1


def test_the_others_of_a_group_explain_its_targets_and_a_sample_alone_nothing():
    group = torch.arange(SAMPLES) % 10
    assert grouped(group, group[:, None].square()) == 1
    assert grouped(group, unrelated()) < 0.05
    assert grouped(torch.arange(SAMPLES), unrelated()) == 0
