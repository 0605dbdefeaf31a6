"""Departures from one rate: laws of symmetry, widths of a null, offsets and curvatures."""

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ccdproc_darks import NoiseWarning, compare_dark_rates, dark_rate, hot_pixel_mask
from ccdproc_darks.comparison.comparer import RateComparer
from ccdproc_darks.comparison.widths import null_width
from ccdproc_darks.rates.rate_images import RateImages

from ..helpers import mean_dark, rate_image
from ..quadrature import Cell
from ..strategies import seeds


@st.composite
def cells(draw, least=2):
    """A sensor, and counts of a few of its pixels that are not all of one rate."""
    number = draw(st.integers(least, 5))
    rng = np.random.default_rng(draw(seeds))
    seconds = np.cumsum(rng.uniform(20, 300, number))
    cell = Cell(
        10 ** rng.uniform(-2, 1), draw(st.floats(0.5, 10)), seconds, rng.integers(1, 20, number),
        draw(st.none() | st.integers(1, 20)),
    )  # fmt: skip
    counts = cell.draw(rng, 12) + rng.normal(0, 2, (number, 12)) * cell.read_noise
    return cell, counts.reshape(number, 3, 4)


@given(cells(), st.floats(1e-3, 1e3), st.booleans())
def test_the_unit_of_time_does_not_matter(case, factor, free_offset):
    """Exposures longer by a factor and rates smaller by it: the same electrons."""
    cell, counts = case
    if free_offset and len(counts) < 3:
        return
    first = cell.compared(counts, free_offset=free_offset)
    cell.seconds = cell.seconds * factor
    second = cell.compared(counts, free_offset=free_offset)
    np.testing.assert_allclose(second.significance, first.significance, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(second.fit.rate, first.fit.rate / factor, rtol=1e-9, atol=1e-15)
    for one, other in zip(first.difference(), second.difference(), strict=True):
        np.testing.assert_allclose(other, one / factor, rtol=1e-9, atol=1e-12 / factor)
    for one, other in zip(first.offset(), second.offset(), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-6)


@given(cells(), seeds)
def test_the_order_of_exposures_does_not_matter(case, seed):
    cell, counts = case
    order = np.random.default_rng(seed).permutation(len(counts))
    shuffled = Cell(cell.rate, cell.read_noise, cell.seconds[order], cell.frames[order], cell.bias_frames)
    np.testing.assert_allclose(
        shuffled.significance(counts[order]), cell.significance(counts), rtol=1e-6, atol=1e-9
    )  # fmt: skip


@given(st.floats(0.01, 10), st.floats(0.5, 10), st.integers(1, 20), seeds)
def test_exchanged_counts_of_equal_exposures_change_the_sign(rate, read_noise, frames, seed):
    """As of two halves of equal frames."""
    cell = Cell(rate, read_noise, (100, 100), (frames, frames), 10)
    rng = np.random.default_rng(seed)
    counts = cell.draw(rng, 20)[:, None] + rng.normal(0, 3 * read_noise, (2, 1, 20))
    z = cell.significance(counts)
    np.testing.assert_array_equal(np.sign(z), np.sign(counts[0] - counts[1]))
    np.testing.assert_allclose(cell.significance(counts[::-1]), -z, rtol=1e-9)


@given(cells())
def test_shorter_reading_higher_is_positive(case):
    """Electrons added to the shortest or to the longest exposure, enough of them to tell."""
    cell, counts = case
    many = 30 * np.sqrt(cell.electrons.max() + cell.read_noise**2 * cell.frames.max()) / cell.frames.min()
    many *= cell.seconds[-1] / cell.seconds[0]
    for index, sign in ((0, 1), (-1, -1)):
        shifted = counts.copy()
        shifted[index] += many
        assert (sign * cell.significance(shifted) > 3).all()


@given(cells(3), st.floats(-100, 100))
def test_a_free_offset_takes_up_any_offset(case, offset):
    """The noise too follows the slope, and not the offset."""
    cell, counts = case
    first, second = (cell.compared(counts + shift, free_offset=True) for shift in (0, offset))
    np.testing.assert_allclose(second.significance, first.significance, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(second.fit.rate, first.fit.rate, rtol=1e-6, atol=1e-6)
    for one, other in zip(first.difference(), second.difference(), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-6)


@given(cells())
def test_common_offsets_are_taken_from_the_counts(case):
    cell, counts = case
    offsets = np.arange(len(counts)) * 3.0
    first = cell.significance(counts)
    np.testing.assert_allclose(cell.significance(counts + offsets[:, None, None], offsets=offsets), first, rtol=1e-9,
                               atol=1e-9)  # fmt: skip


@given(cells(3))
def test_an_unusable_exposure_is_as_if_it_were_not_there(case):
    cell, counts = case
    usable = np.ones(counts.shape, bool)
    usable[1] = False
    left = [index for index in range(len(counts)) if index != 1]
    fewer = Cell(cell.rate, cell.read_noise, cell.seconds[left], cell.frames[left])
    fewer.bias_variance = cell.bias_variance
    fewer.shared = [(list(range(len(left))), variance) for _, variance in cell.shared]
    with_gap, without = cell.compared(counts, usable=usable), fewer.compared(counts[left])
    np.testing.assert_allclose(with_gap.significance, without.significance, rtol=1e-6, atol=1e-9)
    for statistic in ("difference", "ratio", "offset"):
        for one, other in zip(getattr(with_gap, statistic)(), getattr(without, statistic)(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)


def test_nothing_to_compare():
    cell = Cell(1.0, 3.0, (10, 100, 300), (2, 2, 2))
    usable = np.zeros((3, 1, 2), bool)
    usable[1] = True
    compared = cell.compared(np.full((3, 1, 2), 50.0), usable=usable)
    for values in (compared.significance, *compared.difference(), *compared.ratio(), *compared.offset()):
        assert np.isnan(values).all()


class TestEmpiricalNull:
    """Read noise that is larger than it is said to be."""

    def rates(self, number, understated, shape=(200, 500)):
        rng = np.random.default_rng(1)
        sets = {2: ((90.0, 10), (1000.0, 20)), 5: ((30.0, 10), (90.0, 10), (200.0, 5), (500.0, 5), (1000.0, 5))}
        rates = []
        for seconds, frames in sets[number]:
            frame = mean_dark(rng, 0.001, seconds, frames, 5.0, shape)
            frame.meta["RDNOISE"] = 5.0 * understated
            rates.append(dark_rate(frame, bias=0 * u.electron))
        return rates

    @pytest.mark.statistics
    @pytest.mark.parametrize("number", [2, 5])
    def test_width_and_false_positives(self, number):
        """Understated by 20 %: scaled, good pixels are as wide as they should, and as many flagged as asked for."""
        rates, asked = self.rates(number, 0.8), 200
        with pytest.warns(NoiseWarning, match=r"^the rates of good pixels differ by 1\.2\d times"):
            plain = compare_dark_rates(*rates, statistic="significance")
        compared = compare_dark_rates(*rates, statistic="significance", null="empirical")
        for result, width in ((plain, plain.meta["DKWIDTH"]), (compared, 1.0)):
            assert null_width(result.data, number - 1) == pytest.approx(width, abs=0.01)
            assert result.meta["DKWIDTH"] == pytest.approx(1.25, abs=0.015)
        assert (plain.meta["DKNULL"], compared.meta["DKNULL"]) == ("theoretical", "empirical")
        flagged = hot_pixel_mask(*rates, false_positives=asked, tolerance=1e-9, null="empirical")
        assert abs(flagged.meta["NNONLIN"] - asked) < 4 * np.sqrt(asked)
        assert flagged.meta["DKNULL"] == "empirical"
        tail = np.mean(np.abs(compared.data) > stats.norm.isf(0.5e-3)) / 1e-3
        assert tail == pytest.approx(1, abs=4 / np.sqrt(1e-3 * compared.data.size) + 0.05)

    @pytest.mark.parametrize("number", [2, 5])
    def test_warning(self, number):
        """From a width of 1.2 on, of a thousand pixels or more; it points at the caller."""
        shape = (150, 200)
        compare_dark_rates(*self.rates(number, 1 / 1.17, shape))
        with pytest.warns(NoiseWarning, match=r"^the rates .*null='empirical', .* takes the width that") as caught:
            compare_dark_rates(*self.rates(number, 1 / 1.23, shape))
        assert caught[0].filename == __file__
        with pytest.warns(NoiseWarning, match=r"^the rates of good pixels differ") as caught:
            hot_pixel_mask(*self.rates(number, 1 / 1.23, shape))
        assert caught[0].filename == __file__
        few = [rate_image(np.random.default_rng(seconds).uniform(0, 9, (9, 9)), float(seconds)) for seconds in (10, 90)]
        assert compare_dark_rates(*few).meta["DKWIDTH"] > 1.2

    def test_narrower(self):
        """A read noise overstated makes every significance too small: they grow."""
        rates = self.rates(2, 1.25)
        plain = compare_dark_rates(*rates, statistic="significance")
        compared = compare_dark_rates(*rates, statistic="significance", null="empirical")
        assert plain.meta["DKWIDTH"] == pytest.approx(0.8, abs=0.01)
        assert null_width(compared.data, 1) == pytest.approx(1, abs=0.01)

    def test_no_pixels_to_tell(self):
        rates = [rate_image(np.full((2, 2), np.nan), seconds) for seconds in (10.0, 90.0)]
        comparer = RateComparer(RateImages(rates), None, "empirical")
        assert comparer.width is None
        assert np.isnan(comparer.rows(slice(None)).significance).all()


class TestOffset:
    """Counts at no exposure of the line through a pixel's counts."""

    CELL = Cell(0.5, 3.0, (30, 100, 300, 1000), (20, 10, 10, 5), 20)
    PIXELS = 40_000

    def counts(self, seed):
        return self.CELL.draw(np.random.default_rng(seed), self.PIXELS)[:, None]

    @pytest.mark.statistics
    @pytest.mark.parametrize("planted", [0.0, 5.0, -5.0])
    def test_of_planted_ones(self, planted):
        """Right on the average, and as far off as its error says; several sets tell it better than two."""
        counts = self.counts(1)
        offset, error = self.CELL.compared(counts + planted).offset()
        pull = (offset - planted) / error
        assert offset.mean() == pytest.approx(planted, abs=5 * error.mean() / np.sqrt(self.PIXELS))
        assert pull.std() == pytest.approx(1, abs=0.02)
        two = Cell(0.5, 3.0, (30, 1000), (20, 5), 20)
        assert error.mean() < two.compared(counts[[0, 3]] + planted).offset()[1].mean()

    def test_of_two_exposures_it_is_the_departure(self):
        """With two there is no telling an offset from a curvature."""
        cell = Cell(1.0, 3.0, (100, 300), (10, 10))
        offset, error = cell.compared(np.array([110.0, 300.0])[:, None, None]).offset()
        assert offset.item() == pytest.approx(15)
        # c_1 = a + 100 d and c_2 = a + 300 d: a = (3 c_1 - c_2) / 2, of variances V at about 1 electron/s.
        assert error.item() == pytest.approx(np.sqrt((9 * (100 + 9) + 300 + 9) / 10) / 2, rel=0.02)

    def test_a_fixed_offset_is_no_curvature(self):
        """It stands out as an offset; the test of a curvature is silent, as of good pixels."""
        compared, free = (self.CELL.compared(self.counts(2) + 30.0, free_offset=of) for of in (False, True))
        offset, error = compared.offset()
        assert (offset > 5 * error).all()
        assert (np.abs(compared.significance) > 5).mean() > 0.99
        assert np.mean(np.abs(free.significance) > stats.norm.isf(0.5e-2)) == pytest.approx(0.01, abs=0.003)
        assert free.significance.std() == pytest.approx(1, abs=0.03)

    def test_what_no_line_can_take_up_is_a_curvature_only(self):
        """A bend at right angles, in the metric of the noise, to every line: its offset is that of good pixels."""
        t = self.CELL.seconds
        variance = np.diag((0.5 * t + 9) / self.CELL.frames) + self.CELL.bias_variance
        design = np.column_stack([np.ones(4), t])
        weigh = np.linalg.solve(variance, design)
        bend = t**2 - design @ np.linalg.solve(design.T @ weigh, weigh.T @ t**2)
        bend *= 8 / np.sqrt(bend @ np.linalg.solve(variance, bend))
        counts = self.counts(3) + bend[:, None, None]
        compared, free = (self.CELL.compared(counts, free_offset=of) for of in (False, True))
        offset, error = compared.offset()
        pull = offset / error
        assert pull.mean() == pytest.approx(0, abs=0.05)
        assert pull.std() == pytest.approx(1, abs=0.03)
        assert np.median(np.abs(free.significance)) > 7
        # Counts that grow faster and faster: negative, as of a comparison.
        assert (free.significance < 0).all()

    def test_a_curved_pixel(self):
        """Counts that grow less than linearly have an offset too: that of the line closest to them, and no other."""
        cell = Cell(5.0, 3.0, (50, 100, 200, 400), (100, 100, 100, 100))
        t = cell.seconds
        counts = 5 * t - 0.002 * t**2
        compared = cell.compared(counts[:, None, None])
        variance = (compared.fit.rate.item() * t + 9) / 100
        _, expected = np.polyfit(t, counts, 1, w=1 / np.sqrt(variance))
        assert compared.offset()[0].item() == pytest.approx(expected, rel=1e-6)
        assert expected > 0
        assert cell.significance(counts[:, None, None], free_offset=True).item() > 5


class TestWrongNoise:
    """Where the noise told is far too low, no exact tail is worth its time."""

    @staticmethod
    def rates(told, number=2):
        rng = np.random.default_rng(number)
        rates = []
        for time, frames in [(60.0, 10), (600.0, 7), (1800.0, 4)][:number]:
            dark = mean_dark(rng, 0.02, time, frames, 7.0, (40, 60))
            rates.append(dark_rate(dark, read_noise=told * u.electron, bias=0 * u.electron))
        return rates

    @pytest.mark.parametrize("number", [2, 3])
    @pytest.mark.parametrize("offset", ["common", "pixel"])
    def test_it_is_said_and_all_tails_are_normal(self, monkeypatch, number, offset):
        if (number, offset) == (2, "pixel"):
            return
        monkeypatch.setattr("ccdproc_darks.comparison.comparer.far_deviate", None)
        with pytest.warns(NoiseWarning, match=r"differ by \d+\.\d+ times .*those of normal noise.*read_noise_map"):
            found = compare_dark_rates(*self.rates(0.5, number), statistic="significance", offset=offset)
        assert found.data.std() > 2
        assert not found.mask.any()

    def test_right_noise(self):
        """The exact way, and no warning."""
        assert not RateComparer(RateImages(self.rates(7.0)), "common", "theoretical").normal

    def test_empirical(self):
        """The width that is seen makes the tails right: they are exact ones."""
        comparer = RateComparer(RateImages(self.rates(3.5)), "common", "empirical")
        assert comparer.width > 1.5
        assert not comparer.normal

    def test_odd_pixels_do_not_make_the_noise_wrong(self):
        """A tenth of the pixels departs from one rate, and the others do not scatter too much."""
        rates = self.rates(7.0)
        rates[0].data[:4] += 20
        comparer = RateComparer(RateImages(rates), "common", "theoretical")
        assert comparer.width < 1.2
        assert not comparer.normal
