"""Laws of frames with jumps against sums over the numbers of jumps, and against scipy."""

import numpy as np
import pytest
from scipy import stats

from ccdproc_darks.statistics.jump_law import (
    jump_energies,
    mean_deviates,
    noncentral_density,
    noncentral_deviates,
    scatter_deviates,
)  # fmt: skip


@pytest.mark.parametrize("often", [0.02, 0.18, 0.5])
@pytest.mark.parametrize("frames", [1, 2, 10])
def test_mean(often, frames):
    """Every sequence of frames up, down and without jump, one after the other."""
    jump, departures = 3.0, np.array([0.1, 1.0, 4.0, 9.0])
    shift, probability = np.zeros(1), np.ones(1)
    for _ in range(frames):
        shift = np.add.outer(shift, [-1.0, 0.0, 1.0]).ravel()
        probability = np.multiply.outer(probability, [often / 2, 1 - often, often / 2]).ravel()
    exact = [(probability * stats.norm.sf(d - shift * jump / np.sqrt(frames))).sum() for d in departures]
    found = mean_deviates(often, frames, departures, np.array([jump**2]))[:, 0]
    assert stats.norm.sf(found) == pytest.approx(exact, rel=1e-9)


def test_many_frames_are_normal():
    """Of many frames the mean is normal, its variance that of jumps and noise."""
    departures, often, energy = np.array([1.0, 3.0, 5.0]), 0.3, 4.0
    found = mean_deviates(often, 1024, departures, np.array([energy]))[:, 0]
    assert found == pytest.approx(departures / np.sqrt(1 + often * energy), rel=0.01)


@pytest.mark.parametrize("often", [0.015, 0.18, 0.5])
@pytest.mark.parametrize("frames", [2, 10, 1000])
def test_energies(often, frames):
    """They are positive, and their mean is that of the variance that jumps add."""
    energies, probability = jump_energies(often, frames)
    assert probability.sum() == pytest.approx(1)
    assert (energies >= 0).all()
    assert energies @ probability == pytest.approx(often * (frames - 1), rel=1e-6)
    assert energies.size < 200


@pytest.mark.parametrize("degrees", [2, 9, 19, 999])
@pytest.mark.parametrize("noncentrality", [1e-3, 3.0, 50.0, 900.0])
def test_noncentral_chi_square(degrees, noncentrality):
    law = stats.ncx2(degrees, noncentrality)
    value = law.isf([0.99, 0.5, 0.1, 1e-3, 1e-6])
    log_density, deviates = (of(value, degrees, noncentrality) for of in (noncentral_density, noncentral_deviates))
    width = 1e-3 * value
    density = (law.cdf(value + width) - law.cdf(value - width)) / (2 * width)
    assert np.exp(log_density[:4]) == pytest.approx(density[:4], rel=0.3 / degrees + 1e-3)
    assert stats.norm.sf(deviates) == pytest.approx(law.sf(value), rel=0.02 + 0.05 / degrees)


def test_tail_is_continuous_at_the_mean():
    value = np.linspace(25, 35, 1001)
    deviates = noncentral_deviates(value, 10, 20.0)
    assert np.diff(deviates).min() > 0
    assert np.diff(deviates, 2) == pytest.approx(0, abs=1e-4)


def test_scatter_without_jumps():
    value = np.array([2.0, 9.0, 40.0])
    found = scatter_deviates(0.0, 9, value, np.array([1.0, 2.0]))
    assert found[:, 0] == pytest.approx(stats.norm.isf(stats.chi2.sf(value, 9)))
    assert (found[:, 0] == found[:, 1]).all()


def test_scatter_with_jumps():
    """Against draws."""
    rng = np.random.default_rng(5)
    often, jump = 0.18, 4.0
    frames = rng.standard_normal((10, 200_000)) + jump * rng.choice(
        [-1, 0, 1], p=[often / 2, 1 - often, often / 2], size=(10, 200_000)
    )
    drawn = 9 * frames.var(axis=0, ddof=1)
    value = np.array([5.0, 20.0, 60.0, 100.0])
    found = stats.norm.sf(scatter_deviates(often, 9, value, np.array([jump**2]))[:, 0])
    assert found == pytest.approx([(drawn > one).mean() for one in value], rel=0.02)
