"""What a set of darks will measure, against what it measures."""

import inspect
import re

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from ccdproc_darks import DARK_FLAGS, compare_dark_rates, dark_rate, hot_pixel_mask, simulate_dark
from ccdproc_darks.planning import (
    departure_power,
    exposure_needed,
    frames_needed,
    frames_to_test,
    rate_uncertainty,
    smallest_departure,
    smallest_rate,
    smallest_testable_rate,
)

from .helpers import ELECTRON_PER_SECOND, master_bias, mean_dark, noisy_darks, rate_image
from .strategies import read_noises, seconds

SHAPE = (400, 500)
GUIDE = {"read_noise": 10 * u.electron, "frames": 10, "exposure": 90 * u.s}
PAIR = {"exposures": [90, 1000] * u.s, "frames": (10, 20), "read_noise": 10 * u.electron, "pixels": 4096**2}

rates = st.floats(1e-3, 1e3)
numbers = st.integers(1, 1000)
precisions = st.floats(0.01, 1)
# Bias error, as a fraction of what would make the aim impossible.
shares = st.floats(0, 0.9)
powers = st.floats(0.01, 0.99)


@st.composite
def pairs(draw):
    """What the functions of two exposure times take."""
    short = draw(seconds)
    return {
        "exposures": [short, short * draw(st.floats(1.01, 100))] * u.s,
        "frames": (draw(numbers), draw(numbers)),
        "read_noise": draw(read_noises) * u.electron,
        "bias_error": draw(st.floats(0, 30)) * u.electron,
        "pixels": draw(st.integers(10**3, 10**8)),
    }


