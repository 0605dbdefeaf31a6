"""Which pixels are warm: not those that cosmic rays hit, and not those that are noisy to read."""

import numpy as np

from ccdproc_darks.statistics.warm_pixels import are_above_noise, are_noisy, are_steady


def test_noise_is_above_typical_pixels_as_often_as_below():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 12, 20_000)
    warm = 20 + 40 * rng.exponential(size=2000)
    excess = np.concatenate([noise[noise > 8], warm])
    found = are_above_noise(excess, -noise[noise < -8])
    # Few of the pixels that are taken for warm are noise, and few warm ones above the noise are lost.
    assert found[:-2000].sum() < 0.08 * found.sum()
    assert found[-2000:][warm > 40].all()
    assert are_above_noise(noise[noise > 8], -noise[noise < -8]).sum() < 30
    assert are_above_noise(warm, np.empty(0)).all()
    assert are_above_noise(np.empty(0), np.empty(0)).size == 0


def test_noisy_pixels_vary_by_more():
    rng = np.random.default_rng(2)
    typical = rng.normal(size=(10, 1000))
    assert are_noisy(4 * rng.normal(size=(10, 500)), typical).mean() > 0.98
    assert are_noisy(rng.normal(size=(10, 500)), typical).mean() < 0.02
    assert not are_noisy(9 * rng.normal(size=(2, 500)), typical[:2]).any()


def test_a_cosmic_ray_is_in_one_frame():
    departures = np.full((5, 2), -20.0)
    departures[0] = 80.0, 10.0
    departures[1:, 1] = -2.5
    assert are_steady(departures, np.array([20.0, 20.0])).tolist() == [False, True]
