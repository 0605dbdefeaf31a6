"""Any number of rates at a glance, against the exact way."""

from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import compare_dark_rates
from ccdproc_darks._compute import loops
from ccdproc_darks.comparison.comparer import RateComparer
from ccdproc_darks.comparison.several_rates import SeveralRates
from ccdproc_darks.rates.rate_images import RateImages

from ..helpers import ELECTRON_PER_SECOND, assert_same_image, full_mask
from ..strategies import seeds

SHAPE = (20, 50)
EVERYTHING = slice(0, SHAPE[0])
BIAS_FRAMES = 20
TIMES, NUMBERS = (60.0, 600.0, 1800.0, 20.0, 200.0), (10, 7, 4, 1, 3)
MAPS = ("none", "exact", "measured")
IMAGES = ("difference", "rate", "deviation", "deviate", "departure", "information", "skewness", "share", "alike")


def noise_map(rng, kind, read_noise=3.0, shape=SHAPE, frames=20):
    """True read noise of the pixels, and a map of it: none, an exact one, or one of some frames."""
    if kind == "none":
        return np.full(shape, read_noise), None
    true = read_noise * np.exp(0.2 * rng.normal(size=shape))
    if kind == "exact":
        return true, CCDData(true, unit=u.electron)
    seen = true * np.sqrt(rng.chisquare(frames - 1, shape) / (frames - 1))
    error = StdDevUncertainty(seen / np.sqrt(2 * (frames - 1)))
    return true, CCDData(seen, unit=u.electron, uncertainty=error)


def rates_of(
    rng, number, *, rate=0.05, read_noise=3.0, true=None, bias="shared", odd=0.02, lost=0.02, dtype="f4", shape=SHAPE,
    times=TIMES,
):  # fmt: skip
    """Rates of proportional pixels but for some ``odd`` ones; some ``lost`` a frame or have no rate."""
    true = np.full(shape, read_noise) if true is None else true
    dark = rate * np.exp(0.5 * rng.normal(size=shape))
    error = 0.0 if bias == "none" else read_noise / np.sqrt(BIAS_FRAMES)
    common, rates = rng.normal(size=shape), []
    for index in range(number):
        t, frames = times[index], NUMBERS[index]
        seen = np.where((rng.random(shape) < odd) & (index == 0), 2 * dark, dark)
        offset = error * (common if bias == "shared" else rng.normal(size=shape)) * true / read_noise
        counts = rng.poisson(seen * t * frames) / frames + true / np.sqrt(frames) * rng.normal(size=shape) - offset
        kept = np.where(rng.random(shape) < lost, max(frames - 1, 1), frames)
        variance = (np.maximum(counts, 0) + read_noise**2) / kept + error**2
        counts[rng.random(shape) < lost / 2] = np.nan
        meta = {
            "DKEXPMIN": t, "DKEXPMAX": t, "DKNEXP": 1, "DKTOTAL": t * frames, "NCOMBINE": frames, "DKBIASER": error,
            "DKBIASID": {"none": "", "shared": "one", "separate": f"{index}"}[bias], "DKRDNOI": read_noise,
            "DKNOISE": "argument", "DKOFFSET": "none",
        }  # fmt: skip
        uncertainty = StdDevUncertainty((np.sqrt(variance) / t).astype(dtype))
        rates.append(CCDData((counts / t).astype(dtype), unit=ELECTRON_PER_SECOND, uncertainty=uncertainty, meta=meta))
    return rates


def comparer_of(rates, read_noise=None, null="theoretical"):
    return RateComparer(RateImages(rates, least=2, read_noise=read_noise), "common", null)


def several_of(comparer):
    """The fast comparison, also of two rates with one read noise."""
    return SeveralRates(comparer.images, comparer.offsets, comparer._rate_distribution, comparer._scale)


@given(
    seeds, st.integers(2, 5), st.sampled_from([0.002, 0.05, 3.0]), st.sampled_from(MAPS),
    st.sampled_from(["none", "shared", "separate"]), st.sampled_from(["theoretical", "empirical"]),
)  # fmt: skip
def test_it_is_the_exact_way(seed, number, rate, kind, bias, null):
    """But in the tails that it leaves to the exact way."""
    rng = np.random.default_rng(seed)
    true, read_noise = noise_map(rng, kind)
    comparer = comparer_of(rates_of(rng, number, rate=rate, true=true, bias=bias), read_noise, null)
    quick = several_of(comparer).rows(comparer.images, EVERYTHING)
    exact, complete, inexact = comparer.rows(EVERYTHING), quick.complete, quick.inexact_mask()
    assert 0.7 < complete.mean() < 1
    assert inexact[~complete].all()
    assert np.mean(inexact[complete]) < 0.3
    ours, theirs = quick.significance()[~inexact], exact.significance.ravel()[~inexact]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-5)
    information = (exact.fit.information * exact.seconds[:, None, None] ** 2).max(axis=0)
    for name, image in (
        ("rate", exact.fit.rate), ("departure", exact.largest_departure()), ("information", information),
        ("difference", exact.difference()[0]),
    ):  # fmt: skip
        ours, theirs = getattr(quick, name)[complete], image.ravel()[complete]
        scale = np.abs(theirs).max() if name in ("rate", "difference") else 0.0
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-6 * scale, err_msg=name)
    quick = several_of(comparer).rows(comparer.images, EVERYTHING, departures=False)
    np.testing.assert_allclose(quick.deviation[complete], exact.difference()[1].ravel()[complete], rtol=1e-6)


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("rate", [0.002, 0.3])
def test_decisions(number, kind, rate):
    """What is beyond a deviate is beyond it by the exact way; that tells the undecided ones."""
    rng = np.random.default_rng(number)
    true, read_noise = noise_map(rng, kind, 1.5)
    rates = rates_of(rng, number, rate=rate, read_noise=1.5, true=true, odd=0, lost=0.01)
    comparer = comparer_of(rates, read_noise)
    shift = rates[0].uncertainty.array * rng.uniform(-8, 8, SHAPE)
    rates[0].data[...] += shift
    rates[0].uncertainty.array[...] = (
        np.sqrt((np.maximum(rates[0].data * TIMES[0], 0) + 1.5**2) / NUMBERS[0] + 1.5**2 / BIAS_FRAMES) / TIMES[0]
    )
    comparer.images = RateImages(rates, least=2, read_noise=read_noise)
    quick = comparer.fast_block(EVERYTHING)
    exact = np.abs(comparer.rows(EVERYTHING).significance.ravel())
    for critical in (2.6, 4.0, 5.5):
        beyond, undecided = quick.beyond(critical)
        assert not set(beyond) & set(undecided)
        decided = np.setdiff1d(np.flatnonzero(quick.complete), undecided)
        assert set(beyond) == set(decided[exact[decided] > critical])
        assert quick.complete[undecided].all()


