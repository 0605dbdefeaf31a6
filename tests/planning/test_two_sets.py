"""What darks of two exposure times will find out, against what they find out."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from ccdproc_darks import DARK_FLAGS, compare_dark_rates, dark_rate, hot_pixel_mask
from ccdproc_darks.planning import departure_power, frames_to_test, smallest_departure, smallest_testable_rate

from ..helpers import ELECTRON_PER_SECOND, master_bias, mean_dark, rate_image
from .cameras import PAIR, pairs, rates, shares

powers = st.floats(0.01, 0.99)


@pytest.mark.statistics
@pytest.mark.filterwarnings("ignore::ccdproc_darks.NoiseWarning")
@pytest.mark.parametrize("power", [0.5, 0.9])
@pytest.mark.parametrize(
    ("departure", "read_noise", "exposures", "frames", "bias_frames", "near"),
    [
        # near: how far the power of one direction may be off; that of both together is right.
        (0.02, 3.0, (300.0, 600.0), (5, 5), None, 0.01),
        (0.02, 10.0, (90.0, 1000.0), (10, 20), 5, 0.02),
        (0.1, 10.0, (90.0, 1000.0), (10, 20), 5, 0.03),
        (0.1, 10.0, (90.0, 100.0), (20, 10), 1, 0.04),
        (0.1, 1.0, (1000.0, 90.0), (20, 10), 20, 0.05),
    ],
)
def test_power_is_the_fraction_flagged(departure, read_noise, exposures, frames, bias_frames, near, power):
    """Of pixels that all read higher, or lower, by as much in the shorter exposure."""
    rng = np.random.default_rng(3)
    shape = (200, 300)
    pixels = shape[0] * shape[1]
    camera = {"exposures": exposures * u.s, "frames": frames, "read_noise": read_noise * u.electron,
              "bias_frames": bias_frames, "pixels": pixels}  # fmt: skip
    rate = smallest_testable_rate(tolerance=departure, power=power, **camera)
    assert departure_power(rate, departure, **camera) == pytest.approx(power, abs=1e-9)
    flagged = []
    for sign in (1, -1):
        bias = 0 * u.electron if bias_frames is None else master_bias(rng, read_noise, bias_frames, shape)
        actual = rate.value * np.where(np.array(exposures) == min(exposures), 1 + sign * departure, 1)
        measured = [
            dark_rate(mean_dark(rng, *each, read_noise, shape), bias=bias)
            for each in zip(actual, exposures, frames, strict=True)
        ]
        flags = hot_pixel_mask(*measured, tolerance=1e-9, offset=None, threshold=1e9 * ELECTRON_PER_SECOND)
        flagged.append(flags.meta["NNONLIN"] / pixels)
    assert flagged == pytest.approx([power, power], abs=near)
    counting = np.sqrt(power * (1 - power) / (2 * pixels))
    assert np.mean(flagged) == pytest.approx(power, abs=0.003 + 4 * counting)


@pytest.mark.parametrize("tolerance", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("false_positives", [0.01, 1.0, 50.0])
@pytest.mark.parametrize(
    ("read_noise", "exposures", "frames", "bias_frames"),
    [(10.0, (90.0, 1000.0), (10, 20), None), (10.0, (90.0, 1000.0), (10, 20), 5), (0.7, (300.0, 60.0), (1, 40), 1)],
)
def test_unreliable_dark_begins_below_the_smallest_testable_rate(
    read_noise, exposures, frames, bias_frames, false_positives, tolerance
):
    # Too few pixels to tell a population of rates: each is weighed by its own.
    shape = (2, 40)
    camera = {"exposures": exposures * u.s, "frames": frames, "read_noise": read_noise * u.electron,
              "bias_frames": bias_frames, "pixels": 80, "false_positives": false_positives}  # fmt: skip
    smallest = smallest_testable_rate(tolerance=tolerance, **camera).to_value(ELECTRON_PER_SECOND)
    truth = smallest * np.array([0.9999, 1.0001])[:, None] * np.ones(shape)
    # The same master bias: its values are zero, its error is not.
    master = CCDData(np.zeros(shape), unit="electron", meta={"NCOMBINE": bias_frames or 1})
    bias = 0 * u.electron if bias_frames is None else master
    measured = [
        rate_image(truth, time, number=number, read_noise=read_noise, bias=bias)
        for time, number in zip(exposures, frames, strict=True)
    ]
    for offset in (None, "common"):
        flags = hot_pixel_mask(
            *measured, tolerance=tolerance, false_positives=false_positives, offset=offset,
            threshold=smallest / 2 * ELECTRON_PER_SECOND,
        )  # fmt: skip
        unreliable = (flags.data & DARK_FLAGS.UNRELIABLE_DARK) != 0
        assert unreliable.all(axis=1).tolist() == unreliable.any(axis=1).tolist() == [True, False]

    # The deviation behind it is the uncertainty of the difference of two rates that are the same.
    difference = compare_dark_rates(*measured, offset=None).uncertainty.array
    critical = norm.isf(false_positives / 80 / 2)
    departure = smallest_departure(truth * ELECTRON_PER_SECOND, **camera)
    np.testing.assert_allclose(departure, critical * difference / truth, rtol=1e-6)


@given(rates, pairs(), powers)
def test_smallest_departure_has_the_power(rate, pair, power):
    rate = rate * ELECTRON_PER_SECOND
    departure = smallest_departure(rate, power=power, **pair)
    assert departure_power(rate, departure, **pair) == pytest.approx(power, abs=1e-9)
    assert departure_power(rate, departure * 1.1, **pair) > power


@given(pairs(), powers, st.floats(1e-3, 10))
def test_smallest_testable_rate_is_where_the_tolerance_is_the_smallest_departure(pair, power, tolerance):
    rate = smallest_testable_rate(tolerance=tolerance, power=power, **pair)
    assert rate.unit == ELECTRON_PER_SECOND
    assert smallest_departure(rate, power=power, **pair) == pytest.approx(tolerance, rel=1e-9)
    assert smallest_departure(1.01 * rate, power=power, **pair) < tolerance


@given(rates, pairs(), powers, shares, st.floats(0.05, 1))
def test_frames_to_test_are_enough_and_one_fewer_is_not(rate, pair, power, share, tolerance):
    rate = rate * ELECTRON_PER_SECOND
    del pair["frames"]
    # The bias error at which it is only just impossible is the tolerance's share of an infinite number of frames.
    pair["bias_error"] = 1 * u.electron
    unit = smallest_departure(rate, power=power, frames=10**15, **{**pair, "read_noise": 0 * u.electron})
    pair["bias_error"] = share * tolerance / unit * u.electron
    number = frames_to_test(rate, power=power, tolerance=tolerance, **pair)
    assert isinstance(number, int)
    assert smallest_departure(rate, power=power, frames=number, **pair) <= tolerance * (1 + 1e-8)
    if number > 1:
        assert smallest_departure(rate, power=power, frames=number - 1, **pair) > tolerance * (1 - 1e-8)


@given(rates, pairs(), st.floats(1.01, 10))
def test_laws(rate, pair, factor):
    rate = rate * ELECTRON_PER_SECOND
    departure = smallest_departure(rate, **pair)

    def changed(rate=rate, **options):
        return smallest_departure(rate, **{**pair, **options})

    # Which of the sets comes first is the same.
    assert changed(exposures=pair["exposures"][::-1], frames=pair["frames"][::-1]) == pytest.approx(departure)
    # Only electrons matter.
    assert changed(rate / factor, exposures=pair["exposures"] * factor) == pytest.approx(departure)
    # More never hurts, and more tests are harder.
    first, second = pair["frames"]
    assert changed(frames=(first + 1, second)) < departure
    assert changed(frames=(first, second + 1)) < departure
    assert changed(rate * factor) < departure
    assert changed(pixels=10 * pair["pixels"]) > departure
    assert changed(false_positives=2.0) < departure
    assert changed(power=0.9) > departure
    assert changed(bias_error=pair["bias_error"] + 1 * u.electron) > departure


def test_a_proportional_pixel_is_flagged_as_often_as_asked():
    """On the side that counts: half of the false positives."""
    chance = departure_power(1 * ELECTRON_PER_SECOND, 1e-12, **PAIR, false_positives=100)
    assert chance == pytest.approx(50 / 4096**2)


def test_the_darks_of_the_guide():
    """Its authors distrust 90 s rates above 4 electron/s: there a tenth shows; of 0.01 electron/s nothing does."""
    assert smallest_departure(4 * ELECTRON_PER_SECOND, **PAIR) == pytest.approx(0.1, abs=0.01)
    assert smallest_departure(0.01 * ELECTRON_PER_SECOND, **PAIR) > 10


def test_arrays_and_units():
    rate = [[1.0, 4.0, 16.0]] * ELECTRON_PER_SECOND
    both = {"read_noise": 10 * u.electron, "pixels": 10**6, "exposures": (1.5 * u.min, 1000 * u.s)}
    departure = smallest_departure(rate, frames=10, **both)
    power = departure_power(rate, 10 * u.percent, frames=[10, 10], **both)
    number = frames_to_test(rate, **both)
    assert departure.shape == power.shape == number.shape == (1, 3)
    assert number.dtype.kind == "i"
    both["exposures"] = [90, 1000] * u.s
    assert departure[0, 1] == smallest_departure(4 * ELECTRON_PER_SECOND, frames=(10, 10), **both)
    assert power[0, 1] == departure_power(4 * ELECTRON_PER_SECOND, 0.1, frames=10, **both)
    assert number[0, 1] == frames_to_test(4 * ELECTRON_PER_SECOND, **both)
    assert smallest_testable_rate(frames=10, **both).isscalar
