"""How often good samples are rejected, what that and cosmic rays do to the mean, and which cosmic rays are found.

The figures "before" are those of the rule x - m > clip * sqrt(V (1/n_x + 1/n_m)), without the Poisson tail.
"""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from ccdproc_darks.rates.rejection import mean_of_kept

pytestmark = pytest.mark.statistics

NOMINAL = norm.sf(5)
CLIP = 5.0


def clipped(samples, read_noise, clip=CLIP, combined=None):
    """Mean, and which samples were kept; ``samples`` of shape (frames, pixels)."""
    good = np.ones(samples.shape, bool)[:, None]
    combined = np.ones(len(samples)) if combined is None else np.array(combined, float)
    counts, _, _ = mean_of_kept(samples[:, None].copy(), good, combined, read_noise=read_noise, clip=clip)
    return counts[0], good[:, 0]


def frames(rng, electrons, read_noise, number, pixels):
    return rng.poisson(electrons, (number, pixels)) + read_noise * rng.standard_normal((number, pixels))


def tilts(electrons, read_noise, number):
    """Exponential tilts that make the excess of a sample over the others' mean 0, 3... 8 sigmas (or electrons)."""

    def excess(tilt):
        return electrons * (np.exp(tilt) - np.exp(-tilt / (number - 1))) + read_noise**2 * tilt * number / (number - 1)

    sigma = np.sqrt((electrons + read_noise**2) * number / (number - 1))
    wanted = [*(sigma * np.arange(3, 9)), *(np.arange(1, 12) if electrons < 3 and read_noise < 3 else ())]
    return np.array([0.0, *(brentq(lambda tilt, y=y: excess(tilt) - y, 0, 40) for y in wanted)])


def false_rejections(electrons, read_noise, number, clip=CLIP, draws=20_000):
    """
    Chance that a good sample is rejected, its standard error, and the mean's shift over its uncertainty.

    By importance sampling: a sample and the mean of the others are drawn from exponentially tilted Poisson and normal
    distributions, of all tilts alike, and weighted by the ratio of the densities.
    """
    rng = np.random.default_rng(21)
    tilt = tilts(electrons, read_noise, number)
    drawn = tilt[rng.integers(0, len(tilt), draws)]
    variance, rest = read_noise**2, number - 1
    sample = rng.poisson(electrons * np.exp(drawn)) + rng.normal(variance * drawn, read_noise)
    others = rng.poisson(rest * electrons * np.exp(-drawn / rest)) / rest
    others += rng.normal(-variance * drawn / rest, read_noise / np.sqrt(rest))

    def cumulant(s):
        return electrons * np.expm1(s) + s**2 * variance / 2

    tilt = tilt[:, None]
    log_ratio = tilt * (sample - others) - cumulant(tilt) - rest * cumulant(-tilt / rest)
    highest = log_ratio.max(axis=0)
    weight = np.exp(-highest) / np.exp(log_ratio - highest).mean(axis=0)
    _, kept = clipped(np.array([sample, others]), read_noise, clip, combined=[1, rest])
    rejected = np.where(kept[0], 0.0, weight)
    shift = -(rejected * (sample - others)).mean() / np.sqrt((electrons + variance) / number)
    return rejected.mean(), rejected.std() / np.sqrt(draws), shift


