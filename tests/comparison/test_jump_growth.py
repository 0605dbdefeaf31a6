"""Jumps of a dark current grow with exposure; those of a reading do not."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import DARK_FLAGS, dark_rate, dark_scatter, hot_pixel_mask
from ccdproc_darks.comparison.jump_growth import excess_variance, jumps_of_reading
from ccdproc_darks.rates.pixel_noise import PixelNoise
from ccdproc_darks.statistics.noise_mixture import ScatterTails

from ..helpers import ELECTRON_PER_SECOND, dark

TIMES = (60.0, 600.0)
NOISE = 2.0


def darks_of(rng, seconds, shape, number=12, noise=NOISE):
    """Frames; in row 5 the reading jumps, in rows 10 and 11 the dark current, in row 15 both do."""
    frames = []
    for _ in range(number):
        rate = np.full(shape, 0.005)
        rate[[10, 15]] += 0.5 * (rng.random((2, shape[1])) < 0.5)
        # Too small for the shorter exposures.
        rate[11] += 0.06 * (rng.random(shape[1]) < 0.5)
        counts = rng.poisson(rate * seconds) + noise * rng.standard_normal(shape)
        counts[[5, 15]] += 18.0 * rng.choice([-1, 0, 0, 1], (2, shape[1]))
        frames.append(dark(counts, seconds, "electron", read_noise=NOISE))
    return frames


def noise_map(rng, shape, frames=40):
    scatter = (
        NOISE * np.exp(0.1 * rng.standard_normal(shape)) * np.sqrt(rng.chisquare(frames - 1, shape) / (frames - 1))
    )
    return CCDData(scatter, unit="electron", uncertainty=StdDevUncertainty(scatter / np.sqrt(2 * (frames - 1))))


# Of a sensor of a few rows, those that jump look like hot pixels of two gains, or a read noise that is wrong.
pytestmark = pytest.mark.filterwarnings("ignore::ccdproc_darks.NoiseWarning")


@pytest.mark.parametrize("with_map", [False, True])
def test_named_in_the_mask(with_map):
    """A reading that jumps is UNRELIABLE_ERROR and not masked for that; a dark current that switches is TELEGRAPH."""
    rng, shape = np.random.default_rng(1), (30, 60)
    options = {"read_noise": noise_map(rng, shape)} if with_map else {}
    sets = [darks_of(rng, seconds, shape) for seconds in TIMES]
    scatter = [dark_scatter(frames, check_headers=False, **options) for frames in sets]
    rates = [dark_rate(frames, check_headers=False, **options) for frames in sets]
    hot = hot_pixel_mask(*rates, scatter=scatter, threshold=9 * ELECTRON_PER_SECOND, **options)
    telegraph, noisy = ((hot.data & flag) != 0 for flag in (DARK_FLAGS.TELEGRAPH, DARK_FLAGS.UNRELIABLE_ERROR))
    assert telegraph[[10, 11]].mean() > 0.9
    assert noisy[5].mean() > 0.8
    assert telegraph[5].mean() < 0.1
    assert noisy[[10, 11]].mean() < 0.05
    # Where both jump, the dark current is what counts.
    assert telegraph[15].mean() > 0.9
    others = np.delete(telegraph | noisy, [5, 10, 11, 15], axis=0)
    assert others.sum() <= 3
    assert hot.meta["NTELEGR"] == telegraph.sum()
    assert hot.meta["NNOISY"] == noisy.sum()


def test_one_exposure_time_tells_nothing():
    """Then a reading that jumps looks like a dark current that switches."""
    rng, shape = np.random.default_rng(2), (30, 60)
    frames = darks_of(rng, 60.0, shape)
    for frame in frames:
        frame.data[[10, 11, 15]] = frame.data[[20, 21, 25]]
    hot = hot_pixel_mask(
        dark_rate(frames, check_headers=False),
        scatter=dark_scatter(frames, check_headers=False),
        threshold=9 * ELECTRON_PER_SECOND,
    )
    assert ((hot.data[5] & DARK_FLAGS.TELEGRAPH) != 0).mean() > 0.9
    assert not (hot.data & DARK_FLAGS.UNRELIABLE_ERROR).any()


@pytest.mark.parametrize(
    ("short", "long", "seconds", "of_reading"),
    [
        (100.0, 100.0, (60, 600), True),  # does not grow
        (100.0, 0.0, (60, 600), True),  # not there in the longer exposures
        (100.0, -5.0, (60, 600), True),
        (100.0, 1000.0, (60, 600), False),  # grows as t
        (100.0, 10000.0, (60, 600), False),  # grows as t^2
        (100.0, 100.0, (60, 120), False),  # exposure times are too close
        (np.nan, 100.0, (60, 600), False),
        (100.0, np.nan, (60, 600), False),
    ],
)
def test_growth(short, long, seconds, of_reading):
    excess = np.array([[short], [long]])
    assert jumps_of_reading(excess, np.array(seconds, float), np.array([[6.0], [6.0]])) == [of_reading]
    # In any order.
    assert jumps_of_reading(excess[::-1], np.array(seconds[::-1], float), np.array([[6.0], [6.0]])) == [of_reading]


def test_an_excess_that_the_shorter_exposures_do_not_show():
    excess = np.array([[100.0], [100.0]])
    assert not jumps_of_reading(excess, np.array([60.0, 600.0]), np.array([[1.0], [6.0]]))


def test_excess_variance():
    """Of equal frames whose variance is known: by one read noise, and by a map that is exact."""
    rng, shape = np.random.default_rng(3), (40, 50)
    frames = [dark(9.0 * rng.standard_normal(shape), 100.0, "electron", read_noise=5.0) for _ in range(30)]
    exact = CCDData(np.full(shape, 5.0), unit="electron")
    rate = np.zeros(shape)
    scatter = dark_scatter(frames, check_headers=False)
    found = excess_variance(scatter.data.ravel().astype(float), scatter.meta, rate.ravel())
    assert found.mean() == pytest.approx(81 - 25, rel=0.1)
    # With a map, what all pixels have in common is none.
    scatter = dark_scatter(frames, check_headers=False, read_noise=exact)
    noise = np.full(rate.size, 5.0), np.full(rate.size, 25.0), None
    found = excess_variance(scatter.data.ravel().astype(float), scatter.meta, rate.ravel(), noise)
    assert found.mean() == pytest.approx(0, abs=4)


def test_excess_variance_by_a_map_that_is_not_exact():
    """The chi-square whose averaged tail was given is found again."""
    rng = np.random.default_rng(4)
    noise = PixelNoise.of(noise_map(rng, (100, 100)), (100, 100))
    scatter, variance = (part.ravel()[:5].astype(float) for part in noise.rows(slice(0, 100)))
    chi_square = np.array([2.0, 9.0, 30.0, 80.0, 300.0])
    meta = {"NCOMBINE": 10, "DKEXPMIN": 100.0, "DKNOISE": "map", "DKWIDTH": 1.1, "DKCORE": 1.2, "DKRDNOI": 2.0}
    rate = np.full(5, 0.03)
    share = 1.21 * variance / (1.21 * variance + 3.0)
    deviate = ScatterTails(noise.distribution).deviate(chi_square, 9, scatter, share) / 1.2
    found = excess_variance(deviate, meta, rate, (scatter, variance, noise.distribution))
    np.testing.assert_allclose(found, (chi_square / 9 - 1) * (1.21 * variance + 3.0), rtol=1e-3, atol=1e-3)


def test_unit_of_a_rate():
    """Rates in another unit of the same kind are converted."""
    rng, shape = np.random.default_rng(5), (30, 60)
    sets = [darks_of(rng, seconds, shape) for seconds in TIMES]
    scatter, rates = (
        [function(frames, check_headers=False) for frames in sets] for function in (dark_scatter, dark_rate)
    )
    hours = []
    for rate in rates:
        values = rate.data * 3600
        hours.append(CCDData(values, unit=u.electron / u.hour, meta=rate.meta, mask=rate.mask,
                             uncertainty=StdDevUncertainty(rate.uncertainty.array * 3600)))  # fmt: skip
    masks = [hot_pixel_mask(*some, scatter=scatter, threshold=9 * ELECTRON_PER_SECOND) for some in (rates, hours)]
    telegraph, noisy = (
        [(mask.data & flag) != 0 for mask in masks] for flag in (DARK_FLAGS.TELEGRAPH, DARK_FLAGS.UNRELIABLE_ERROR)
    )
    np.testing.assert_array_equal(*telegraph)
    np.testing.assert_array_equal(*noisy)