@pytest.mark.skipif(loops.several is None, reason="the compiled loops were not built, or are not wanted")
@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("statistic", ["difference", "significance", "ratio", "offset"])
def test_without_a_compiler(kind, statistic):
    """The same to the bit."""
    rng = np.random.default_rng(4)
    true, read_noise = noise_map(rng, kind)
    rates = rates_of(rng, 3, true=true)
    ours = compare_dark_rates(*rates, statistic=statistic, read_noise=read_noise)
    with mock.patch.object(loops, "several", None):
        assert_same_image(ours, compare_dark_rates(*rates, statistic=statistic, read_noise=read_noise))


@pytest.mark.parametrize("statistic", ["difference", "significance", "ratio", "offset"])
@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_every_statistic(statistic, kind, dtype):
    """As without the fast pass."""
    rng = np.random.default_rng(7)
    true, read_noise = noise_map(rng, kind)
    rates = rates_of(rng, 4, true=true, dtype=dtype)
    ours = compare_dark_rates(*rates, statistic=statistic, read_noise=read_noise)
    with mock.patch.object(RateComparer, "_find_fast", lambda comparer: setattr(comparer, "fast", None)):
        plain = compare_dark_rates(*rates, statistic=statistic, read_noise=read_noise)
    np.testing.assert_array_equal(full_mask(ours), full_mask(plain))
    scale = np.nanmax(np.abs(plain.data)) if statistic == "difference" else 1.0
    np.testing.assert_allclose(ours.data, plain.data, rtol=2e-5, atol=1e-6 * scale)
    if statistic != "significance":
        np.testing.assert_allclose(ours.uncertainty.array, plain.uncertainty.array, rtol=2e-5)


def test_blocks(monkeypatch):
    """It does not matter how the image is cut."""
    rng = np.random.default_rng(8)
    true, read_noise = noise_map(rng, "measured")
    rates = rates_of(rng, 3, true=true)
    whole = compare_dark_rates(*rates, statistic="significance", read_noise=read_noise)
    monkeypatch.setattr("ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK", 130)
    assert_same_image(whole, compare_dark_rates(*rates, statistic="significance", read_noise=read_noise))


@pytest.mark.parametrize("position", range(3))
def test_side_of_equal_exposures(position):
    """Positive where the first reads higher, as in the exact way."""
    rng = np.random.default_rng(9)
    rates = rates_of(rng, 3, times=(100.0,) * 3, lost=0)
    rates[position].data[3] += 1.0
    comparer = RateComparer(RateImages(rates, least=2, repeated=True), "common", "theoretical")
    ours = comparer.fast_block(EVERYTHING).deviate.reshape(SHAPE)
    np.testing.assert_array_equal(np.sign(ours), np.sign(comparer.rows(EVERYTHING).significance))


class TestFits:
    def test_which(self):
        rng = np.random.default_rng(1)
        rates = rates_of(rng, 3)
        assert SeveralRates.fits(RateImages(rates), False)
        assert not SeveralRates.fits(RateImages(rates), True)
        assert not SeveralRates.fits(RateImages(rates[:1]), False)
        # Where a pixel's own rate is hardly known there is a distribution of rates, which only this class knows.
        assert isinstance(comparer_of(rates[:2]).fast, SeveralRates)
        assert comparer_of(rates_of(rng, 2, rate=50.0)).two_rates is not None
        assert comparer_of(rates_of(rng, 2, dtype="f8")).two_rates is not None
        true, read_noise = noise_map(rng, "exact")
        assert isinstance(comparer_of(rates_of(rng, 2, true=true), read_noise).fast, SeveralRates)

    def test_without_read_noise(self):
        rates = rates_of(np.random.default_rng(2), 3)
        del rates[1].meta["DKRDNOI"]
        assert comparer_of(rates).fast is None
        rates[1].meta["DKRDNOI"] = 0.0
        assert SeveralRates.fits(RateImages(rates), False)
        read_noise = CCDData(np.full(SHAPE, 3.0), unit=u.electron)
        assert not SeveralRates.fits(RateImages(rates, read_noise=read_noise), False)
