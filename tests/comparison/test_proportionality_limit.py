"""The rate above which pixels stop being proportional, against sensors whose law of departure is known."""

import importlib

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import QTable
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from ccdproc_darks import DarkSequence, dark_rate, hot_pixel_mask, sensor_preset
from ccdproc_darks._interface.number_text import plain_number
from ccdproc_darks.comparison.proportionality_limit import (
    ProportionalityLimit,
    proportionality_limit,
)
from ccdproc_darks.rates.rate_images import RateImages
from ccdproc_darks.simulation import DepletionEdgePixels, HotPixels

from ..helpers import ELECTRON_PER_SECOND, dark, master_bias, mean_dark, rate_image, snapshot
from ..strategies import seeds
from ..test_real_frames import LONG, SHORT, master, measure  # noqa: F401 (fixtures)

limits = importlib.import_module("ccdproc_darks.comparison.proportionality_limit")

# The CCD guide's: (seconds, frames), and its read noise.
GUIDE = ((90.0, 10), (1000.0, 20))
READ_NOISE = 10.0
COLD = 0.01


def power_law(rng, number, low, high):
    """Rates of hot pixels: their number above x falls as 1 / x."""
    return low / (1 - rng.random(number) * (1 - low / high))


def rates_of(rng, rate, departure, *, sets=GUIDE, read_noise=READ_NOISE):
    """Measured rates of pixels of these best-estimate rates (electron/s) and relative departures."""
    weights = [seconds**2 * number / (rate * seconds + read_noise**2) for seconds, number in sets]
    share = weights[0] / sum(weights)
    true = rate * (1 + (1 - share) * departure), rate * (1 - share * departure)
    return [
        dark_rate(mean_dark(rng, values, seconds, number, read_noise, rate.shape))
        for values, (seconds, number) in zip(true, sets, strict=True)
    ]


def sensors(rng, law, *, number=1, pixels=600, low=0.35, high=95.0, scatter=0.4, odd=0.0, **options):
    """
    Rates of so many sensors, a row each, of hot pixels.

    They depart by ``law(rate)``, some more and some less; odd ones by anything, as many by more than 10 % as by less.
    """
    rate = power_law(rng, (number, pixels), low, high)
    departure = law(rate) * (1 + scatter * rng.normal(size=rate.shape))
    anything = 0.1 + rng.choice([-1, 1], rate.shape) * rng.uniform(0, 0.9, rate.shape)
    departure = np.where(rng.random(rate.shape) < odd, anything, departure)
    return rates_of(rng, rate, np.clip(departure, -0.8, 2.0), **options)


def gradual(limit, power=1.0):
    """A departure that grows with the rate, and is 10 % at the limit."""
    return lambda rate: 0.1 * (rate / limit) ** power


def at_once(limit, size=0.3):
    return lambda rate: np.where(rate > limit, size, 0.0)


def ends(result):
    return result.interval.to_value(ELECTRON_PER_SECOND)


# The law of the departure, its limit, and what else the sensor is.
CASES = {
    "gradual": (gradual(4), 4, {}),
    "few pixels": (gradual(4), 4, {"pixels": 150}),
    "steep": (gradual(4, 3), 4, {}),
    "at once": (at_once(4), 4, {}),
    "odd pixels": (gradual(4), 4, {"odd": 0.2}),
    "few frames": (gradual(4), 4, {"sets": ((90.0, 2), (1000.0, 1)), "low": 1.0}),
    "noise as large as the tolerance": (gradual(4), 4, {"sets": ((30.0, 3), (300.0, 1)), "low": 3.0}),
    "near the hottest": (gradual(60), 60, {}),
    "nowhere": (at_once(1e9), np.inf, {}),
    "short reads lower": (lambda rate: -gradual(4)(rate), 4, {}),
}


def outcomes(name, draws, confidence):
    """Limit, lower and upper end of so many sensors, shape (3, draws)."""
    law, _, options = CASES[name]
    rates = sensors(np.random.default_rng(21), law, number=draws, **options)
    results = [
        proportionality_limit(*(rate[row : row + 1] for rate in rates), confidence=confidence, offset=None)
        for row in range(draws)
    ]
    return np.array([(result.limit.value, *ends(result)) for result in results]).T