class TestOneRate:
    """Uncertainty, smallest rate, frames and exposure of one set of darks."""

    @pytest.mark.parametrize("bias_frames", [None, 4])
    @pytest.mark.parametrize(
        ("rate", "time", "number", "read_noise"), [(0.0, 90, 10, 10), (0.1, 90, 10, 10), (2.0, 300, 5, 3)]
    )
    def test_uncertainty_is_the_scatter_of_measured_rates(self, rate, time, number, read_noise, bias_frames):
        rng = np.random.default_rng(1)
        darks = noisy_darks(rng, rate, time, number, read_noise, SHAPE)
        bias = 0 * u.electron if bias_frames is None else master_bias(rng, read_noise, bias_frames, SHAPE)
        measured = dark_rate(darks, bias=bias, clip=None, dtype="float64")
        camera = {"exposure": time * u.s, "frames": number, "read_noise": read_noise * u.electron}
        planned = rate_uncertainty(rate * ELECTRON_PER_SECOND, bias_frames=bias_frames, **camera)
        # 200 000 pixels know their scatter to 0.16 %.
        assert measured.data.std() == pytest.approx(planned.to_value(ELECTRON_PER_SECOND), rel=0.006)

    def test_of_digitised_frames(self):
        """Rounding to steps of 6 electron is in the read noise that the header tells."""
        camera = dict(gain=6 * u.electron / u.adu, read_noise=3 * u.electron, bias=500 * u.adu)
        rate = 0.5 * ELECTRON_PER_SECOND
        darks = [simulate_dark(SHAPE, exposure=100 * u.s, rate=rate, rng=seed, **camera) for seed in range(3)]
        measured = dark_rate(darks, bias=500 * u.adu, clip=None, dtype="float64")
        read_noise = darks[0].meta["RDNOISE"] * u.electron
        planned = rate_uncertainty(rate, exposure=100 * u.s, frames=3, read_noise=read_noise)
        assert measured.data.std() == pytest.approx(planned.value, rel=0.006)

    @pytest.mark.parametrize(("read_noise", "time"), [(10.0, 90.0), (0.5, 300.0)])
    def test_smallest_rate_has_its_signal_to_noise(self, read_noise, time):
        rng = np.random.default_rng(2)
        camera = {"exposure": time * u.s, "frames": 10, "read_noise": read_noise * u.electron, "bias_frames": 20}
        rate = smallest_rate(**camera, signal_to_noise=5).to_value(ELECTRON_PER_SECOND)
        bias = master_bias(rng, read_noise, 20, SHAPE)
        measured = dark_rate(mean_dark(rng, rate, time, 10, read_noise, SHAPE), bias=bias, dtype="float64").data
        assert measured.mean() / measured.std() == pytest.approx(5, rel=0.006)

    def test_figures_of_the_guide(self):
        noise = rate_uncertainty(0 * ELECTRON_PER_SECOND, **GUIDE)
        assert noise.unit == ELECTRON_PER_SECOND
        assert noise.value == pytest.approx(0.035, abs=5e-4)
        # Its 0.01 electron/s are a third of that noise: not measured in 90 s, nor in ten frames of 1000 s to 10 %.
        assert smallest_rate(**GUIDE) > 0.1 * ELECTRON_PER_SECOND
        needed = frames_needed(0.01 * ELECTRON_PER_SECOND, exposure=1000 * u.s, read_noise=10 * u.electron)
        assert needed == (10 + 100) / 1**2

    def test_photon_noise_alone(self):
        """Signal to noise k takes k^2 electrons."""
        camera = {"read_noise": 0 * u.electron, "frames": 4}
        assert smallest_rate(exposure=100 * u.s, **camera) * 400 * u.s == 9 * u.electron
        assert frames_needed(1 * ELECTRON_PER_SECOND, exposure=10 * u.s, read_noise=0 * u.electron) == 10
        assert exposure_needed(1 * ELECTRON_PER_SECOND, **camera).to_value(u.s) == pytest.approx(25)

    @given(seconds, numbers, read_noises, st.floats(0, 30), st.floats(0.1, 100))
    def test_smallest_rate_over_its_uncertainty(self, time, number, read_noise, bias_error, wanted):
        camera = {"exposure": time * u.s, "frames": number, "read_noise": read_noise * u.electron}
        camera["bias_error"] = bias_error * u.electron
        rate = smallest_rate(**camera, signal_to_noise=wanted)
        assert float(rate / rate_uncertainty(rate, **camera)) == pytest.approx(wanted, rel=1e-9)

    @given(rates, seconds, read_noises, precisions, shares)
    def test_frames_needed_are_enough_and_one_fewer_is_not(self, rate, time, read_noise, precision, share):
        camera = {"exposure": time * u.s, "read_noise": read_noise * u.electron}
        camera["bias_error"] = share * precision * rate * time * u.electron
        rate = rate * ELECTRON_PER_SECOND
        number = frames_needed(rate, precision=precision, **camera)
        assert isinstance(number, int)
        assert rate_uncertainty(rate, frames=number, **camera) <= precision * rate * (1 + 1e-8)
        if number > 1:
            assert rate_uncertainty(rate, frames=number - 1, **camera) > precision * rate * (1 - 1e-8)

    @given(rates, numbers, read_noises, precisions, st.integers(1, 100))
    def test_exposure_needed_has_the_precision(self, rate, number, read_noise, precision, bias_frames):
        camera = {"frames": number, "read_noise": read_noise * u.electron, "bias_frames": bias_frames}
        rate = rate * ELECTRON_PER_SECOND
        time = exposure_needed(rate, precision=precision, **camera)
        assert time.unit == u.s
        assert float(rate_uncertainty(rate, exposure=time, **camera) / rate) == pytest.approx(precision, rel=1e-9)

    @given(rates, seconds, numbers, read_noises, st.integers(1, 100), st.floats(0.1, 10))
    def test_laws(self, rate, time, number, read_noise, bias_frames, factor):
        rate, time = rate * ELECTRON_PER_SECOND, time * u.s

        def uncertainty(rate=rate, exposure=time, frames=number, **options):
            return rate_uncertainty(
                rate, exposure=exposure, frames=frames, read_noise=read_noise * u.electron, **options
            )

        # Averaging; and only electrons matter.
        assert float(uncertainty() / uncertainty(frames=4 * number)) == pytest.approx(2)
        slower = uncertainty(rate / factor, time * factor, bias_frames=bias_frames)
        assert float(slower * factor / uncertainty(bias_frames=bias_frames)) == pytest.approx(1)
        # More never hurts.
        assert uncertainty(bias_frames=bias_frames) > uncertainty(frames=number + 1, bias_frames=bias_frames)
        assert uncertainty(bias_frames=bias_frames) > uncertainty(bias_frames=bias_frames + 1) > uncertainty()
        assert uncertainty(bias_frames=bias_frames) > uncertainty(exposure=1.01 * time, bias_frames=bias_frames)
        # As many bias frames as darks of no exposure at all: twice the variance of read noise.
        dark = uncertainty(0 * rate)
        assert float(uncertainty(0 * rate, bias_frames=number) / dark) == pytest.approx(np.sqrt(2))

    def test_arrays(self):
        rate = [0.1, 1.0, 10.0] * ELECTRON_PER_SECOND
        exposure = [[1.5], [3.0]] * u.min
        camera = {"read_noise": 5 * u.electron, "bias_frames": 10}
        uncertainty = rate_uncertainty(rate, exposure=exposure, frames=4, **camera)
        number = frames_needed(rate, exposure=exposure, precision=0.5, **camera)
        time = exposure_needed(rate, frames=4, **camera)
        smallest = smallest_rate(exposure=exposure, frames=4, **camera)
        assert uncertainty.shape == number.shape == (2, 3)
        assert number.dtype.kind == "i"
        assert (time.shape, smallest.shape) == ((3,), (2, 1))
        one = {"exposure": 180 * u.s, **camera}
        assert uncertainty[1, 0] == rate_uncertainty(rate[0], frames=4, **one)
        assert number[1, 0] == frames_needed(rate[0], precision=0.5, **one)
        assert time[2] == exposure_needed(10 * ELECTRON_PER_SECOND, frames=4, **camera)
        assert smallest[1, 0] == smallest_rate(frames=4, **one)
        assert uncertainty[0, 0].isscalar

    def test_master_bias_by_its_frames_or_its_error(self):
        rate = 0.1 * ELECTRON_PER_SECOND
        assert rate_uncertainty(rate, **GUIDE, bias_frames=25) == rate_uncertainty(
            rate, **GUIDE, bias_error=2 * u.electron
        )

    def test_a_bias_that_no_number_of_frames_makes_good(self):
        """What the message says would help does, and only just."""
        camera = {"read_noise": 10 * u.electron, "precision": 0.1}
        rate = 0.02 * ELECTRON_PER_SECOND
        with pytest.raises(
            ValueError,
            match=r"^no number of frames of 90 s is enough: the error of the bias, 2\.236 electron, is 12\.42 times "
            r"what that allows\. Frames of more than [\d.]+ s are needed, or a bias error below [\d.]+ electron "
            r"\(more than \d+ bias frames\)$",
        ) as caught:
            frames_needed(rate, exposure=90 * u.s, bias_frames=20, **camera)
        time, error, number = re.search(
            r"more than ([\d.]+) s .* below ([\d.]+) electron \(more than (\d+) bias", str(caught.value)
        ).groups()
        for share, enough in ((0.999, False), (1.001, True)):
            for options in (
                {"exposure": float(time) * share * u.s, "bias_frames": 20},
                {"exposure": 90 * u.s, "bias_error": float(error) / share * u.electron},
                {"exposure": 90 * u.s, "bias_frames": int(number) + enough},
            ):
                if enough:
                    assert frames_needed(rate, **options, **camera) > 1
                else:
                    with pytest.raises(ValueError, match=r"^no number of frames"):
                        frames_needed(rate, **options, **camera)

    def test_the_worst_of_an_array_is_named(self):
        with pytest.raises(ValueError, match=r"^no number of frames of 20 s .*, is 10 times .* more than 200 s are"):
            frames_needed(
                [4, 1] * ELECTRON_PER_SECOND, exposure=[[30], [20]] * u.s, read_noise=5 * u.electron,
                bias_error=20 * u.electron,
            )  # fmt: skip

    def test_no_read_noise_needs_no_bias_frames(self):
        with pytest.raises(ValueError, match=r"or a bias error below 1 electron$"):
            frames_needed(1 * ELECTRON_PER_SECOND, exposure=10 * u.s, read_noise=0 * u.electron,
                          bias_error=2 * u.electron)  # fmt: skip

    def test_more_frames_than_anybody_takes(self):
        with pytest.raises(ValueError, match=r"^1e\+22 frames would be needed: longer exposures need fewer$"):
            frames_needed(1e-9 * ELECTRON_PER_SECOND, exposure=1 * u.s, read_noise=10 * u.electron)


