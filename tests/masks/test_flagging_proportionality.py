"""Which pixels are not proportional, and of which that could have been seen, against simulated departures."""

import numpy as np
import pytest

from ccdproc_darks.masks.flagging import detectable, not_proportional

from ..quadrature import Cell

TWO = Cell(0.0, 5.0, (100, 1000), (10, 20), 20)
FIVE = Cell(0.0, 5.0, (30, 100, 200, 500, 1000), (10, 10, 10, 10, 10), 20)
CASES = pytest.mark.parametrize(
    ("cell", "free_offset"), [(TWO, False), (FIVE, False), (FIVE, True)], ids=["two", "five", "five, free offset"]
)


def noiseless(cell, rates):
    """Counts of pixels of these rates, (exposures, 1, rates)."""
    return np.asarray(rates, float)[None, None] * cell.seconds[:, None, None]


@pytest.mark.statistics
@CASES
@pytest.mark.parametrize(("critical", "tolerance"), [(4.0, 0.1), (5.5, 0.03)])
def test_power_is_one_half_where_it_begins_to_be_seen(cell, free_offset, critical, tolerance):
    """The departure of one exposure, of that which shows it best, in draws of the faintest pixel that is testable."""
    rates = np.geomspace(0.01, 1000, 4000)
    seen = detectable(cell.compared(noiseless(cell, rates), free_offset=free_offset), critical, tolerance)[0]
    # Once it can be seen, it can in all pixels that are brighter.
    assert (np.diff(seen.astype(int)) >= 0).all()
    rate = rates[seen.argmax()]
    assert 0.02 < rate < 500

    information = cell.compared(noiseless(cell, [rate]), free_offset=free_offset).fit.information[:, 0, 0]
    best = np.argmax(information * cell.seconds**2)
    pixels = 10_000
    counts = cell.draw(np.random.default_rng(1), pixels, rate)
    counts[best] += tolerance * rate * cell.seconds[best]
    compared = cell.compared(counts[:, None], free_offset=free_offset)
    # The median of a non-central chi-square is a little less than it is reckoned to be.
    assert 0.44 < np.mean(np.abs(compared.significance) > critical) < 0.51


def test_a_higher_demand_is_seen_in_fewer_pixels():
    compared = FIVE.compared(noiseless(FIVE, np.geomspace(0.01, 1000, 500)))
    many = detectable(compared, 4.0, 0.1)
    for critical, tolerance in ((5.0, 0.1), (4.0, 0.05)):
        few = detectable(compared, critical, tolerance)
        assert (few <= many).all()
        assert few.sum() < many.sum()


@CASES
def test_significant_and_larger_than_the_tolerance(cell, free_offset):
    """Departures of 5 to 20 per cent of a bright pixel, all of them significant: those beyond ten count."""
    fractions = np.array([0.05, 0.095, 0.105, 0.2, -0.095, -0.105])
    counts = noiseless(cell, np.full(fractions.size, 500.0))
    counts[0] *= 1 + fractions
    compared = cell.compared(counts, free_offset=free_offset)
    assert (np.abs(compared.significance) > 5).all()
    # The tolerance is one of the fitted rate; of a long exposure, it hardly follows the short one.
    expected = np.abs(fractions) > 0.1
    np.testing.assert_array_equal(not_proportional(compared, 5.0, 0.1)[0], expected)
    assert not_proportional(compared, 5.0, 0.01).all()
    assert not not_proportional(compared, 1e9, 0.01).any()


def test_large_but_not_significant():
    """A faint pixel reads twice as much in the short exposure, within its noise."""
    counts = noiseless(TWO, [0.01])
    counts[0] *= 2
    compared = TWO.compared(counts)
    assert np.abs(compared.significance.item()) < 2
    assert not not_proportional(compared, 4.0, 0.1).any()
    assert not detectable(compared, 4.0, 0.1).any()


def test_dark_pixels():
    """Any significant departure of a pixel without dark current is worth a flag; none could be foreseen."""
    counts = noiseless(TWO, [-0.05, 0.0])
    counts[0] += 40
    compared = TWO.compared(counts)
    assert not_proportional(compared, 5.0, 0.1).all()
    for cell in (TWO, FIVE):
        assert not detectable(cell.compared(noiseless(cell, [-0.05, 0.0])), 0.1, 0.5).any()


def test_pixels_without_a_comparison():
    """One exposure left: neither not proportional nor tested."""
    usable = np.ones((5, 1, 3), bool)
    usable[:4, 0, 1] = False
    usable[:, 0, 2] = False
    counts = noiseless(FIVE, [100.0] * 3)
    counts[0] *= 2
    compared = FIVE.compared(counts, usable=usable)
    np.testing.assert_array_equal(not_proportional(compared, 5.0, 0.1), [[True, False, False]])
    np.testing.assert_array_equal(detectable(compared, 5.0, 0.1), [[True, False, False]])


def test_nothing_is_beyond_an_infinite_level():
    """As where a false discovery rate flags no pixel."""
    counts = noiseless(TWO, [500.0])
    counts[0] *= 2
    assert not not_proportional(TWO.compared(counts), np.inf, 0.1).any()
    assert not detectable(TWO.compared(counts), np.inf, 0.1).any()