@pytest.mark.statistics
@pytest.mark.parametrize("name", CASES)
def test_coverage(name):
    """95 % of the intervals or more hold the truth: more where pixels are few, or the onset sudden."""
    draws, truth = 120, CASES[name][1]
    _, low, high = outcomes(name, draws, 0.95)
    assert np.mean((low <= truth) & (truth <= high)) > 0.95 - 3 * np.sqrt(0.05 * 0.95 / draws)


@pytest.mark.statistics
@pytest.mark.parametrize("name", ["gradual", "few frames"])
def test_coverage_is_not_too_large(name):
    """Of intervals that a third must miss; with as many misses on either side, and estimates right on average."""
    draws, truth = 300, CASES[name][1]
    limit, low, high = outcomes(name, draws, 0.6827)
    assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(0.6827, abs=3 * 0.027)
    assert np.mean(truth < low) == pytest.approx(np.mean(truth > high), abs=3 * 0.033)
    assert np.median(limit) == pytest.approx(truth, rel=0.04)


@pytest.mark.statistics
def test_precision():
    """Of 50 hot pixels above a gradual onset and as many above a sudden one, which is found as if by eye."""
    gradually, suddenly = (outcomes(name, 40, 0.95) for name in ("gradual", "at once"))
    for (limit, low, high), deviation, width in ((gradually, 0.25, 0.8), (suddenly, 0.02, 0.25)):
        assert np.std(np.log(limit / 4)) < deviation
        assert np.median(np.log(high / low)) < width


def pixel_by_pixel(law, *, share=0.05, low=0.35, shape=(200, 200)):
    """Rates of a sensor of mostly cold pixels."""
    rng = np.random.default_rng(22)
    rate = np.where(rng.random(shape) < share, power_law(rng, shape, low, 95.0), COLD)
    return rates_of(rng, rate, np.where(rate > COLD, np.minimum(law(rate), 2.0), 0.0))


@pytest.fixture(scope="module")
def rates():
    return pixel_by_pixel(gradual(4))


def test_offset_of_one_set_is_removed(rates):
    """A bias that drifted by 30 electron is no departure."""
    moved = rates[0].copy()
    moved.data = moved.data + 30 / 90
    for offset, expected in (("common", ends(proportionality_limit(*rates))), (None, [0, 0])):
        low, high = ends(proportionality_limit(moved, rates[1], offset=offset))
        assert (low == pytest.approx(expected[0], rel=0.05) and high == pytest.approx(expected[1], rel=0.05)) == (
            offset == "common"
        )


def test_curve(rates):
    curve = proportionality_limit(*rates).curve
    assert isinstance(curve, QTable)
    assert curve["rate"].unit == curve["rate_low"].unit == curve["rate_high"].unit == ELECTRON_PER_SECOND
    assert np.all(curve["pixels"] >= 10)
    assert np.all(np.diff(curve["rate"]) > 0)
    assert np.all(curve["rate_low"][1:] > curve["rate_high"][:-1])
    assert np.all((curve["rate_low"] <= curve["rate"]) & (curve["rate"] <= curve["rate_high"]))
    expected = gradual(4)(curve["rate"].value)
    inner = expected < 1.5
    pull = (curve["departure"] - expected)[inner] / curve["departure_error"][inner]
    # Of a bin's median rate, next to that of its departures: a steep law within wide bins.
    assert np.all(np.abs(pull) < 5)


def test_pixels_of_more_noise_than_the_tolerance_take_no_part(rates):
    """Science of two rates without a bias: the variance of their difference is (d t + R**2) / (N t**2) of each."""

    def noise(rate):
        return np.sqrt(sum((rate * t + READ_NOISE**2) / (number * t**2) for t, number in GUIDE)) / rate

    for tolerance in (0.03, 0.06, 0.1):
        lowest = brentq(lambda rate, tolerance=tolerance: noise(rate) - tolerance, 0.01, 100)
        curve = proportionality_limit(*rates, tolerance=tolerance).curve
        assert curve["rate_low"][0].value == pytest.approx(lowest, rel=0.05)