class TestTwoRates:
    """Power, smallest departure, frames and smallest rate of a test of proportionality."""

    @pytest.mark.filterwarnings("ignore:the rates of good pixels differ")
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
    def test_power_is_the_fraction_flagged(self, departure, read_noise, exposures, frames, bias_frames, near, power):
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
        self, read_noise, exposures, frames, bias_frames, false_positives, tolerance
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
                threshold=1e9 * ELECTRON_PER_SECOND,
            )  # fmt: skip
            unreliable = (flags.data & DARK_FLAGS.UNRELIABLE_DARK) != 0
            assert unreliable.all(axis=1).tolist() == unreliable.any(axis=1).tolist() == [True, False]

        # The deviation behind it is the uncertainty of the difference of two rates that are the same.
        difference = compare_dark_rates(*measured, offset=None).uncertainty.array
        critical = norm.isf(false_positives / 80 / 2)
        departure = smallest_departure(truth * ELECTRON_PER_SECOND, **camera)
        np.testing.assert_allclose(departure, critical * difference / truth, rtol=1e-6)

    @given(rates, pairs(), powers)
    def test_smallest_departure_has_the_power(self, rate, pair, power):
        rate = rate * ELECTRON_PER_SECOND
        departure = smallest_departure(rate, power=power, **pair)
        assert departure_power(rate, departure, **pair) == pytest.approx(power, abs=1e-9)
        assert departure_power(rate, departure * 1.1, **pair) > power

    @given(pairs(), powers, st.floats(1e-3, 10))
    def test_smallest_testable_rate_is_where_the_tolerance_is_the_smallest_departure(self, pair, power, tolerance):
        rate = smallest_testable_rate(tolerance=tolerance, power=power, **pair)
        assert rate.unit == ELECTRON_PER_SECOND
        assert smallest_departure(rate, power=power, **pair) == pytest.approx(tolerance, rel=1e-9)
        assert smallest_departure(1.01 * rate, power=power, **pair) < tolerance

    @given(rates, pairs(), powers, shares, st.floats(0.05, 1))
    def test_frames_to_test_are_enough_and_one_fewer_is_not(self, rate, pair, power, share, tolerance):
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
    def test_laws(self, rate, pair, factor):
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

    def test_a_proportional_pixel_is_flagged_as_often_as_asked(self):
        """On the side that counts: half of the false positives."""
        chance = departure_power(1 * ELECTRON_PER_SECOND, 1e-12, **PAIR, false_positives=100)
        assert chance == pytest.approx(50 / 4096**2)

    def test_the_darks_of_the_guide(self):
        """Its authors distrust 90 s rates above 4 electron/s: there a tenth shows; of 0.01 electron/s nothing does."""
        assert smallest_departure(4 * ELECTRON_PER_SECOND, **PAIR) == pytest.approx(0.1, abs=0.01)
        assert smallest_departure(0.01 * ELECTRON_PER_SECOND, **PAIR) > 10

    def test_arrays_and_units(self):
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

    def test_a_bias_that_no_number_of_frames_makes_good(self):
        """What the message says would help does, and only just."""
        aim = {"rate": 1 * ELECTRON_PER_SECOND, "read_noise": 10 * u.electron, "pixels": 4096**2, "tolerance": 0.01}
        exposures = [90, 1000] * u.s
        with pytest.raises(ValueError, match=r"^no number of frames of 90 s and 1000 s is enough") as caught:
            frames_to_test(exposures=exposures, bias_frames=20, **aim)
        times = float(re.search(r"is ([\d.]+) times what", str(caught.value))[1])
        short, long, error, number = re.search(
            r"more than ([\d.]+) s and ([\d.]+) s .* below ([\d.]+) electron \(more than (\d+) bias", str(caught.value)
        ).groups()
        assert (float(short) / 90, float(long) / 1000) == pytest.approx((times, times), rel=1e-3)
        for share, enough in ((0.999, False), (1.001, True)):
            for options in (
                {"exposures": [float(short), float(long)] * u.s * share, "bias_frames": 20},
                {"exposures": exposures, "bias_error": float(error) / share * u.electron},
                {"exposures": exposures, "bias_frames": int(number) + enough},
            ):
                if enough:
                    assert frames_to_test(**options, **aim) > 1
                else:
                    with pytest.raises(ValueError, match=r"^no number of frames"):
                        frames_to_test(**options, **aim)


