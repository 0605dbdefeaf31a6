"""The offset that all pixels of an exposure time share."""

import numpy as np
import pytest

from ccdproc_darks import compare_dark_rates
from ccdproc_darks.rates.common_offsets import common_offsets
from ccdproc_darks.rates.mean_counts import MeanCounts

from ..helpers import mean_dark, rate_image


@pytest.mark.filterwarnings("ignore::ccdproc_darks.BiasWarning")
@pytest.mark.parametrize("level", [-12.0, -1.0, 2.0, 100.0])
def test_common_offset(level):
    """Of an image with hot pixels, some of them not proportional."""
    from ccdproc_darks import dark_rate

    rng = np.random.default_rng(4)
    rates = np.full((200, 200), 0.5)
    rates.flat[:400] = rng.uniform(5, 500, 400)
    short = mean_dark(rng, rates, 30.0, 10, 5.0, rates.shape)
    rates.flat[:200] *= 0.5
    long = mean_dark(rng, rates, 300.0, 4, 5.0, rates.shape)
    short.data += level
    compared = compare_dark_rates(dark_rate(short), dark_rate(long))
    assert compared.meta["DKOFF1"] == pytest.approx(level, abs=0.06)
    assert np.median(compared.data.flat[400:]) == pytest.approx(0, abs=0.003)


def test_an_offset_that_grows_with_exposure_is_a_dark_rate():
    rates = [rate_image(np.full((5, 5), 3.0), time) for time in (10.0, 20.0, 40.0)]
    meta = compare_dark_rates(*rates).meta
    assert [meta[f"DKOFF{number}"] for number in (1, 2, 3)] == pytest.approx([0, 0, 0])


@pytest.mark.parametrize("free_offset", [False, True])
@pytest.mark.parametrize(("read_noise", "rate"), [(0.5, 0.001), (0.5, 0.01), (3.0, 0.01)])
def test_no_bias_where_electrons_are_few(read_noise, rate, free_offset):
    """A pixel whose long exposure happens to have more electrons weighs as the others do."""
    rng = np.random.default_rng(7)
    seconds, numbers = np.array([45.0, 100.0, 300.0]), np.array([10, 10, 5])
    shape = (3, 500, 1000)
    frames = np.broadcast_to(numbers[:, None, None], shape).astype(float)
    counts = rng.poisson((rate * seconds * numbers)[:, None, None], shape) / frames
    counts += rng.normal(0, read_noise, shape) / np.sqrt(frames)
    rows = MeanCounts(counts, frames, read_noise**2 / frames, np.ones(shape, bool), np.full(shape, np.nan))
    offsets = common_offsets([rows], seconds, free_offset)
    noise = np.sqrt(rate * seconds / numbers + read_noise**2 / numbers)
    assert np.abs(offsets / noise).max() < 0.01


def test_no_bias_without_read_noise():
    """Most pixels have no electron at all."""
    rng = np.random.default_rng(8)
    seconds, frames = np.array([100.0, 300.0]), np.full((2, 500, 1000), 5.0)
    counts = rng.poisson(0.0002 * 5 * seconds[:, None, None], frames.shape) / frames
    rows = MeanCounts(counts, frames, 0 * frames, frames > 0, np.nan * frames)
    assert np.abs(common_offsets([rows], seconds, False)).max() < 0.002