def test_no_trend_without_departure():
    """
    Of a steep distribution of rates (as of a warm sensor), where noise brings pixels from bin to bin.

    In the order of the short rate alone, or of the long one, it would make a departure.
    """
    rng = np.random.default_rng(23)
    rate = 0.5 * rng.pareto(6, (500, 600)) + 0.5
    measured = rates_of(rng, rate, np.zeros(rate.shape), sets=((90.0, 2), (1000.0, 1)))
    result = proportionality_limit(*measured, tolerance=0.2)
    curve = result.curve
    assert np.isinf(result.limit)
    assert len(curve) > 4
    assert np.sum(curve["pixels"]) > 2e5
    # Next to nothing remains, of the second order of the noise.
    assert np.all(np.abs(curve["departure"]) < 0.005 + 3 * curve["departure_error"])
    np.testing.assert_allclose(
        curve["departure_error"][:3], np.sqrt(np.pi / 2 / curve["pixels"][:3]) * curve["scatter"][:3], rtol=0.1
    )
    short, long = (np.asarray(image.data, dtype=float) for image in measured)
    for single, sign in ((short, 1), (long, -1)):
        chosen = (single > 1) & (single < 1.4)
        assert sign * np.median((short - long)[chosen] / single[chosen]) > 0.01


def full_sensor(seed, odd, law=lambda rate: 0 * rate):
    """Frames of hot pixels up to twice the rate that 2000 electron of full well take, some of them not proportional."""
    rng = np.random.default_rng(seed)
    rate = power_law(rng, (30, 100), 2.0, 40.0)
    departing = rng.random(rate.shape) < odd
    rates = []
    for seconds, number in ((10.0, 60), (100.0, 4)):
        factor = np.where(departing, 1.5 if seconds == 10 else 0.75, 1.0)
        frames = [
            dark(np.minimum(rng.poisson(rate * factor * seconds) + rng.normal(0, 5, rate.shape), 2000), seconds,
                 "electron")
            for _ in range(number)
        ]  # fmt: skip
        rates.append(dark_rate(frames, saturation=2000 * u.electron))
    return rates


def test_saturation_selects_no_pixels():
    """
    Where proportional pixels are full, only those remain that are not: they are no typical ones.

    And a pixel that is nearly full keeps only those long frames that noise made low.
    """
    rates = full_sensor(24, odd=0.1)
    assert np.sum(rates[1].mask) > 100
    beyond = np.asarray(rates[1].data > 20) & ~rates[1].mask
    result = proportionality_limit(*rates, tolerance=0.1, offset=None)
    assert np.sum(beyond) == 0
    assert np.isinf(result.limit)
    assert 15 < ends(result)[0] < 20
    top = result.curve[-1]
    assert 17 < top["rate_high"].value < 19
    assert abs(top["departure"]) < 3 * top["departure_error"]
    assert top["departure_error"] < 0.01


def test_pixels_saturated_in_the_longest_of_three():
    """They are compared in the others."""
    rate = power_law(np.random.default_rng(25), (20, 60), 1.0, 95.0)
    measured = [
        rate_image(rate, seconds, saturation=20000 * u.electron, read_noise=1.0) for seconds in (50.0, 100.0, 1000.0)
    ]
    two = proportionality_limit(*measured[::2], offset=None)
    three = proportionality_limit(*measured, offset=None)
    assert 16 < two.curve["rate_high"][-1].value < 20 * (1 - 3 / np.sqrt(20000))
    assert three.curve["rate_high"][-1].value > 60


def test_the_edge_of_the_depletion_region():
    """All pixels hold the same charge q: D / d = 10 % at the rate that q (1 - exp(-d t / q)) tells."""
    charge, weights = 2e4, (900, 20000)

    def two(rate):
        return [charge * -np.expm1(-rate * seconds / charge) / seconds for seconds in (90.0, 1000.0)]

    def best(rate):
        return np.average(two(rate), weights=weights)

    truth = best(brentq(lambda rate: -np.diff(two(rate))[0] / best(rate) - 0.1, 0.1, 50))
    hot = HotPixels(fraction=0.1, above=0.5 * ELECTRON_PER_SECOND, maximum=60 * ELECTRON_PER_SECOND)
    sensor = sensor_preset(
        "aspen-cg16m", shape=(120, 120), seed=1, defects=(hot, DepletionEdgePixels(charge=charge * u.electron))
    )
    result = proportionality_limit(*measured_by_the_guide(sensor), confidence=0.99)
    low, high = ends(result)
    assert low < truth < high
    assert high / low < 1.6
    assert result.limit.value == pytest.approx(truth, rel=0.1)