ONE = {"rate": 1 * ELECTRON_PER_SECOND, **GUIDE}
TWO = {"rate": 1 * ELECTRON_PER_SECOND, **PAIR}


def without(arguments, *names):
    return {name: value for name, value in arguments.items() if name not in names}


FUNCTIONS = {
    rate_uncertainty: ONE,
    smallest_rate: without(ONE, "rate"),
    frames_needed: without(ONE, "frames"),
    exposure_needed: without(ONE, "exposure"),
    departure_power: {**TWO, "departure": 0.1},
    smallest_departure: TWO,
    frames_to_test: without(TWO, "frames"),
    smallest_testable_rate: without(TWO, "rate"),
}
WRONG = [
    ("rate", 1.0, TypeError, r"^rate must be a Quantity in electron / s, got 1.0 without a unit"),
    ("rate", 1 * u.s, u.UnitsError, r"^rate must be a Quantity in electron / s, got 1.0 s"),
    ("rate", -1 * ELECTRON_PER_SECOND, ValueError, r"^rate must be (zero or )?positive"),
    ("rate", [1, np.nan] * ELECTRON_PER_SECOND, ValueError, r"^rate must be finite"),
    ("exposure", 90, TypeError, r"^exposure must be a Quantity in s, got 90 without a unit"),
    ("exposure", 0 * u.s, ValueError, r"^exposure must be positive"),
    ("exposures", 90 * u.s, ValueError, r"^exposures must be two, got the shape \(\)"),
    ("exposures", [1, 2, 3] * u.s, ValueError, r"^exposures must be two, got the shape \(3,\)"),
    ("exposures", [[1, 2]] * u.s, ValueError, r"^exposures must be two, got the shape \(1, 2\)"),
    ("exposures", [90, 90.01] * u.s, ValueError, r"^exposures must be different, got 90 s and 90.01 s"),
    ("exposures", [90, 0] * u.s, ValueError, r"^exposures must be positive"),
    ("exposures", [90 * u.s, 1000], TypeError, r"^exposures\[1\] must be a Quantity in s, got 1000 without a unit"),
    ("exposures", (90 * u.m, 9 * u.s), u.UnitsError, r"^exposures\[0\] must be a Quantity in s, got 90.0 m"),
    ("exposures", np.array([90, 1000]), TypeError, r"^exposures must be a Quantity in s"),
    ("frames", 0, ValueError, r"^frames must be finite and above 0, got 0"),
    ("frames", 2.5, ValueError, r"^frames must be a whole number from 1, got 2.5"),
    ("frames", 0.5, ValueError, r"^frames must be a whole number from 1, got 0.5"),
    ("frames", "ten", TypeError, r"^frames must be a plain number, got 'ten'"),
    ("read_noise", 10, TypeError, r"^read_noise must be a Quantity in electron, got 10 without a unit"),
    ("read_noise", 10 * u.adu, u.UnitsError, r"^read_noise must be a Quantity in electron, got 10.0 adu"),
    ("read_noise", -1 * u.electron, ValueError, r"^read_noise must be zero or positive"),
    ("bias_frames", 0, ValueError, r"^bias_frames must be finite and above 0"),
    ("bias_frames", 1.5, ValueError, r"^bias_frames must be a whole number from 1, got 1.5"),
    ("bias_frames", 2 * u.electron, TypeError, r"^bias_frames must be a plain number, got 2.0 electron"),
    ("bias_error", 2, TypeError, r"^bias_error must be a Quantity in electron, got 2 without a unit"),
    ("bias_error", np.inf * u.electron, ValueError, r"^bias_error must be finite"),
    ("bias_error", -2 * u.electron, ValueError, r"^bias_error must be zero or positive"),
    ("signal_to_noise", 0, ValueError, r"^signal_to_noise must be finite and above 0"),
    ("precision", -0.1, ValueError, r"^precision must be finite and above 0, got -0.1"),
    ("precision", 1 * u.s, TypeError, r"^precision must be a plain number, got 1.0 s"),
    ("departure", 0, ValueError, r"^departure must be finite and above 0"),
    ("tolerance", np.nan, ValueError, r"^tolerance must be finite and above 0, got nan"),
    ("power", 1.0, ValueError, r"^power must be between 0 and 1, got 1.0"),
    ("power", 1e-9, ValueError, r"^power must be above 2.98023e-08, which a proportional pixel has, got 1e-09"),
    ("pixels", 0.5, ValueError, r"^pixels must be a whole number from 1, got 0.5"),
    ("false_positives", 0, ValueError, r"^false_positives must be between 0 and 1.67772e\+07, got 0"),
    ("false_positives", 4096**2, ValueError, r"^false_positives must be between 0 and"),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_wrong_arguments(function):
    tried = 0
    for argument, value, error, message in WRONG:
        if argument in inspect.signature(function).parameters:
            tried += 1
            with pytest.raises(error, match=message):
                function(**{**FUNCTIONS[function], argument: value})
    assert tried >= 12
    with pytest.raises(ValueError, match=r"^bias_frames and bias_error both tell the error of the bias"):
        function(**FUNCTIONS[function], bias_frames=20, bias_error=2 * u.electron)


@pytest.mark.parametrize(
    "function", [frames_needed, exposure_needed, departure_power, smallest_departure, frames_to_test]
)
def test_a_rate_of_nothing_cannot_be_measured(function):
    with pytest.raises(ValueError, match=r"^rate must be positive"):
        function(**{**FUNCTIONS[function], "rate": 0 * ELECTRON_PER_SECOND})


@pytest.mark.parametrize(
    ("frames", "message"),
    [((10,), r"^frames must be one number, or two: .*, got 1$"), ((1, 2, 3), r", got 3$"),
     ((10, 1.5), r"^frames\[1\] must be a whole number from 1, got 1.5")],
)  # fmt: skip
def test_frames_of_two_exposures(frames, message):
    with pytest.raises(ValueError, match=message):
        smallest_departure(**{**TWO, "frames": frames})


def test_everything_else_is_by_name():
    with pytest.raises(TypeError, match="positional"):
        rate_uncertainty(1 * ELECTRON_PER_SECOND, 90 * u.s, 10, 10 * u.electron)
