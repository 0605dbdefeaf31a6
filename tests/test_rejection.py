"""Rejection of what a cosmic ray has hit, on plain arrays."""

import numpy as np
import pytest

from ccdproc_darks.rejection import mean_counts


def mean(samples, *, combined=None, good=None, **options):
    samples = np.array(samples, float)[:, None, None]
    good = np.ones(samples.shape, bool) if good is None else np.array(good)[:, None, None]
    combined = np.ones(len(samples)) if combined is None else np.array(combined, float)
    options = {"read_noise": 3.0, "clip": 5.0, **options}
    result = mean_counts(samples, good, combined, **options)
    return result.counts.item(), result.frames.item(), good[:, 0, 0].tolist()


def test_one_hit():
    assert mean([10, 12, 500, 11]) == (11, 3, [True, True, False, True])


def test_several_hits():
    assert mean([10, 2000, 500, 12]) == (11, 2, [True, False, False, True])


def test_two_frames():
    """The higher of two goes, where the model says that they cannot be the same."""
    assert mean([10, 500]) == (10, 1, [True, False])
    assert mean([10, 20]) == (15, 2, [True, True])


def test_only_the_high_side():
    assert mean([500, 500, 500, -500])[1:] == (4, [True] * 4) or mean([500, 500, 500, -500])[0] != 500
    assert mean([100, 100, 0])[2][2]


def test_one_frame_is_kept():
    assert mean([1e6]) == (1e6, 1, [True])


def test_none_keeps_all():
    assert mean([10, 12, 500], clip=None) == (174, 3, [True] * 3)


def test_limit():
    """clip * sqrt(V (1/n_x + 1/n_m)) with V at the mean of all."""
    others, noise = 0.0, 3.0
    for excess in (15.0, 30.0):
        pooled = excess / 5
        limit = 5 * np.sqrt((pooled + noise**2) * (1 + 1 / 4))
        assert mean([others] * 4 + [excess])[2][4] == (excess <= limit)


def test_masked_samples_do_not_count():
    assert mean([10, 12, 1e6], good=[True, True, False]) == (11, 2, [True, True, False])
    assert mean([1, 2, 3], good=[False] * 3)[:2] == (0, 0)


def test_combined_frames_weigh_more():
    counts, frames, _ = mean([10, 20], combined=[9, 1], clip=None)
    assert (counts, frames) == (11, 10)


def test_levels_are_no_cosmic_rays():
    assert mean([0, 100, 200], levels=np.array([-100.0, 0, 100]))[:2] == (100, 3)
    # The mean is that of the samples as they are.
    assert mean([0, 100, 900], levels=np.array([-100.0, 0, 100]))[:2] == (50, 2)


def test_own_variance():
    variance = np.full((3, 1, 1), 4.0)
    result = mean_counts(np.array([1.0, 2.0, 100.0])[:, None, None], np.ones((3, 1, 1), bool), np.ones(3),
                         own_variance=variance, clip=5.0)  # fmt: skip
    assert result.counts.item() == 1.5
    assert result.own_variance.item() == pytest.approx(2)


@pytest.mark.parametrize("value", [0.0, 1.0, 2.0])
def test_a_single_electron_is_no_cosmic_ray(value):
    assert mean([0.0, 0.0, 0.0, value], read_noise=0.3)[1] == 4