def measured_by_the_guide(sensor):
    return [
        dark_rate(list(DarkSequence(sensor, [(number, seconds * u.s)], rng=number)), bias=sensor.bias)
        for seconds, number in GUIDE
    ]


def test_the_guides_camera():
    """Its authors saw 4 electron/s; here with ten times as many hot pixels on a small sensor."""
    hot = HotPixels(fraction=0.104, above=0.1 * ELECTRON_PER_SECOND, maximum=3000 * ELECTRON_PER_SECOND)
    preset = sensor_preset("aspen-cg16m")
    sensor = sensor_preset("aspen-cg16m", shape=(200, 200), seed=2, defects=(hot, preset.defects[1]))
    measured = measured_by_the_guide(sensor)
    result = proportionality_limit(*measured, tolerance=0.03)
    low, high = ends(result)
    assert low < 4 < high
    assert result.limit.value == pytest.approx(4, rel=0.1)
    assert 0 < result.curve["departure"][-1] < 2

    flags = hot_pixel_mask(*measured, threshold=result.limit)
    truth = sensor.true_rate(exposure=1000 * u.s).data > result.limit.value
    assert flags.meta["NHOT"] == pytest.approx(np.sum(truth), rel=0.05)


def test_free_offsets():
    """Frames without a bias: three exposure times, each pixel with an offset of its own."""
    rng = np.random.default_rng(26)
    rate = power_law(rng, (40, 60), 0.5, 95.0)
    pattern = rng.normal(0, 50, rate.shape)
    charge, read_noise = 5000.0, 5.0
    for full, finite in ((charge, True), (1e12, False)):
        measured = []
        for seconds in (30.0, 100.0, 300.0):
            true = full * -np.expm1(-rate * seconds / full) / seconds
            frame = mean_dark(rng, true, seconds, 20, read_noise, rate.shape)
            frame.data = frame.data + pattern
            measured.append(dark_rate(frame))
        result = proportionality_limit(*measured, offset="pixel")
        assert np.isfinite(result.limit) == finite
        assert ends(result)[0] > 0


def test_nothing_can_be_told():
    """Of a cold sensor, one with few hot pixels, one without any pixel."""
    rng = np.random.default_rng(27)
    cold = rates_of(rng, np.full((50, 60), COLD), np.zeros((50, 60)))
    few = rates_of(rng, np.r_[np.full(2996, COLD), [3.0] * 4].reshape(50, 60), np.zeros((50, 60)))
    blind = [rate.copy() for rate in cold]
    for rate in blind:
        rate.mask = np.ones(rate.shape, bool)
    for rates, number in ((cold, 0), (few, 4), (blind, 0)):
        result = proportionality_limit(*rates)
        assert np.isnan(result.limit)
        np.testing.assert_array_equal(ends(result), [0, np.inf])
        assert np.sum(result.curve["pixels"]) == number
        assert str(result).startswith("Cannot tell whether dark rates are proportional to exposure time within 10 %")
        assert (f"only {number} pixels" if number else "no pixel's rate is high") in str(result)


def test_all_pixels_depart():
    result = proportionality_limit(*pixel_by_pixel(lambda rate: 0.5 + 0 * rate, low=2.0))
    low, high = ends(result)
    assert low == 0
    assert result.limit.value == pytest.approx(2.0, rel=0.05)
    assert high == pytest.approx(2.0, rel=0.1)
    assert "with 95 % confidence it is anything up to 2.00: no rate is safe." in str(result)


