"""Rates of several exposures against each other."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import BiasWarning, NoiseWarning, NoUsablePixelWarning, compare_dark_rates, dark_rate

from ..helpers import ELECTRON_PER_SECOND, assert_same_image, dark, master_bias, mean_dark, rate_image
from ..strategies import read_noises, seeds

STATISTICS = ("difference", "significance", "ratio", "offset")


def two_rates(short, long, times=(10.0, 100.0), number=4, read_noise=5.0):
    return [rate_image(values, time, number=number, read_noise=read_noise)
            for values, time in zip((short, long), times, strict=True)]  # fmt: skip


def test_numbers_of_two_rates():
    """By hand, science.md section 4."""
    short, long = np.array([[5.0, 2.0, 0.0]]), np.array([[4.0, 2.0, 0.0]])
    rates = two_rates(short, long)
    difference = compare_dark_rates(*rates, offset=None)
    assert difference.unit == ELECTRON_PER_SECOND
    np.testing.assert_allclose(difference.data, [[1, 0, 0]], atol=1e-12)
    t, n, read = np.array([10.0, 100.0]), 4.0, 25.0
    # The pooled rate is the generalised-least-squares one: 4.09 for the first pixel.
    pooled = np.array([4.1, 2, 0])
    for _ in range(20):
        weights = [time**2 / (pooled * time / n + read / n) for time in t]
        pooled = (weights[0] * short[0] + weights[1] * long[0]) / (weights[0] + weights[1])
    sigma = np.sqrt(sum((pooled * time + read) / n / time**2 for time in t))
    np.testing.assert_allclose(difference.uncertainty.array[0], sigma, rtol=1e-3)
    significance = compare_dark_rates(*rates, offset=None, statistic="significance")
    assert significance.unit == u.dimensionless_unscaled
    assert significance.uncertainty is None
    np.testing.assert_allclose(significance.data[0], [1 / sigma[0], 0, 0], rtol=1e-3, atol=1e-9)
    ratio = compare_dark_rates(*rates, offset=None, statistic="ratio")
    assert ratio.unit == u.dimensionless_unscaled
    np.testing.assert_allclose(ratio.data[0, :2], [1.25, 1.0])
    np.testing.assert_allclose(ratio.uncertainty.array[0, :2], sigma[:2] / long[0, :2], rtol=1e-3)
    assert ratio.mask.tolist() == [[False, False, True]]
    assert np.isnan(ratio.data[0, 2])


@given(seeds, read_noises, st.sampled_from(STATISTICS))
def test_shorter_reading_higher_is_positive(seed, read_noise, statistic):
    rng = np.random.default_rng(seed)
    rates = two_rates(rng.uniform(0.1, 10, (3, 4)), rng.uniform(0.1, 10, (3, 4)), read_noise=read_noise)
    compared = compare_dark_rates(*rates, statistic=statistic, offset=None).data
    higher = rates[0].data > rates[1].data
    np.testing.assert_array_equal(compared > (1 if statistic == "ratio" else 0), higher)


@pytest.mark.parametrize("statistic", ["difference", "significance"])
def test_exchanged_rates_give_the_opposite(statistic):
    """Of equal noise, so that the pooled rate is the same."""
    one, two = np.array([[3.0, 8.0, 20.0]]), np.array([[4.0, 6.0, 20.0]])
    # Enough frames that both tails are normal; 90 and 91 s weigh the same to a per cent.
    first = compare_dark_rates(*two_rates(one, two, (90.0, 91.0), 1000), statistic=statistic, offset=None)
    second = compare_dark_rates(*two_rates(two, one, (90.0, 91.0), 1000), statistic=statistic, offset=None)
    np.testing.assert_allclose(first.data, -second.data, rtol=0.02, atol=1e-9)


@given(seeds, st.permutations(range(4)), st.sampled_from(STATISTICS), st.sampled_from(["common", None, "pixel"]))
def test_order_does_not_matter(seed, order, statistic, offset):
    if (statistic, offset) == ("offset", "pixel"):
        return
    rng = np.random.default_rng(seed)
    rates = [rate_image(rng.uniform(0.1, 10, (3, 4)), time) for time in (10.0, 50.0, 100.0, 300.0)]
    shuffled = [rates[index] for index in order]
    options = {"statistic": statistic, "offset": offset}
    assert_same_image(compare_dark_rates(*rates, **options), compare_dark_rates(*shuffled, **options), meta=True)


@given(seeds, st.sampled_from(STATISTICS))
def test_masks_only_grow(seed, statistic):
    rng = np.random.default_rng(seed)
    rates = [rate_image(rng.uniform(0.1, 10, (4, 5)), time) for time in (10.0, 100.0, 300.0)]
    before = compare_dark_rates(*rates, statistic=statistic, offset=None)
    hits = [rng.random((4, 5)) < 0.3 for _ in rates]
    for rate, hit in zip(rates, hits, strict=True):
        rate.mask = rate.mask | hit
    after = compare_dark_rates(*rates, statistic=statistic, offset=None)
    assert (after.mask >= before.mask).all()
    untouched = ~np.any(hits, axis=0)
    np.testing.assert_array_equal(after.data[untouched], before.data[untouched])
    left = 3 - np.sum(hits, axis=0)
    np.testing.assert_array_equal(after.mask, left < 2)
    np.testing.assert_array_equal(np.isnan(after.data), after.mask)


def test_a_pixel_masked_in_one_of_three_is_compared_in_the_others():
    rates = [rate_image([[5.0, 5.0], [5.0, 5.0]], time) for time in (10.0, 100.0, 300.0)]
    rates[0].mask = np.array([[True, False], [False, False]])
    rates[0].data[0, 0] = 1e6
    compared = compare_dark_rates(*rates, offset=None)
    assert not compared.mask.any()
    assert compared.data == pytest.approx(0, abs=1e-12)
    assert compared.uncertainty.array[0, 0] < compared.uncertainty.array[0, 1]


def test_lower_limits_are_not_compared():
    rates = [rate_image([[5000.0, 1.0]], time, saturation=10000 * u.electron) for time in (10.0, 100.0)]
    assert np.isfinite(rates[1].data).all()
    for statistic in STATISTICS:
        assert compare_dark_rates(*rates, statistic=statistic).mask.tolist() == [[True, False]]


def test_meta():
    rates = [rate_image(np.ones((2, 2)), time) for time in (100.0, 10.0)]
    meta = compare_dark_rates(*rates, statistic="ratio").meta
    expected = {"DKEXPMIN": 10.0, "DKEXPMAX": 100.0, "DKNEXP": 2, "DKTOTAL": 1100.0, "NCOMBINE": 20, "DKSTAT": "ratio",
                "DKNULL": "theoretical", "DKOFFSET": "common", "DKOFF2": 0.0, "DKNCOMP": 4}  # fmt: skip
    assert {key: meta[key] for key in expected} == expected
    assert "EXPTIME" not in meta
    assert "EXPOSURE" not in meta


def test_type():
    rates = [
        dark_rate(dark(np.ones((2, 2)), time), dtype=dtype) for time, dtype in ((10.0, "float32"), (100.0, "float64"))
    ]
    assert compare_dark_rates(rates[0], dark_rate(dark(np.ones((2, 2)), 100.0))).data.dtype == np.float32
    assert compare_dark_rates(*rates).data.dtype == np.float64


def test_nothing_to_compare():
    rates = [rate_image(np.full((2, 2), np.nan), time) for time in (10.0, 100.0)]
    with pytest.warns(NoUsablePixelWarning, match="^no pixel can be compared"):
        compared = compare_dark_rates(*rates)
    assert compared.mask.all()
    assert compared.meta["DKNCOMP"] == 0
    assert "DKWIDTH" not in compared.meta


def test_each_pixel_with_an_offset_of_its_own():
    """Three exposures: difference and ratio are those of the two slopes, the offset of a pixel is gone."""
    times = np.array([10.0, 20.0, 40.0])
    pixels = np.array([[3.0, 3.0]])
    rates = []
    for time, extra in zip(times, (0.0, 0.0, 60.0), strict=True):
        counts = pixels * time + [[0.0, 777.0]] + extra
        rates.append(rate_image(counts / time, time))
    free = compare_dark_rates(*rates, offset="pixel")
    # What all pixels have in common is the drift of the second set.
    assert free.meta["DKOFF1"] == free.meta["DKOFF3"] == 0
    assert free.meta["DKOFF2"] == pytest.approx(-20)
    np.testing.assert_allclose(free.data, 0, atol=1e-9)


def test_numbers_of_an_offset():
    """Two rates: the line through both; by hand."""
    rates = two_rates([[5.0, 2.0, 2.0]], [[4.0, 2.0, np.nan]])
    offset = compare_dark_rates(*rates, statistic="offset", offset=None)
    assert offset.unit == u.electron
    # 50 electrons in 10 s and 400 in 100 s: (50 * 100 - 400 * 10) / 90.
    np.testing.assert_allclose(offset.data[0, :2], [1000 / 90, 0], atol=1e-9)
    pooled = compare_dark_rates(*rates, offset=None)
    # A difference of two rates is an offset of (1 / t_1 - 1 / t_2) electron/s.
    np.testing.assert_allclose(
        offset.uncertainty.array[0, :2], pooled.uncertainty.array[0, :2] / (1 / 10 - 1 / 100), rtol=1e-3
    )
    assert offset.mask.tolist() == [[False, False, True]]
    assert np.isnan(offset.data[0, 2])
    assert np.isnan(offset.uncertainty.array[0, 2])
    assert offset.meta["DKSTAT"] == "offset"


@pytest.mark.parametrize("planted", [0.0, 8.0, -8.0])
def test_planted_offsets(planted):
    """Of some pixels, in frames of a noisy master bias: as they were, with errors as they are."""
    rng = np.random.default_rng(3)
    shape = (300, 300)
    bias = master_bias(rng, 4.0, 20, shape)
    rates = []
    for time, number in ((30.0, 20), (100.0, 10), (300.0, 10), (1000.0, 5)):
        frame = mean_dark(rng, 0.2, time, number, 4.0, shape)
        # Of which the master bias knows nothing.
        frame.data[:30] += planted
        rates.append(dark_rate(frame, bias=bias, dtype="float64"))
    offset = compare_dark_rates(*rates, statistic="offset", offset=None)
    for rows, expected in ((slice(0, 30), planted), (slice(30, None), 0.0)):
        pull = (offset.data[rows] - expected) / offset.uncertainty.array[rows]
        assert pull.mean() == pytest.approx(0, abs=5 / np.sqrt(pull.size))
        assert pull.std() == pytest.approx(1, abs=0.03)


def test_an_offset_is_not_asked_of_pixels_with_offsets_of_their_own():
    rates = [rate_image([[1.0]], time) for time in (10.0, 100.0, 300.0)]
    with pytest.raises(
        ValueError, match=r"^statistic='offset' is the offset of each pixel: offset must be .* 'pixel'$"
    ):
        compare_dark_rates(*rates, statistic="offset", offset="pixel")


def with_warning(*rates, **options):
    with pytest.warns(NoiseWarning, match="the rates of good pixels differ"):
        return compare_dark_rates(*rates, **options)


def test_null_of_the_other_statistics():
    """Only significances are held against it."""
    rng = np.random.default_rng(4)
    rates = [rate_image(rng.normal(1, 0.2, (40, 50)), time, read_noise=1.0) for time in (100.0, 1000.0)]
    for statistic in ("difference", "ratio", "offset"):
        assert_same_image(
            compare_dark_rates(*rates, statistic=statistic, null="empirical"),
            with_warning(*rates, statistic=statistic),
        )


@pytest.mark.parametrize("times", [(90.0, 1000.0), (90.0, 300.0, 1000.0)])
@pytest.mark.parametrize("level", [5.0, 20.0, 200.0])
def test_frames_below_their_bias(times, level):
    """A bias level that is too high, of which dark_rate warns, leaves rates that can be compared."""
    rng = np.random.default_rng(5)
    darks = [mean_dark(rng, 0.001, time, 10, 5.0, (60, 60)) for time in times]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BiasWarning)
        rates = [dark_rate(frame, bias=level * u.electron) for frame in darks]
    compared = compare_dark_rates(*rates, statistic="significance")
    assert not compared.mask.any()
    assert np.isfinite(compared.data).all()
    assert compared.data.std() < 1.2


def test_slopes():
    rng = np.random.default_rng(1)
    rates = []
    for time in (100.0, 200.0, 400.0):
        truth = np.full((100, 100), 5.0)
        frame = mean_dark(rng, truth, time, 10, 5.0, truth.shape)
        frame.data += rng.normal(0, 1, 1) * 0
        frame.data[0] += 0.002 * time**2
        frame.data += np.linspace(0, 1000, 100)
        rates.append(dark_rate(frame, bias=0 * u.electron, dtype="float64"))
    difference = compare_dark_rates(*rates, offset="pixel")
    pull = difference.data / difference.uncertainty.array
    assert pull[1:].mean() == pytest.approx(0, abs=0.05)
    assert pull[1:].std() == pytest.approx(1, abs=0.03)
    # Counts that grow faster than linearly: the slope of the short ones is the smaller.
    assert difference.data[0].mean() == pytest.approx(0.002 * (300 - 600), rel=0.1)
    significance = compare_dark_rates(*rates, offset="pixel", statistic="significance")
    assert (significance.data[0] < 0).all()


@pytest.mark.filterwarnings("ignore::ccdproc_darks.NoiseWarning")
def test_large_images_are_cut_in_blocks(pixels_per_block):
    rng = np.random.default_rng(2)
    rates = [rate_image(rng.uniform(0, 5, (40, 30)), time) for time in (10.0, 100.0)]
    complete = [compare_dark_rates(*rates, statistic=statistic) for statistic in STATISTICS]
    pixels_per_block(100)
    for statistic, expected in zip(STATISTICS, complete, strict=True):
        assert_same_image(compare_dark_rates(*rates, statistic=statistic), expected)


class TestReadNoiseMap:
    """Each pixel with a read noise of its own."""

    @staticmethod
    def rates(number=3, spread=0.0):
        rng = np.random.default_rng(number)
        noise = 5.0 * np.exp(spread * rng.normal(size=(30, 40)))
        sets = [(60.0, 4), (600.0, 5), (1800.0, 3)][:number]
        darks = [mean_dark(rng, 0.05, t, frames, 5.0, noise.shape) for t, frames in sets]
        return [dark_rate(one, bias=0 * u.electron) for one in darks], CCDData(noise, unit="electron")

    @pytest.mark.parametrize("statistic", STATISTICS)
    @pytest.mark.parametrize("number", [2, 3])
    @pytest.mark.parametrize("offset", ["common", "pixel"])
    def test_the_same_for_all_pixels(self, statistic, number, offset):
        """As one read noise."""
        if offset == "pixel" and (number == 2 or statistic == "offset"):
            return
        rates, read_noise = self.rates(number)
        one = compare_dark_rates(*rates, statistic=statistic, offset=offset)
        each = compare_dark_rates(*rates, statistic=statistic, offset=offset, read_noise=read_noise)
        assert (one.meta["DKNOISE"], each.meta["DKNOISE"]) == ("header", "map")
        # Common offsets are told by the same pixels, weighted in single precision.
        np.testing.assert_allclose(each.data, one.data, rtol=1e-4, atol=1e-4 * np.abs(one.data).max())

    def test_a_noisy_pixel(self):
        """A departure in a pixel that is noisy to read is no more significant than its noise allows."""
        rates, read_noise = self.rates(3)
        rates[0].data[3, 4] += 0.5
        one = compare_dark_rates(*rates, statistic="significance").data[3, 4]
        read_noise.data[3, 4] = 50.0
        each = compare_dark_rates(*rates, statistic="significance", read_noise=read_noise).data[3, 4]
        assert one > 8
        assert each < 2

    @staticmethod
    def measured(told, number=2):
        """Rates measured with a read noise: 5 electron, or a map."""
        rng = np.random.default_rng(7)
        sets = [(60.0, 8), (600.0, 6)][:number]
        told = told if isinstance(told, list) else [told] * number
        return [
            dark_rate(mean_dark(rng, 0.05, t, frames, 5.0, (30, 40)), bias=0 * u.electron, read_noise=one)
            for (t, frames), one in zip(sets, told, strict=True)
        ]

    def test_a_map_and_a_number(self):
        """They are not mixed without a word; none where the map is passed."""
        told = CCDData(np.full((30, 40), 5.0), unit="electron")
        rates = self.measured([told, 5 * u.electron])
        with pytest.warns(
            NoiseWarning, match=r"rates\[0\] was measured with a map .* rates\[1\] with one .*Pass read_noise="
        ):
            compare_dark_rates(*rates)
        compare_dark_rates(*rates, read_noise=told)

    def test_an_exact_map_says_so_and_its_loss_is_seen(self):
        told = CCDData(np.full((30, 40), 5.0), unit="electron")
        rates = self.measured(told)
        assert rates[0].meta["DKRND00"] == "exact"
        compare_dark_rates(*rates)
        del rates[1].meta["DKRND00"]
        with pytest.raises(
            ValueError, match=r"rates\[1\]: DKNOISE .* \(DKRND00 and following keys\) is lost: .*read_noise"
        ):
            compare_dark_rates(*rates)
        compare_dark_rates(*rates, read_noise=told)

    def test_pixels_without_noise_in_an_exact_map(self):
        """Nobody reads without noise: they have the sensor's."""
        told = CCDData(np.full((30, 40), 5.0), unit="electron")
        told.data[3, 4:9] = 0.0
        rates = self.measured(told)
        one = compare_dark_rates(*rates, statistic="significance")
        other = compare_dark_rates(*self.measured(5 * u.electron), statistic="significance")
        assert np.abs(one.data - other.data).max() < 1e-3

    def test_a_map_far_too_low(self):
        told = CCDData(np.full((30, 40), 0.5), unit="electron")
        with pytest.warns(
            NoiseWarning, match=r"read noise of the map \(typically 0.5 electron\) is too low.*Pass a map"
        ):
            compare_dark_rates(*self.measured(told))

    def test_a_number(self):
        rates, _ = self.rates(2)
        with pytest.raises(TypeError, match="read_noise must be CCDData, a read noise of each pixel, got Quantity"):
            compare_dark_rates(*rates, read_noise=5 * u.electron)
