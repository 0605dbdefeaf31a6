# Licensed under a 3-clause BSD style license - see LICENSE
"""Tails of departures, averaged over what the read noise of each pixel may be."""

from types import SimpleNamespace

import numpy as np
import pytest

from ccdproc_darks.comparison.departure_tails import DepartureTails
from ccdproc_darks.statistics.noise_mixture import MeanTails
from ccdproc_darks.statistics.read_noise_distribution import ReadNoiseDistribution

NOISE, FRAMES = 2.0, 20


def distribution():
    """One read noise, and jumps of five times as much in one of ten readings of a tenth of the pixels."""
    noises = NOISE * np.exp([-0.08, 0.0, 0.08])
    jumps, often, shares = np.array([0.0, 5.0]), np.array([0.0, 0.1]), np.array([0.9, 0.1])
    return ReadNoiseDistribution(noises, np.full(3, 1 / 3), jumps, often, shares, FRAMES - 1.0)


def images(bias_frames, seconds=(60.0, 600.0), frames=10, groups=1):
    error = NOISE / np.sqrt(bias_frames) if bias_frames else 0.0
    members = np.array_split(np.arange(len(seconds)), groups)
    return SimpleNamespace(
        noise=SimpleNamespace(distribution=distribution()), seconds=np.array(seconds),
        infos=[SimpleNamespace(frames=frames, read_noise=NOISE, bias_error=error) for _ in seconds],
        shared=[(list(group), error**2) for group in members],
    )  # fmt: skip


@pytest.mark.parametrize(("bias_frames", "groups"), [(50, 1), (0, 1), (FRAMES, 2)])
def test_bias_of_other_frames(bias_frames, groups):
    """Nothing is known of the bias by the map where they are not of the same frames."""
    arguments = np.array([3.0, -4.5]), np.array([2.0, 2.5]), 0.9, 15.0, 1
    tails = DepartureTails(images(bias_frames, groups=groups))
    np.testing.assert_array_equal(tails.deviate(*arguments), MeanTails(distribution()).deviate(*arguments))


def test_two_rates_with_the_bias_of_the_map():
    """Coefficients of both rates, and of the bias that they share, worked out by hand."""
    short, long = 1 / 60, -1 / 600
    darks, bias = (short**2 + long**2) / 10, (short + long) ** 2 / FRAMES
    fourth, fourth_of_bias = (short**4 + long**4) / 10**3, (short + long) ** 4 / FRAMES**3
    alike = (darks + bias) ** 2 / (fourth + fourth_of_bias)
    deviate, scatter = np.array([3.0, 4.0, 5.0]), np.array([1.9, 2.0, 2.4])
    expected = MeanTails(distribution()).deviate(
        deviate, scatter, 0.95, darks**2 / fourth, 1, bias / (darks + bias)
    )  # fmt: skip
    found = DepartureTails(images(FRAMES)).deviate(deviate, scatter, 0.95, alike, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    # What is in the bias already cannot surprise.
    assert np.all(found > MeanTails(distribution()).deviate(deviate, scatter, 0.95, alike, 1))


def test_more_exposure_times():
    found = DepartureTails(images(FRAMES, (30.0, 60.0, 300.0, 600.0))).deviate(
        np.array([4.0]), np.array([2.0]), 0.9, 15.0, 3
    )  # fmt: skip
    assert 2 < found.item() < 4.2


@pytest.mark.parametrize("bias_frames", [FRAMES, 2 * FRAMES], ids=["of the map", "others"])
def test_limits(bias_frames):
    """No averaged deviate is outside of them."""
    tails, sizes = DepartureTails(images(bias_frames)), np.linspace(0.5, 6, 12)
    low, high = tails.limits(sizes, sizes, np.full(sizes.size, 10.0), 1)
    for scatter in (1.0, 2.0, 4.0):
        for share in (0.2, 0.9):
            found = tails.deviate(sizes, scatter, share, 10.0, 1)
            assert np.all((low * 0.999 <= found) & (found <= high * 1.001))
