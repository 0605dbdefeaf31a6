"""The fast pass over pixels that lost no frame: what it decides is what the exact way says."""

from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import dark_rate, hot_pixel_mask
from ccdproc_darks.masks import false_discoveries, fast_flags
from ccdproc_darks.masks.fast_flags import FastFlags


class TestFirst:
    """The rate at which something begins, on a grid that becomes closer thrice."""

    @pytest.mark.parametrize("edge", [3e-10, 2e-9, 0.01, 7.0, 9e8])
    def test_to_a_part_in_a_million(self, edge):
        found = fast_flags._first(lambda rates: rates > edge)
        assert edge < found <= edge * (1 + 3e-7) + 1e-15

    def test_nowhere_and_everywhere(self):
        assert fast_flags._first(lambda rates: rates > 1e9) == np.inf
        assert fast_flags._first(lambda rates: rates >= 0) is None

    def test_how_often_it_is_asked(self):
        asked = []
        fast_flags._first(lambda rates: asked.append(rates.size) or rates > 1)
        assert asked == [401, 1001, 1001]


class TestAbove:
    def test_nothing_is_above_infinity(self):
        inexact = np.zeros(5, bool)
        for dtype in ("f4", "f8"):
            found = fast_flags._above(np.array([0.0, 1e-30, 1.0, 1e30, np.nan], dtype), np.inf, inexact)
            assert not found.any()
            assert not inexact.any()

    def test_close_to_it(self):
        inexact = np.zeros(5, bool)
        rates = np.array([2 - 2.1e-4, 2 - 1.9e-4, 2, 2 + 1.9e-4, 2 + 2.1e-4], "f4")
        found = fast_flags._above(rates, 2.0, inexact)
        assert found.tolist() == [False] * 4 + [True]
        assert np.flatnonzero(inexact).tolist() == [1, 2, 3]


@contextmanager
def exactly():
    """No fast pass, neither for flags nor for the thresholds of a false discovery rate."""
    with (
        mock.patch.object(FastFlags, "of", classmethod(lambda *_: None)),
        mock.patch.object(false_discoveries._DeviatesJob, "_is_slow", True),
    ):
        yield


def sensor_rates(rng, seconds, frames, read_noise, *, rate=0.02, shape=(120, 200)):
    """Rates of a sensor with hot pixels, some of them not proportional, saturated ones and lost frames."""
    truth = np.full(shape, rate)
    hot = rng.random(shape) < 0.05
    truth[hot] = np.exp(rng.uniform(np.log(2 * rate), np.log(4000 * rate), hot.sum()))
    crooked, lossy, telegraph = (rng.random(shape) < share for share in (0.01, 0.01, 0.01))
    bias = CCDData(np.zeros(shape), unit="electron", meta={"NCOMBINE": 20})
    bias.data += rng.normal(size=shape) * read_noise / np.sqrt(20)
    rates = []
    for number, (time, some) in enumerate(zip(seconds, frames, strict=True)):
        actual = truth * np.where(crooked & (number == 0), 1.5, 1.0) * np.where(telegraph, rng.choice([1, 2], shape), 1)
        counts = rng.poisson(actual * time, (some, *shape)) + rng.normal(size=(some, *shape)) * read_noise
        counts[0][lossy] += 1e5
        stack = [CCDData(one, unit="electron", meta={"EXPTIME": time}) for one in counts]
        rates.append(
            dark_rate(
                stack, bias=bias, saturation=15000 * u.electron,
                read_noise=float(np.sqrt(np.mean(np.square(read_noise)))) * u.electron,
            )
        )  # fmt: skip
    return rates


def noise_map(rng, sigma, degrees=49):
    """Map of read noise from 50 bias frames."""
    scatter = sigma * np.sqrt(rng.chisquare(degrees, size=sigma.shape) / degrees)
    return CCDData(scatter, unit="electron", uncertainty=StdDevUncertainty(scatter / np.sqrt(2 * degrees)))


@pytest.mark.filterwarnings("ignore:read noise differs")
@pytest.mark.parametrize(
    "options",
    [{}, {"fdr": 0.1}, {"false_positives": 100, "tolerance": 0.01}, {"mask": ("HOT", "UNRELIABLE_ERROR")}],
    ids=str,
)
@pytest.mark.parametrize("with_map", [False, True])
@pytest.mark.parametrize(
    ("seconds", "frames"),
    [((60.0, 600.0), (8, 8)), ((60.0, 200.0, 600.0), (8, 4, 8)), ((30.0, 60.0, 200.0, 600.0), (1, 3, 4, 5))],
)
def test_flags_are_those_of_the_exact_way(seconds, frames, with_map, options):
    rng = np.random.default_rng(len(seconds))
    shape = (120, 200)
    sigma = 3.0 * np.exp(0.2 * rng.normal(size=shape)) if with_map else np.full(shape, 3.0)
    sigma[rng.random(shape) < 0.002] *= 5 if with_map else 1
    rates = sensor_rates(rng, seconds, frames, sigma)
    options = options | ({"read_noise": noise_map(rng, sigma)} if with_map else {})
    quick = hot_pixel_mask(*rates, **options)
    with exactly():
        exact = hot_pixel_mask(*rates, **options)
    np.testing.assert_array_equal(quick.data, exact.data)
    np.testing.assert_array_equal(quick.mask, exact.mask)
    for key in ("NHOT", "NNONLIN", "NSATUR", "NUNRELI", "NNOTEST", "NNOISY", "NMASKED"):
        assert quick.meta.get(key) == exact.meta.get(key), key
    for key in ("DKTHRESH", "DKSIGMA"):
        assert quick.meta[key] == pytest.approx(exact.meta[key], rel=1e-12), key
    assert min(quick.meta[key] for key in ("NHOT", "NNONLIN", "NSATUR", "NUNRELI", "NNOTEST")) > 5
    assert (quick.meta["NNOISY"] > 10) if with_map else ("NNOISY" not in quick.meta)
