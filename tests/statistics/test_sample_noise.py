"""Noise by which a single sample is judged."""

import numpy as np
import pytest
from scipy.special import ndtr

from ccdproc_darks.statistics.read_noise_distribution import ReadNoiseDistribution, fit_read_noise_distribution
from ccdproc_darks.statistics.sample_noise import SampleNoise

CLIP = 5.0


def single(noise=3.0, degrees=19.0, jump=0.0, often=0.0, share=0.0):
    """Distribution of one read noise, and jumps in a share of the pixels."""
    noises = noise * np.exp(0.08 * np.arange(-20, 21))
    shares = np.full(noises.size, 1e-12)
    shares[20] = 1.0
    return ReadNoiseDistribution(
        noises, shares / shares.sum(), np.array([0.0, jump]), np.array([0.0, often]), np.array([1 - share, share]),
        degrees,
    )  # fmt: skip


def test_one_read_noise_is_that_noise():
    found = SampleNoise.of(single(), CLIP)
    np.testing.assert_allclose(found.at(np.array([2.5, 3.0, 3.5, np.nan])), 3.0, rtol=0.02)


def test_a_sample_is_exceeded_as_seldom_as_in_normal_noise():
    rng = np.random.default_rng(1)
    scatter = 3.0 * np.exp(rng.normal(0, 0.2, 200000)) * np.sqrt(rng.chisquare(19, 200000) / 19)
    distribution = fit_read_noise_distribution(scatter, 19.0)
    found = SampleNoise.of(distribution, 3.0)
    for one in (2.0, 3.0, 5.0):
        probability = distribution.posterior(np.array([one]))[0].sum(axis=1)
        tail = (probability * ndtr(-3.0 * found.at(np.array([one])) / distribution.noises)).sum()
        assert tail == pytest.approx(ndtr(-3.0), rel=0.05)
    assert (np.diff(found.noise) >= 0).all()


def test_a_jump_up_is_no_more_rejected_than_one_down():
    """Whatever the clip is: a jump of ten sigmas is to be expected in any pixel that may have jumps."""
    distribution = single(jump=10.0, often=0.1, share=0.05)
    noise = SampleNoise.of(distribution, CLIP).at(np.array([3.0, 9.0, np.nan]))
    assert (CLIP * noise > 10 * 3.0).all()
    assert (CLIP * noise < 16 * 3.0).all()
