"""Tails averaged over read noise: against sums over what it may be, and against draws."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from ccdproc_darks.statistics.jump_law import jump_energies, mean_deviates
from ccdproc_darks.statistics.noise_mixture import MeanTails, ScatterTails
from ccdproc_darks.statistics.read_noise_distribution import ReadNoiseDistribution, fit_read_noise_distribution


def spread_out():
    """A spread of 20 %, 5 % of pixels with rare jumps of 10 sigma, 3 % with frequent ones of 5 sigma."""
    grid = np.exp(np.arange(-1, 1.5, 0.08))
    shares = np.exp(-((np.log(grid) / 0.2) ** 2) / 2)
    return ReadNoiseDistribution(
        grid, shares / shares.sum(), np.array([0.0, 10.0, 5.0]), np.array([0.0, 0.18, 0.5]),
        np.array([0.92, 0.05, 0.03]), 19.0,
    )  # fmt: skip


def one_noise():
    """All pixels with 1.5 electron."""
    none = np.zeros(1)
    return ReadNoiseDistribution(np.array([1.4, 1.5, 1.6]), np.array([1e-12, 1, 1e-12]), none, none, np.ones(1), 19.0)


def kinds(distribution, scatter, share):
    """Probability, variance without jumps and energy of jumps of each kind of pixels of one scatter."""
    probability = distribution.posterior(np.array([scatter]))[0]
    mean = distribution.mean_variance(np.array([scatter]))[0]
    for sigma, row in zip(distribution.noises, probability, strict=True):
        for jump, often, weight in zip(distribution.jumps, distribution.often, row, strict=True):
            variance = 1 - share + share * sigma**2 / mean
            yield weight, variance, float(often), share * (jump * sigma) ** 2 / mean / variance


@pytest.mark.parametrize("share", [0.2, 0.8, 1.0])
@pytest.mark.parametrize("scatter", [0.7, 1.0, 2.0, 5.0])
def test_mean_against_sum(share, scatter):
    distribution, departure = spread_out(), np.array([1.0, 2.0, 3.09, 3.72, 4.26, 4.75, 6.1])
    tail = 0.0
    for weight, variance, often, energy in kinds(distribution, scatter, share):
        found = mean_deviates(often, 10, departure / np.sqrt(variance), np.array([energy]))[:, 0]
        tail = tail + weight * stats.norm.sf(found)
    found = MeanTails(distribution).deviate(departure, np.full(departure.shape, scatter), share, 10)
    assert stats.norm.sf(found) == pytest.approx(tail, rel=0.08)
    lower = MeanTails(distribution).deviate(-departure, np.full(departure.shape, scatter), share, 10)
    assert (lower == -found).all()


@pytest.mark.parametrize("share", [0.2, 1.0])
@pytest.mark.parametrize("scatter", [0.7, 1.0, 2.0, 5.0])
def test_scatter_against_sum(share, scatter):
    distribution, chi_square = spread_out(), np.array([5.0, 15, 25, 35, 45, 60, 90])
    tail = 0.0
    for weight, variance, often, energy in kinds(distribution, scatter, share):
        for one, probability in zip(*jump_energies(often, 10), strict=True):
            law = stats.ncx2(9, one * energy) if one * energy > 1e-9 else stats.chi2(9)
            tail = tail + weight * probability * law.sf(chi_square / variance)
    found = ScatterTails(distribution).deviate(chi_square, 9, np.full(chi_square.shape, scatter), share)
    assert stats.norm.sf(found) == pytest.approx(tail, rel=0.1)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("freedom", [1, 3])
def test_one_noise_is_normal(share, freedom):
    """Where all pixels have one read noise, nothing changes."""
    deviate = np.array([-6.3, -3.0, 0.0, 0.1, 1.0, 2.5, 3.3, 5.0, 7.9])
    found = MeanTails(one_noise()).deviate(deviate, np.full(deviate.shape, 1.4), share, 10, freedom)
    assert found == pytest.approx(deviate, abs=0.003)
    chi_square = np.array([2.0, 9.0, 20.0, 40.0, 100.0])
    found = ScatterTails(one_noise()).deviate(chi_square, 9, np.full(5, 1.4), share)
    assert found == pytest.approx(stats.norm.isf(stats.chi2.sf(chi_square, 9)), abs=0.003)


def test_without_read_noise():
    """A departure that is all photons does not ask for the read noise."""
    deviate = np.linspace(-8, 8, 33)
    assert MeanTails(spread_out()).deviate(deviate, np.full(33, 2.0), 0.0, 10) == pytest.approx(deviate, rel=2e-4)


def test_odd_values():
    """NaN stays NaN, what is huge stays huge, rising and finite; an unknown scatter is that of all pixels."""
    tails, scatters = MeanTails(spread_out()), ScatterTails(spread_out())
    deviate = np.array([np.nan, 0.0, 5.0, 40.0, 1e5, 1e6])
    found = tails.deviate(deviate, np.full(6, np.nan), 0.9, np.array([1, 1.5, 1e6, 3, 3, 3]))
    assert np.isnan(found[0])
    assert found[1] == 0
    assert (np.diff(found[3:]) > 0).all()
    assert np.isfinite(found[1:]).all()
    assert tails.deviate(np.array([5.0]), np.array([0.0]), 0.9, 10) > 0
    assert tails.deviate(np.array([]), np.array([]), 0.9, 10).shape == (0,)
    assert tails.deviate(np.full((2, 3), 4.0), np.ones((2, 3)), 0.9, 10).shape == (2, 3)
    found = scatters.deviate(np.array([np.nan, 3.0, 0.0, 1e3, 1e6, 5.0]), np.array([9, 0, 9, 9, 9, 4]), 1.0, 0.9)
    assert np.isnan(found[:2]).all()
    assert found[2] < 0 < found[3] < found[4] < 1e5
    assert np.isfinite(found[5])


def test_same_in_parts_and_threads():
    """A pixel's result does not depend on its neighbours, nor on the thread."""
    rng = np.random.default_rng(9)
    deviate, scatter = 3 * rng.standard_normal(40_000), np.exp(0.3 * rng.standard_normal(40_000))
    share, frames, freedom = rng.random(40_000), rng.uniform(3, 5, 40_000), rng.integers(1, 3, 40_000)
    whole = MeanTails(spread_out()).deviate(deviate, scatter, share, frames, freedom)
    tails = MeanTails(spread_out())

    def part(rows):
        return tails.deviate(deviate[rows], scatter[rows], share[rows], frames[rows], freedom[rows])

    with ThreadPoolExecutor(4) as executor:
        parts = list(executor.map(part, [slice(at, at + 777) for at in range(0, 40_000, 777)]))
    assert (np.concatenate(parts) == whole).all()