@pytest.mark.parametrize(("sign", "way"), [(1, "higher"), (-1, "lower")])
def test_what_it_says(sign, way):
    result = proportionality_limit(*pixel_by_pixel(lambda rate: sign * np.minimum(gradual(4)(rate), 0.8)))
    low, high = ends(result)
    assert str(result) == (
        f"Dark rates are proportional to exposure time within 10 % up to {plain_number(result.limit.value)} electron/s."
        f" That limit is the best estimate; with 95 % confidence it is between {plain_number(low)} and "
        f"{plain_number(high)}: rely on {plain_number(low)}. "
        f"Above the limit, typical pixels read {way} in shorter exposures."
    )
    assert isinstance(result, ProportionalityLimit)
    assert result.limit.unit == result.interval.unit == ELECTRON_PER_SECOND
    assert (result.tolerance, result.confidence) == (0.1, 0.95)


def test_what_it_says_of_proportional_pixels():
    result = proportionality_limit(*pixel_by_pixel(lambda rate: 0 * rate), confidence=0.9)
    low, high = ends(result)
    assert np.isinf(result.limit)
    assert np.isinf(high)
    assert str(result).startswith(
        f"Dark rates are proportional to exposure time within 10 % up to {plain_number(low)} electron/s at least (90 % "
        f"confidence)."
    )


def test_how_many_pixels_establish_a_departure():
    """Six that all depart are enough, and of five it is not told (2**-5 is 3 %, but the hottest may be any)."""
    rate = np.r_[np.linspace(1, 20, 200), np.linspace(30, 40, 6)][None]
    departure = np.where(rate > 25, 0.5, 0.0)
    six = proportionality_limit(*rates_of(np.random.default_rng(28), rate, departure), offset=None)
    five = proportionality_limit(*rates_of(np.random.default_rng(28), rate[:, :-1], departure[:, :-1]), offset=None)
    assert 20 < six.limit.value < 31
    assert np.isinf(five.limit)
    assert 18 < ends(five)[0] < 20.5


def test_a_lower_departure_does_not_matter():
    """The limit is the last one: what warm pixels do below hot ones that are proportional is not asked."""
    rates = pixel_by_pixel(lambda rate: np.where((rate < 1) | (rate > 6), 0.4, 0.0), shape=(300, 300))
    assert proportionality_limit(*rates).limit.value == pytest.approx(6, rel=0.05)


@given(seed=seeds, limit=st.floats(1, 50), confidences=st.tuples(st.floats(0.5, 0.99), st.floats(0.5, 0.99)))
def test_intervals_are_nested(seed, limit, confidences):
    measured = sensors(np.random.default_rng(seed), gradual(limit), pixels=200)
    less, more = (
        proportionality_limit(*measured, confidence=confidence, offset=None) for confidence in sorted(confidences)
    )
    assert ends(more)[0] <= ends(less)[0]
    assert ends(less)[1] <= ends(more)[1]
    for result in (less, more):
        assert not ends(result)[0] > result.limit.value
        assert not ends(result)[1] < result.limit.value


@given(seed=seeds)
def test_neither_the_order_of_the_rates_nor_of_the_pixels_matters(seed):
    rng = np.random.default_rng(seed)
    measured = sensors(rng, gradual(4), pixels=300)
    kept = [snapshot(rate) for rate in measured]
    first = proportionality_limit(*measured)
    assert [snapshot(rate) for rate in measured] == kept
    order = rng.permutation(300)
    shuffled = [rate[:, ::-1] for rate in measured[::-1]]
    for rate in shuffled:
        rate.data, rate.uncertainty.array = rate.data[:, order], rate.uncertainty.array[:, order]
        rate.mask = rate.mask[:, order]
    second = proportionality_limit(*shuffled)
    np.testing.assert_allclose(ends(first), ends(second), rtol=1e-6)
    np.testing.assert_allclose(first.limit.value, second.limit.value, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"tolerance": 0}, ValueError, "^tolerance must be between 0"),
        ({"tolerance": np.nan}, ValueError, "^tolerance must be"),
        ({"tolerance": "0.1"}, TypeError, "^tolerance must be a plain number"),
        ({"confidence": 0.995}, ValueError, "^confidence must be from 0.5 to 0.99"),
        ({"confidence": 95}, ValueError, "^confidence must be from 0.5 to 0.99"),
        ({"offset": "none"}, ValueError, "^offset must be one of"),
        ({"offset": "pixel"}, ValueError, "^offset='pixel' needs rates of three exposure times"),
    ],
)
def test_wrong_options(rates, options, error, message):
    with pytest.raises(error, match=message):
        proportionality_limit(*rates, **options)


