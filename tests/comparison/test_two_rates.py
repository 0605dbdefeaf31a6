"""Two rates at a glance, against the exact path that any number of rates take."""

from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, VarianceUncertainty
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import DARK_FLAGS, compare_dark_rates, dark_rate, hot_pixel_mask
from ccdproc_darks.comparison.comparer import RateComparer, compare_rows
from ccdproc_darks.comparison.two_rates import TwoRates
from ccdproc_darks.masks.hot_pixels import HotPixelTest
from ccdproc_darks.rates.rate_images import RateImages
from ccdproc_darks.statistics.rate_distribution import sensor_rate_distribution

from ..helpers import ELECTRON_PER_SECOND, dark, full_mask, master_bias, mean_dark
from ..strategies import seeds

SHAPE = (30, 40)
TIMES = (90.0, 1000.0)
STATISTICS = ("difference", "significance", "ratio", "offset")
# Of deviates and in standard deviations: what single precision leaves of a rate of a thousand of these.
SETTLED = {"float64": 2e-6, "float32": 2e-4}


def exactly():
    """The exact path for all pixels."""
    return mock.patch.object(RateComparer, "_find_fast", lambda comparer: setattr(comparer, "fast", None))


def truth(rng, rate, spread, shape=SHAPE):
    """Rates of a sensor: most about ``rate``, a few hot."""
    rates = rate * np.exp(spread * rng.normal(size=shape))
    rates.flat[rng.choice(rates.size, rates.size // 20, replace=False)] = np.geomspace(rate, 100, rates.size // 20)
    return rates


def pair_of(
    rng, *, rate=0.05, spread=0.3, read_noise=8.0, numbers=(4, 6), times=TIMES, bias="shared", dtype="float32",
    frames=False, crooked=0.02, bad=True, shape=SHAPE,
):  # fmt: skip
    """
    Two rates of a sensor some of whose pixels are not proportional.

    With ``frames`` they are of single ones, some of which cosmic rays have hit; else of combined ones.
    """
    rates, actual = [], truth(rng, rate, spread, shape)
    biases = {"none": [None] * 2, "shared": [master_bias(rng, read_noise, 20, shape)] * 2}
    biases["separate"] = [master_bias(rng, read_noise, number, shape) for number in (20, 10)]
    for index, (time, number) in enumerate(zip(times, numbers, strict=True)):
        seen = np.where((rng.random(shape) < crooked) & (index == 0), 1.5 * actual, actual)
        if frames:
            darks = [mean_dark(rng, seen, time, 1, read_noise, shape) for _ in range(number)]
            for frame in darks:
                frame.data[rng.random(shape) < 0.02] += 3000
        else:
            darks = [mean_dark(rng, seen, time, number, read_noise, shape)]
        if bad:
            for frame in darks:
                frame.mask = rng.random(shape) < 0.01
            everywhere = rng.random(shape) < 0.01
            for frame in darks:
                frame.data[everywhere] = rng.choice([np.nan, 9e5])
        rates.append(dark_rate(darks, bias=biases[bias][index], saturation=8e5 * u.electron, dtype=dtype))
    return rates


def pixels_of(rates, departures, *, times=TIMES, numbers=(4, 6), read_noise=8.0, bias_error=0.0, dtype="float32"):
    """Two rates, with a common bias, whose weighted mean is ``rates`` and whose difference is of so many sigmas."""
    variances = [
        (np.maximum(rates, 0) * time / number + read_noise**2 / number + bias_error**2) / time**2
        for time, number in zip(times, numbers, strict=True)
    ]
    common = bias_error**2 / (times[0] * times[1])
    whole = variances[0] + variances[1] - 2 * common
    difference = departures * np.sqrt(whole)
    long = rates - difference * (variances[1] - common) / whole
    bias = None
    if bias_error:
        bias = CCDData(np.zeros(long.shape), unit="electron", meta={"NCOMBINE": round((read_noise / bias_error) ** 2)})
    options = {"read_noise": read_noise * u.electron, "bias": bias, "dtype": dtype}
    return [
        dark_rate(dark(values * time, time, "electron", read_noise=None, NCOMBINE=number), **options)
        for values, time, number in zip((long + difference, long), times, numbers, strict=True)
    ]


def assert_near(values, deviation, exact, exact_deviation, tolerance):
    """Equal but for a fraction of a standard deviation; NaN only where the other is."""
    np.testing.assert_array_equal(np.isnan(values), np.isnan(exact))
    near = tolerance * (np.abs(exact_deviation) + np.abs(exact))
    good = np.isfinite(exact)
    assert (np.abs(values - exact)[good] <= near[good]).all()
    np.testing.assert_allclose(deviation, exact_deviation, rtol=tolerance)


def check_comparison(rates, tolerance):
    """All of a pair agrees with what the exact path gives; returns how many pixels got no closer look."""
    comparer, block = RateComparer(RateImages(rates), "common", "theoretical"), slice(0, rates[0].shape[0])
    exact = comparer.rows(block)
    for statistic in STATISTICS[:3]:
        quick = comparer.fast_block(block, departures=statistic == "significance")
        images, special = quick.statistic(statistic)
        mended = comparer.rows(block, special)
        if statistic == "significance":
            images, expected, mended = [*images, 1.0], [exact.significance, 1.0], [mended.significance, 1.0]
        else:
            expected, mended = (getattr(found, statistic)() for found in (exact, mended))
        images, expected, mended = (
            [np.broadcast_to(np.ravel(image), size).copy() for image in found]
            for found, size in ((images, quick.rate.size), (expected, quick.rate.size), (mended, special.size))
        )
        for image, new, right in zip(images, mended, expected, strict=True):
            np.testing.assert_array_equal(new, right[special])
            image[special] = new
        images[1][np.isnan(images[0])] = expected[1][np.isnan(expected[0])] = np.nan
        assert_near(*images, *expected, tolerance)
    return quick.rate.size - comparer.fast_block(block).inexact_pixels().size


def check_results(rates, tolerance, **options):
    """The same of `compare_dark_rates`."""
    for statistic in STATISTICS:
        quick = compare_dark_rates(*rates, statistic=statistic, **options)
        with exactly():
            exact = compare_dark_rates(*rates, statistic=statistic, **options)
        assert quick.data.dtype == exact.data.dtype
        np.testing.assert_array_equal(quick.mask, exact.mask)
        one = np.ones(quick.shape)
        deviations = [one if image.uncertainty is None else image.uncertainty.array for image in (quick, exact)]
        assert_near(quick.data, deviations[0], exact.data, deviations[1], tolerance)
        if statistic == "offset":
            np.testing.assert_array_equal(quick.data, exact.data)


def check_flags(rates, complete=False, **options):
    """
    The same flags as by a closer look at each pixel.

    Where all pixels are ``whole``, what is typical of them is the same too, and so are flags without any short cut.
    """
    quick = hot_pixel_mask(*rates, **options)
    with mock.patch.object(HotPixelTest, "by_noise_alone", False):
        exact_mean_counts = hot_pixel_mask(*rates, **options)
    others = [exact_mean_counts]
    if complete:
        with exactly():
            others.append(hot_pixel_mask(*rates, **options))
    for other in others:
        np.testing.assert_array_equal(quick.data, other.data)
        np.testing.assert_array_equal(quick.mask, other.mask)
        for key in ("DKTHRESH", "DKTYPIC", "DKHOTWID"):
            if key in quick.meta:
                assert quick.meta[key] == pytest.approx(other.meta[key], rel=1e-5)
        for key in ("NHOT", "NNONLIN", "NSATUR", "NUNRELI", "NNOTEST", "NMASKED"):
            assert quick.meta[key] == other.meta[key], key
    return quick


def check_both(rates, dtype, complete=False):
    plain = check_comparison(rates, SETTLED[dtype])
    check_flags(rates, complete)
    return plain


@pytest.mark.parametrize("bias", ["none", "shared", "separate"])
@pytest.mark.parametrize("read_noise", [0.5, 3.0, 10.0])
@pytest.mark.parametrize("rate", [0.001, 0.05, 1.0, 100.0])
def test_sensors(rate, read_noise, bias):
    for dtype in SETTLED:
        rng = np.random.default_rng(int(1000 * rate + read_noise))
        rates = pair_of(rng, rate=rate, read_noise=read_noise, bias=bias, dtype=dtype)
        plain = check_comparison(rates, SETTLED[dtype])
    check_flags(rates)
    # Where read noise rules, it is only a few pixels that need the closer look.
    if read_noise == 10 and rate >= 0.05:
        assert plain > 0.8 * SHAPE[0] * SHAPE[1]


@given(
    seed=seeds,
    rate=st.floats(-3, 2).map(lambda power: 10**power),
    spread=st.floats(0, 1.5),
    read_noise=st.floats(0.3, 30),
    numbers=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    times=st.tuples(st.floats(1, 100), st.floats(1.2, 100)).map(lambda pair: (pair[0], pair[0] * pair[1])),
    bias=st.sampled_from(["none", "shared", "separate"]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_any_sensor(seed, dtype, **sensor):
    check_both(pair_of(np.random.default_rng(seed), dtype=dtype, **sensor), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("numbers", [(2, 2), (4, 7), (10, 3)])
def test_lost_frames(numbers, dtype):
    """Pixels whose uncertainty is that of fewer frames are seen as such, and compared by these."""
    rates = pair_of(np.random.default_rng(3), numbers=numbers, frames=True, dtype=dtype, bad=False, bias="none")
    assert all(rate.meta["DKLOST"] > 10 for rate in rates)
    comparer = RateComparer(RateImages(rates), "common", "theoretical")
    frames = comparer.images.rows(slice(0, SHAPE[0])).frames
    complete = (frames == np.array(sorted(numbers, key=numbers.index))[:, None, None]).all(axis=0).ravel()
    np.testing.assert_array_equal(comparer.fast_block(slice(0, SHAPE[0])).complete, complete)
    assert 0 < (~complete).sum() < complete.size / 2
    check_both(rates, dtype)


OPTIONS = {
    "threshold": {"threshold": 0.2 * u.electron / u.s},
    "limit": {"limit": 10 * u.electron / u.s},
    "tolerance": {"tolerance": 0.5},
    "many": {"false_positives": 100.0},
    "offset": {"offset": None},
    "null": {"null": "empirical"},
    "fdr": {"fdr": 0.01},
    "background": {"background": 0.03 * u.electron / u.s},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("rate", [0.005, 1.0])
def test_flags(rate, options):
    rates = pair_of(np.random.default_rng(4), rate=rate, dtype="float64", shape=(60, 60))
    flags = check_flags(rates, **options)
    assert len(np.unique(flags.data)) > 2


# Pixels that depart from proportionality: too few to make all noise look wider.
FOURTH = (np.arange(SHAPE[0] * SHAPE[1]) % 4 == 0).reshape(SHAPE)


def very_near(edge):
    """Rates of which most are as near an edge as single precision can tell apart, or nearer."""
    return edge * (1 + np.linspace([-4e-7, -1e-5, -3e-4], [4e-7, 1e-5, 3e-4], 400)).reshape(SHAPE)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("departure", [0.0, 3.5])
class TestEdges:
    """Flags of pixels whose rate is that from which on these are set, but for rounding; a fourth of them depart."""

    @pytest.mark.parametrize("name", ["threshold", "limit"])
    @pytest.mark.parametrize("edge", [2e-4, 0.2])
    def test_edges_that_are_given(self, name, edge, departure, dtype):
        camera = {"times": (100.0, 200.0), "numbers": (10, 10), "read_noise": 10.0, "bias_error": 2.0}
        rates = pixels_of(very_near(edge), departure * FOURTH, **camera, dtype=dtype)
        flags = check_flags(rates, offset=None, **{name: edge * ELECTRON_PER_SECOND})
        assert 400 < flags.meta["NHOT" if name == "threshold" else "NNONLIN"] < 800

    def test_where_a_departure_becomes_detectable(self, departure, dtype):
        options = {"offset": None, "threshold": 1e-3 * ELECTRON_PER_SECOND}
        low, high = 0.01, 1000.0
        for _ in range(3):
            rates = np.geomspace(low, high, SHAPE[0] * SHAPE[1])
            flags = hot_pixel_mask(*pixels_of(rates.reshape(SHAPE), np.zeros(SHAPE), dtype="float64"), **options)
            first = (flags.data.ravel() == DARK_FLAGS.HOT).argmax()
            low, high = rates[first - 1 : first + 1]
        flags = check_flags(pixels_of(very_near(high), departure * FOURTH, dtype=dtype), **options)
        assert 400 < flags.meta["NUNRELI"] < 800

    def test_a_threshold_below_zero(self, departure, dtype):
        """As of darks whose bias reads too high."""
        values = np.random.default_rng(15).normal(-0.5, 0.001, SHAPE)
        values[::3, ::5] = -0.4
        rates = pixels_of(np.zeros(SHAPE), departure * FOURTH, dtype=dtype)
        for rate in rates:
            rate.data += values
        # So few that a pixel at the threshold is far above those that are typical.
        options = {"offset": None, "false_positives": 1e-5}
        edge = check_flags(rates, **options).meta["DKTHRESH"]
        assert -0.5 < edge < -0.4
        for rate in rates:
            rate.data[::3, ::5] += edge * (1 + np.linspace(-3e-4, 3e-4, 80).reshape(10, 8)) + 0.4
        flags = check_flags(rates, **options)
        assert flags.meta["DKTHRESH"] == pytest.approx(edge, rel=1e-6)
        assert 20 < flags.meta["NHOT"] < 60


def test_few_pixels_are_asked():
    """The rates and departures of good ones tell their flags, and of hot ones too: a few need the full fit."""
    asked, rows = [], RateComparer.rows

    def counted(self, block, pixels=None):
        found = rows(self, block, pixels)
        asked.append(found.significance.size)
        return found

    rates = pair_of(np.random.default_rng(16), rate=0.1, bad=False, crooked=0.0, shape=(100, 200))
    with mock.patch.object(RateComparer, "rows", counted):
        hot_pixel_mask(*rates)
    # For the width of departures, and for the flags.
    assert sum(asked) < 2 * 0.03 * rates[0].size


def test_flags_are_of_several_kinds():
    """So that there is something to agree on."""
    flags = check_flags(pair_of(np.random.default_rng(5), rate=0.5, read_noise=3.0, crooked=0.1))
    # HOT, NONLINEAR, SATURATED and UNRELIABLE_DARK pixels, as those of no value.
    assert len(np.unique(flags.data)) >= 5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.01, 2.0])
@pytest.mark.parametrize("options", [{}, {"offset": None}, {"null": "empirical"}], ids=str)
def test_results(options, rate, dtype):
    rates = pair_of(np.random.default_rng(6), rate=rate, dtype=dtype)
    # An empirical width is itself one of deviates.
    check_results(rates, SETTLED[dtype] * (10 if options.get("null") else 1), **options)


@pytest.mark.parametrize("kind", [StdDevUncertainty, VarianceUncertainty, InverseVariance])
def test_kinds_of_uncertainty(kind):
    rates = pair_of(np.random.default_rng(7), dtype="float64")
    for rate in rates:
        rate.uncertainty = rate.uncertainty.represent_as(kind)
    check_both(rates, "float64")


def test_units():
    """Rates in electron / minute are the same."""
    rates = pair_of(np.random.default_rng(8), dtype="float64")
    rates[1] = rates[1].convert_unit_to(u.electron / u.min)
    check_both(rates, "float64")


class TestTrust:
    """Whether meta data that say that no pixel lost a frame are believed."""

    @pytest.fixture
    def rates(self):
        return pair_of(np.random.default_rng(9), dtype="float64", bad=False)

    @staticmethod
    def complete(rates):
        return RateComparer(RateImages(rates), "common", "theoretical").fast_block(slice(0, SHAPE[0])).complete

    def test_nothing_changed(self, rates):
        assert [rate.meta["DKLOST"] for rate in rates] == [0, 0]
        assert self.complete(rates).all()

    @pytest.mark.parametrize("index", [0, 1])
    @pytest.mark.parametrize("factor", [np.sqrt(2), np.sqrt(4 / 3), 2.0])
    def test_changed_uncertainty(self, rates, factor, index):
        """The user knows better: half the frames, or three quarters of them."""
        changed = np.zeros(SHAPE, bool)
        changed[::3, 5] = True
        rates[index].uncertainty.array[changed] *= factor
        np.testing.assert_array_equal(self.complete(rates), ~changed.ravel())
        check_both(rates, "float64")

    def test_all_uncertainties_changed(self, rates):
        rates[0].uncertainty.array *= np.sqrt(2)
        assert not self.complete(rates).any()
        check_comparison(rates, SETTLED["float64"])
        check_results(rates, SETTLED["float64"])

    def test_flags_where_no_pixel_is_whole(self, rates):
        rates[0].uncertainty.array *= np.sqrt(2)
        check_flags(rates, complete=True)

    def test_changed_rates(self, rates):
        """Rates moved by more than their uncertainties explain are not of all frames either, or are: as exactly."""
        rates[0].data[3] += 50.0
        check_both(rates, "float64")


@pytest.mark.parametrize(
    ("masks", "lost", "number"), [(True, 0, 4), (False, 0, 4), (True, 5, 4), (False, 5, 4), (False, 5, 1), (True, 0, 1)]
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_number_stays_none(value, number, lost, masks):
    """Put into data or uncertainty of either rate, and not masked."""
    rates = pair_of(np.random.default_rng(10), numbers=(number, number), bad=False, dtype="float64")
    for index, rate in enumerate(rates):
        if not masks:
            rate.mask = None
        rate.meta["DKLOST"] = lost
        rate.data[index, :9], rate.uncertainty.array[index + 2, :9] = value, value
    for statistic in STATISTICS:
        result = compare_dark_rates(*rates, statistic=statistic)
        assert np.isnan(result.data[:4, :9]).all()
        assert result.mask[:4, :9].all()
        assert not full_mask(result)[4:].any() or statistic == "ratio"
        if result.uncertainty is not None:
            assert np.isnan(result.uncertainty.array[:4, :9]).all()
    check_comparison(rates, SETTLED["float64"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.002, 0.05, 3.0])
def test_whole_pixels_only(rate, dtype):
    """With thresholds of the exact path, too."""
    check_both(pair_of(np.random.default_rng(14), rate=rate, bad=False, dtype=dtype), dtype, complete=True)


def test_masked_numbers_stay_masked():
    rates = pair_of(np.random.default_rng(11), bad=False, dtype="float64")
    rates[1].mask[4] = True
    assert np.isnan(compare_dark_rates(*rates, statistic="significance").data[4]).all()
    check_both(rates, "float64")


def test_rates_are_not_changed():
    rates = pair_of(np.random.default_rng(12), bad=False)
    before = [(rate.data.copy(), rate.uncertainty.array.copy()) for rate in rates]
    compare_dark_rates(*rates)
    hot_pixel_mask(*rates)
    for rate, (data, deviation) in zip(rates, before, strict=True):
        np.testing.assert_array_equal(rate.data, data)
        np.testing.assert_array_equal(rate.uncertainty.array, deviation)


def test_other_stacks_go_the_exact_way():
    """Three rates, offsets of their own, or noise that is not known."""
    rng = np.random.default_rng(13)
    rates = [dark_rate(mean_dark(rng, 0.5, time, 4, 5.0, SHAPE)) for time in (10.0, 100.0, 1000.0)]
    assert TwoRates.fits(RateImages(rates[:2]), False)
    assert not TwoRates.fits(RateImages(rates), False)
    assert not TwoRates.fits(RateImages(rates[:2]), True)
    frame = dark(np.ones(SHAPE), 10.0, "electron", read_noise=None, uncertainty=StdDevUncertainty(np.ones(SHAPE)))
    assert not TwoRates.fits(RateImages([dark_rate(frame), rates[1]]), False)


class TestCloserLook:
    """
    Which pixels get one: of every rate and departure, those whose tail is not a normal one, and few others.

    Rates (electron/s) rise from row to row, and departures (standard deviations) from column to column; with steps
    between them that no two rows or columns share.
    """

    STEPS = np.arange(402) * 0.618 % 1
    RATES = 10 ** ((np.arange(60)[:, None] + STEPS) / 6 - 6)
    DEPARTURES = np.r_[-250:-49, 50:251] / 50 + 0.02 * STEPS[:60, None]

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize(
        ("times", "numbers", "read_noise", "bias_error", "with_distribution"),
        [
            ((90.0, 1000.0), (4, 6), 0.5, 0.0, False), ((90.0, 1000.0), (4, 6), 3.0, 1.0, False),
            ((10.0, 20.0), (30, 2), 3.0, 1.0, False), ((10.0, 20.0), (30, 2), 3.0, 1.0, True),
            ((50.0, 400.0), (20, 20), 10.0, 2.0, False), ((100.0, 1000.0), (100, 10), 10.0, 2.0, False),
            ((100.0, 1000.0), (10, 1), 0.5, 0.0, False), ((100.0, 1000.0), (10, 1), 0.5, 0.0, True),
            ((60.0, 200.0), (3, 3), 0.0, 0.0, False), ((60.0, 200.0), (3, 3), 0.0, 0.0, True),
        ],
    )  # fmt: skip
    def test_every_rate_and_departure(self, times, numbers, read_noise, bias_error, with_distribution, dtype):
        camera = {"times": times, "numbers": numbers, "read_noise": read_noise, "bias_error": bias_error}
        stack, none = RateImages(pixels_of(self.RATES, self.DEPARTURES, **camera, dtype=dtype)), np.zeros(2)
        rows, distribution = slice(0, len(self.RATES)), None
        if with_distribution:
            settings = stack.seconds, np.array(numbers, float), stack.shared, none, False
            distribution = sensor_rate_distribution([stack.rows(rows)], *settings)
            assert distribution is not None
        exact = compare_rows(stack.rows(rows), stack.seconds, stack.shared, none, False, distribution)
        pair = TwoRates(stack, none, distribution, 1.0)
        quick = pair.rows(stack, rows)
        assert quick.complete.all()
        special, deviate, rate = (
            part.reshape(self.RATES.shape) for part in (quick.inexact_mask(), quick.deviate, quick.rate)
        )
        # None is missed: where it begins, a tail that is not normal is a thousand times as far off as this.
        np.testing.assert_allclose(deviate[~special], exact.significance[~special], rtol=SETTLED[dtype], atol=1e-6)
        # The rate is as near as flags need it.
        error = np.sqrt(exact.fit.variance[~special])
        assert (np.abs(rate - exact.fit.rate)[~special] < 1e-5 * np.abs(exact.fit.rate[~special]) + 1e-6 * error).all()
        # And few are asked in vain: beyond 4 standard deviations hardly any pixel is good.
        size = np.sqrt(exact.fit.chi_square)
        near = size < 3.99
        needed, special = (np.abs(exact.significance) != size) & near, special & near
        assert (size[special] > 0.98 * size[needed].min(initial=4.0)).all()
        assert special.any(axis=1).argmax() >= needed.any(axis=1).argmax() - 1
        assert (size[-12:][special[-12:]] > 2.35).all()
