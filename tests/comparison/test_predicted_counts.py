"""Blocks of predicted counts: the fast pass and the exact one, whoever computes them."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import dark_rate, read_noise_map
from ccdproc_darks.comparison import predicted_counts as module
from ccdproc_darks.comparison.predicted_counts import OWN, predicted_counts
from ccdproc_darks.rates.rate_images import RateImages

from ..helpers import mean_dark, noisy_darks

SHAPE = (64, 50)


def measured(seconds, seed, *, shape=SHAPE, dtype="float32", **options):
    """Pixels of 0.5 electron/s, a row of hot ones, one with an offset, one bent, and one masked at 100 s."""
    rates = np.full(shape, 0.5)
    rates[7] = 30.0
    rates[3, 3], rates[3, 4] = 0.5 + 900 / seconds, 50 * (1 - np.exp(-seconds / 200)) / (seconds / 200)
    frame = mean_dark(np.random.default_rng(seed), rates, seconds, 8, 4.0, shape)
    if seconds == 100.0:
        frame.mask = np.zeros(shape, bool)
        frame.mask[9, 9] = True
    return dark_rate(frame, bias=0 * u.electron, gain=1 * u.electron / u.adu, dtype=dtype, **options)


def images_of(*times, **options):
    return RateImages([measured(seconds, seed, **options) for seed, seconds in enumerate(times)])


def arrays(found):
    return found.counts, found.mask, found.deviation, np.array([found.by_rate, found.by_own_counts, found.masked])


def predicted(images, **options):
    return predicted_counts(images, "common", **{"at": 250.0, "tolerance": 0.1} | options)


@pytest.mark.parametrize("times", [(100.0, 600.0), (50.0, 100.0, 400.0, 800.0)])
def test_blocks_and_executors(times, pixels_per_block):
    """To the bit."""
    images, told = images_of(*times), np.zeros(SHAPE, "u1")
    told[20, 20:30] = OWN
    wanted = arrays(predicted(images, told=told))
    pixels_per_block(200)
    for kind in (None, ThreadPoolExecutor, ProcessPoolExecutor):
        with ThreadPoolExecutor(1) if kind is None else kind(2) as pool:
            found = arrays(predicted(images, told=told, executor=None if kind is None else pool))
        for one, other in zip(wanted, found, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("times", [(100.0, 600.0), (50.0, 100.0, 400.0, 800.0)])
@pytest.mark.parametrize("at", [250.0, 2000.0])
def test_fast_and_exact_agree(times, at, monkeypatch):
    images = images_of(*times, dtype="float64")
    fast = predicted(images, at=at)
    monkeypatch.setattr(module.PredictionJob, "_has_fast_pass", False)
    exact = predicted(images, at=at)
    np.testing.assert_allclose(fast.counts, exact.counts, rtol=2e-3, atol=0.02)
    np.testing.assert_allclose(fast.deviation, exact.deviation, rtol=2e-3)
    np.testing.assert_array_equal(fast.mask, exact.mask)
    assert arrays(fast)[3].tolist() == arrays(exact)[3].tolist()
    assert arrays(fast)[3].sum() == fast.counts.size


def test_numbers_of_pixels():
    found = predicted(images_of(50.0, 100.0, 400.0, 800.0))
    assert (found.by_own_counts, found.masked) == (2, 0)


def test_a_full_pixel_is_masked_in_the_fast_pass():
    """Beyond all exposures: 30 electron/s are 60 000 electron at 2000 s, and the pixel never was full."""
    found = predicted(images_of(50.0, 100.0, 400.0), at=2000.0, full=50000.0)
    assert found.mask[7].all()
    np.testing.assert_array_equal(found.counts[7], 50000.0)
    # And the two that are not proportional.
    assert found.masked == 52


def test_own_read_noise_of_each_pixel():
    """The error is that of a pixel's own read noise."""
    rng = np.random.default_rng(4)
    noise = np.where(np.arange(SHAPE[1]) < 25, 3.0, 12.0)
    biases = [frame for frame in noisy_darks(rng, 0.0, 0.0, 40, noise, SHAPE)]
    with_map = {"read_noise": read_noise_map(biases)}
    rates = [
        dark_rate(noisy_darks(rng, 0.5, seconds, 8, noise, SHAPE), bias=0 * u.electron, **with_map)
        for seconds in (100.0, 600.0)
    ]
    found = predicted(RateImages(rates))
    deviates = (found.counts - 125) / found.deviation
    for half in (slice(0, 25), slice(25, 50)):
        assert deviates[:, half].std() == pytest.approx(1, abs=0.06)


def test_memory_limit():
    with pytest.raises(ValueError, match="^mem_limit must be at least"):
        predicted(images_of(100.0, 600.0), mem_limit=1000)