@pytest.mark.statistics
@pytest.mark.parametrize("often", [0.5, 0.18])
def test_false_positives(often):
    """Actual over nominal, of darks in which nothing changes: 2^19 pixels, 20 bias frames, ten darks.

    All bias frames are those from which the read noise is known, so that what a jump does to both is in it.
    """
    rng = np.random.default_rng(10)
    pixels = 2**19
    sigma = 1.5 * np.exp(0.2 * rng.standard_normal(pixels))
    jump = np.where(rng.random(pixels) < 0.08, np.minimum(rng.exponential(6.0, pixels), 20), 0.0)

    def moments(frames):
        sums = np.zeros((4, pixels))
        for _ in range(frames):
            u = rng.random(pixels)
            x = sigma * rng.standard_normal(pixels) + jump * ((u < often / 2) * 1.0 - (u > 1 - often / 2))
            sums += [x, x**2, x**3, x**4]
        m1, m2, m3, m4 = sums / frames
        second = m2 - m1**2
        kurtosis = (m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) / second**2
        return m1, np.sqrt(second * frames / (frames - 1)), kurtosis

    bias, scatter, kurtosis = moments(20)
    dark, own, _ = moments(10)
    distribution = fit_read_noise_distribution(scatter, 19, kurtosis)
    variance = distribution.mean_variance(scatter)
    deviate = (dark - bias) / np.sqrt(variance * (1 / 10 + 1 / 20))
    found = MeanTails(distribution).deviate(deviate, scatter, 1.0, 10, known_part=1 / 3)
    noisy = ScatterTails(distribution).deviate(9 * own**2 / variance, 9, scatter, 1.0)
    for probability in (1e-2, 1e-3, 1e-4):
        limit, error = stats.norm.isf(probability), 3 / np.sqrt(pixels * probability)
        for number in ((found > limit).sum(), (found < -limit).sum(), (noisy > limit).sum()):
            assert number / (pixels * probability) == pytest.approx(1, abs=0.1 + error)


def test_what_is_sent_to_another_process_is_small():
    """Tables are sent, what they are made of is not; both give the same."""
    distribution, departure = spread_out(), np.array([1.0, 3.0, 5.0])
    scatter = np.array([0.7, 1.0, 3.0])
    found = MeanTails(distribution).deviate(departure, scatter, 0.8, 10)
    sent = pickle.dumps(distribution)
    assert distribution.tables["weights"].nbytes > len(sent)
    assert set(pickle.loads(sent).tables) == set(distribution.tables) - {"weights"}
    for frames in (10, 4):
        again = MeanTails(pickle.loads(sent)).deviate(departure, scatter, 0.8, frames)
        np.testing.assert_array_equal(again, MeanTails(distribution).deviate(departure, scatter, 0.8, frames))
    np.testing.assert_array_equal(found, MeanTails(pickle.loads(sent)).deviate(departure, scatter, 0.8, 10))


@pytest.mark.parametrize("freedom", [1, 2])
def test_limits_hold_for_any_scatter_and_share(freedom):
    distribution, rng = spread_out(), np.random.default_rng(4)
    tails, size = MeanTails(distribution), rng.uniform(0, 12, 2000)
    scatter, frames = rng.choice(distribution.scatters, 2000), rng.uniform(3, 40, 2000)
    low, high = tails.limits(size, size, frames, freedom)
    found = tails.deviate(size, scatter, rng.random(2000), frames, freedom)
    assert (low <= found * (1 + 1e-12)).all()
    assert (found <= high * (1 + 1e-12)).all()