@pytest.mark.parametrize("number", [2, 3, 10, 50])
@pytest.mark.parametrize("electrons", [0.01, 0.1, 0.3, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("read_noise", [0.0, 0.5, 1.0, 3.0, 10.0])
def test_good_samples_rejected(read_noise, electrons, number):
    """Never more than a few times as many as of normal noise, 2.9e-7, and nothing of it in the mean.

    Before: up to 20 000 times with R = 0 (a shift of half an uncertainty), 770 with R = 0.5 (0.01), 90 with R = 1.
    """
    chance, error, shift = false_rejections(electrons, read_noise, number)
    assert chance < 3 * NOMINAL + 4 * error
    assert -1e-4 < shift <= 0
    if electrons >= 10 and number >= 10:
        assert chance == pytest.approx(NOMINAL, rel=0.3, abs=4 * error)


@pytest.mark.parametrize("number", [3, 10])
@pytest.mark.parametrize(("electrons", "read_noise"), [(0.1, 0.5), (1.0, 0.5), (10.0, 1.0), (0.1, 10.0)])
def test_good_samples_rejected_at_three_sigmas(electrons, read_noise, number):
    """Where they can be counted without tricks; and the tricks count as many."""
    samples = frames(np.random.default_rng(22), electrons, read_noise, number, 2_000_000 // number)
    _, kept = clipped(samples, read_noise, clip=3.0)
    rejected = 1 - kept.mean()
    assert rejected < 2 * norm.sf(3)
    chance, error, _ = false_rejections(electrons, read_noise, number, clip=3.0)
    # Those that come up for rejection only once another one is out are not in it.
    assert rejected == pytest.approx(chance, rel=0.08, abs=4 * error + 4e-5)


@pytest.mark.parametrize("number", [2, 3, 10, 50])
@pytest.mark.parametrize("electrons", [0.01, 0.1, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("read_noise", [0.0, 0.5, 1.0, 3.0, 10.0])
def test_mean_of_clean_frames(read_noise, electrons, number):
    """With rejection and without, in uncertainties. Before: -0.44 at R = 0, 0.01 electron and N = 50."""
    samples = frames(np.random.default_rng(23), electrons, read_noise, number, 200_000 // number)
    mean, kept = clipped(samples, read_noise)
    shift = (mean - samples.mean(axis=0)).mean() / np.sqrt((electrons + read_noise**2) / number)
    assert abs(shift) < 0.0005
    assert np.mean(~kept) < 3e-5


def shift_by_cosmic_rays(electrons, read_noise, number, amplitude, pixels=100_000):
    """Shift of the mean, in uncertainties, by cosmic rays in 5 % of the pixels of one frame in ten, at least of one."""
    rng = np.random.default_rng(24)
    clean = frames(rng, electrons, read_noise, number, pixels)
    struck = clean.copy()
    for frame in struck[: max(1, number // 10)]:
        hit = rng.choice(pixels, pixels // 20, replace=False)
        frame[hit] += rng.exponential(amplitude, hit.size)
    uncertainty = np.sqrt((electrons + read_noise**2) / number)
    complete = (struck.mean(axis=0) - clean.mean(axis=0)).mean() / uncertainty
    return (clipped(struck, read_noise)[0] - clean.mean(axis=0)).mean() / uncertainty, complete


@pytest.mark.parametrize("number", [2, 3, 10])
@pytest.mark.parametrize("electrons", [0.01, 0.1, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("read_noise", [0.5, 1.0, 3.0, 10.0])
def test_cosmic_rays_hardly_shift_the_mean(read_noise, electrons, number):
    """Of 1000 electrons on average. Two frames, one of them hit, at R = 0.5: 0.016, before 0.022."""
    shift, complete = shift_by_cosmic_rays(electrons, read_noise, number, 1000)
    assert abs(shift) < {2: 0.018, 3: 0.01, 10: 0.005}[number]
    assert complete > 1


@pytest.mark.parametrize(("number", "limit"), [(2, 0.08), (3, 0.035), (5, 0.021), (10, 0.015)])
@pytest.mark.parametrize(("electrons", "read_noise"), [(0.01, 0.5), (1.0, 0.5), (0.1, 3.0), (0.1, 10.0), (100.0, 10.0)])
def test_weak_cosmic_rays(electrons, read_noise, number, limit):
    """Of 200 electrons on average, of which more stay below what few frames can tell: below 0.02 from N = 6 on."""
    assert abs(shift_by_cosmic_rays(electrons, read_noise, number, 200)[0]) < limit


def found(electrons, read_noise, number, amplitude, pixels=20_000):
    """Fraction of cosmic rays of one amplitude that are rejected."""
    samples = frames(np.random.default_rng(25), electrons, read_noise, number, pixels)
    samples[0] += amplitude
    return 1 - clipped(samples, read_noise)[1][0].mean()


@pytest.mark.parametrize(
    ("number", "eight", "sure"), [(2, 0.38, 12.6), (3, 0.79, 10.2), (5, 0.95, 9.0), (10, 0.985, 8.3), (50, 0.995, 7.7)]
)
def test_cosmic_rays_found_over_read_noise(number, eight, sure):
    """R = 10: how many of 8 sigmas of a frame, and of how many sigmas 99 % are found.

    Even with the noise known, 8 sigmas of a frame are 8 / sqrt(1 + 1 / (N - 1)) sigmas of the difference: 94 % of them
    are past 5 sigma in three frames, 99 % from seven frames on.
    """
    best = norm.cdf(8 / np.sqrt(number / (number - 1)) - CLIP)
    assert eight < found(0.1, 10.0, number, 80) < best
    assert found(0.1, 10.0, number, 10 * sure) > 0.99


@pytest.mark.parametrize(("number", "half", "sure"), [(2, 22, 28), (3, 15, 19), (10, 8, 11), (50, 6, 8)])
def test_cosmic_rays_found_among_few_electrons(number, half, sure):
    """R = 0.5, 0.1 electron a frame: electrons of which half, and 99 %, are found.

    8 sigmas of a frame are 5 electrons there: in one of ten frames they are a chance of 1e-5 given that there are five,
    and nothing but the rate of the pixel, which may be hot, would tell more.
    """
    assert found(0.1, 0.5, number, half) > 0.5
    assert found(0.1, 0.5, number, sure) > 0.99
    assert found(0.1, 0.5, number, 8 * np.sqrt(0.1 + 0.5**2)) < 0.3


@pytest.mark.parametrize("number", [2, 3, 5])
@pytest.mark.parametrize("electrons", [1e3, 1e4])
def test_hot_pixels_are_cleaned_too(electrons, number):
    """In as few as two frames, of 15 sigmas of a frame on."""
    assert found(electrons, 5.0, number, 15 * np.sqrt(electrons + 25), pixels=5000) > 0.99