def test_wrong_rates(rates):
    with pytest.raises(ValueError, match=r"^two rates or more are needed, .* got 1$"):
        proportionality_limit(rates[0])
    with pytest.raises(TypeError, match=r"^rates\[0\] must be CCDData.*pass the rates one by one"):
        proportionality_limit(rates, rates)
    with pytest.raises(ValueError, match="must have different exposure times"):
        proportionality_limit(rates[0], rates[0])


def test_real_sensor(measure):  # noqa: F811
    """An STL-1001 at 0 deg C: proportional within 10 % (nearly) as far as it goes; and a per cent less at 100 e/s."""
    rates = measure(SHORT), measure(LONG)
    result = proportionality_limit(*rates)
    assert np.isinf(result.limit)
    assert ends(result)[0] > 250
    curve = result.curve
    plain = (curve["rate"].value > 8) & (curve["rate"].value < 100)
    assert np.all(np.abs(curve["departure"][plain]) < 0.02)
    fine = proportionality_limit(*rates, tolerance=0.01)
    assert 50 < fine.limit.value < 150
    assert fine.curve["departure"][-1] < 0.1


def test_read_noise_of_each_pixel():
    """Pixels that are too noisy to read to be tested take no part; the same read noise for all changes nothing."""
    rng = np.random.default_rng(5)
    rates = sensors(rng, gradual(5.0))
    read_noise = CCDData(np.full(rates[0].shape, READ_NOISE), unit="electron")
    one, same = proportionality_limit(*rates), proportionality_limit(*rates, read_noise=read_noise)
    assert same.limit == one.limit
    read_noise.data[:, ::2] = 1e4
    half = proportionality_limit(*rates, read_noise=read_noise)
    assert sum(half.curve["pixels"]) == pytest.approx(sum(one.curve["pixels"]) / 2, rel=0.1)


@pytest.mark.parametrize("tolerance", [0.02, 0.1, 2.0])
@pytest.mark.parametrize("case", ["plain", "three times", "no bias", "bad pixels", "one pixel"])
def test_pixels_that_are_passed_over_take_no_part(case, tolerance, monkeypatch):
    """Results are the same to the bit where all pixels are fitted."""
    rng = np.random.default_rng(7)
    sets = ((90.0, 10), (300.0, 3), (1000.0, 20)) if case == "three times" else GUIDE
    rate = power_law(rng, (30, 50), 0.01, 60.0)
    if case == "one pixel":
        rate = np.where(np.arange(1500).reshape(30, 50) == 777, 8.0, 0.01)
    bias = {} if case == "no bias" else {"bias": master_bias(rng, READ_NOISE, 4, rate.shape)}
    change = rng.normal(0, 0.3, (len(sets), *rate.shape))  # any departure, up and down
    rates = [
        dark_rate(mean_dark(rng, np.maximum(rate * (1 + part), 0), seconds, number, READ_NOISE, rate.shape), **bias)
        for part, (seconds, number) in zip(change, sets, strict=True)
    ]
    if case == "bad pixels":
        for measured in rates:
            measured.mask |= rng.random(rate.shape) < 0.2
            measured.data[measured.mask] = np.nan
    images, numbers = RateImages(rates, least=2), []
    possible = limits._TestableJob._possible

    def counted(job, rows, shared):
        numbers.append(len(possible(job, rows, shared)))
        return possible(job, rows, shared)

    monkeypatch.setattr(limits._TestableJob, "_possible", counted)
    few = limits._testable_pixels(images, "common", tolerance)
    monkeypatch.setattr(limits._TestableJob, "_possible", lambda job, rows, shared: np.arange(rows.counts[0].size))
    for some, same in zip(few, limits._testable_pixels(images, "common", tolerance), strict=True):
        np.testing.assert_array_equal(some, same, strict=True)
    assert sum(numbers) < rate.size
    if tolerance == 0.02:
        assert sum(numbers) < rate.size / 2
    if case == "one pixel" and tolerance == 0.1:
        assert few[0].size == sum(numbers) == 1
