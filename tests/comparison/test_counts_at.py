"""Counts at an exposure time from a pixel's own counts at others: against simple cases, and draws of noise."""

import numpy as np
import pytest

from ccdproc_darks.comparison.counts_at import Expected, by_own_counts, by_rate, departs, mixed
from ccdproc_darks.rates.mean_counts import MeanCounts
from ccdproc_darks.statistics.rate_fit import fit_rate

SECONDS = np.array([50.0, 100.0, 200.0, 400.0])
READ_VARIANCE, FRAMES = 4.0, 10.0


def rows_of(counts, usable=True):
    """`MeanCounts` of pixels, shape (exposures, pixels)."""
    counts = np.asarray(counts, dtype=float)
    counts = (counts[:, None] if counts.ndim == 1 else counts)[:, None]
    one = np.ones(counts.shape)
    usable = np.broadcast_to(np.reshape(usable, (-1, 1, 1)), counts.shape)
    return MeanCounts(counts, FRAMES * one, READ_VARIANCE * one, usable, np.nan * one)


def expected(counts, at, *, seconds=SECONDS, usable=True, shared=(), free_offset=False):
    rows = rows_of(counts, usable)
    fit = fit_rate(rows.counts, seconds, rows.frames, rows.read_variance, rows.usable, shared=list(shared),
                   free_offset=free_offset)  # fmt: skip
    found, proportional = by_own_counts(rows, fit, seconds, list(shared), at)
    return found.counts[0], found.variance[0], proportional[0]


def drawn(truth, draws=4000, seed=1, bias=0.0):
    rng = np.random.default_rng(seed)
    truth = np.asarray(truth, dtype=float)[:, None]
    counts = rng.poisson(truth * FRAMES, (len(truth), draws)) / FRAMES
    return counts + rng.normal(0, np.sqrt(READ_VARIANCE), counts.shape) + rng.normal(0, bias, draws)


@pytest.mark.parametrize("at", [70.0, 150.0, 300.0, 420.0])
def test_on_a_line_with_noise(at):
    """An offset of 500 electron: the deviates have the width 1, as the line is the line of all counts."""
    counts, variance, proportional = expected(drawn(500 + 3 * SECONDS), at)
    deviates = (counts - 500 - 3 * at) / np.sqrt(variance)
    assert np.std(deviates) == pytest.approx(1, abs=0.1)
    assert np.mean(deviates) == pytest.approx(0, abs=0.1)
    assert proportional.max() < 0.1


def test_shared_bias_is_in_the_error():
    shared = [([0, 1, 2, 3], 900.0)]
    counts, variance, _ = expected(drawn(5000 + 3 * SECONDS, bias=30.0), 150.0, shared=shared)
    assert np.std((counts - 5450) / np.sqrt(variance)) == pytest.approx(1, abs=0.06)
    assert np.sqrt(variance.mean()) > 30


@pytest.mark.parametrize("at", SECONDS)
def test_at_an_exposure_it_is_the_pixels_own(at):
    """Of no known shape: nothing but its own counts, and their noise."""
    truth = np.array([10000.0, 20000.0, 20500.0, 40000.0])
    counts, variance, _ = expected(drawn(truth), at)
    place = np.flatnonzero(at == SECONDS)[0]
    assert np.std((counts - truth[place]) / np.sqrt(variance)) == pytest.approx(1, abs=0.05)
    assert variance.mean() == pytest.approx(truth[place] / FRAMES + READ_VARIANCE, rel=0.02)


@pytest.mark.parametrize("at", [75.0, 150.0, 300.0])
def test_a_bend_is_within_the_error(at):
    truth = 20000 * (1 - np.exp(-SECONDS / 150))
    counts, variance, _ = expected(truth, at)
    assert abs(counts[0] - 20000 * (1 - np.exp(-at / 150))) < np.sqrt(variance[0])


def test_never_beyond_its_neighbours():
    """Between two exposures counts do not fall, whatever the curve."""
    for counts in ([100, 5000, 5000, 9000], [5000, 5010, 9000, 9000]):
        found, _, _ = expected(counts, 150.0)
        assert counts[1] - 1 <= found[0] <= counts[2] + 1


def test_unusable_exposures_are_left_out():
    """Between 50 and 200 s, as if 100 s were not there."""
    counts = [10000.0, -1e6, 25000.0, 26000.0]
    with_it = expected(counts, 120.0, usable=[True, False, True, True])
    without = expected(np.delete(counts, 1), 120.0, seconds=np.delete(SECONDS, 1))
    np.testing.assert_allclose(with_it, without)


def test_two_exposures():
    """Offset, bend or full, nobody knows: from the chord to full at once."""
    counts, variance, proportional = expected([1100, 1400], 200.0, seconds=np.array([100.0, 400.0]))
    deviation = np.sqrt(variance[0])
    assert counts[0] - 1.3 * deviation < 1200 < 1400 < counts[0] + 2 * deviation
    assert deviation == pytest.approx(90, rel=0.15)
    assert proportional[0] == 0


def test_free_offset():
    """The curve does not begin at zero."""
    counts, _, _ = expected([1100, 1190, 1200, 1210], 20.0, free_offset=True)
    assert counts[0] > 1000


class TestOneHigh:
    TRUTH = 3 * SECONDS

    @pytest.mark.parametrize(("place", "at", "told"), [
        (1, 150.0, True), (2, 150.0, True), (2, 20.0, True), (0, 70.0, False), (0, 150.0, True), (3, 300.0, False),
    ])  # fmt: skip
    def test_place(self, place, at, told):
        """At an end it tells nothing of a bend next to it."""
        counts = self.TRUTH.copy()
        counts[place] += 600
        found, _, proportional = expected(counts, at)
        assert (proportional[0] > 0.9) == told
        if told:
            assert found[0] == pytest.approx(3 * at, abs=30)

    def test_a_low_one_is_none(self):
        counts = self.TRUTH.copy()
        counts[2] -= 500
        assert expected(counts, 150.0)[2][0] < 0.1

    def test_few_exposures_do_not_tell(self):
        assert expected([150, 900, 600], 150.0, seconds=SECONDS[:3])[2][0] == 0


def test_odds():
    np.testing.assert_allclose(
        departs(np.array([0.0, 3.0, -3.0, 60.0, np.nan]), 3.0), [0.011, 0.5, 0.5, 1, 0], atol=1e-4
    )


def test_mixture():
    """Mean and variance of a draw from one of two distributions."""
    first, second = (Expected(np.array([mean]), np.array([variance])) for mean, variance in ((0.0, 1.0), (10.0, 4.0)))
    found = mixed(first, second, np.array([0.2]))
    rng = np.random.default_rng(5)
    draws = np.where(rng.random(10**6) < 0.2, rng.normal(10, 2, 10**6), rng.normal(0, 1, 10**6))
    assert found.counts[0] == pytest.approx(draws.mean(), rel=0.01)
    assert found.variance[0] == pytest.approx(draws.var(), rel=0.01)


def test_a_probability_of_zero_asks_nothing_of_the_other():
    first, other = (Expected(np.array([value]), np.array([value])) for value in (1.0, np.nan))
    assert mixed(first, other, np.array([0.0])).counts[0] == 1.0


def test_by_rate():
    rows = rows_of(3 * SECONDS)
    fit = fit_rate(rows.counts, SECONDS, rows.frames, rows.read_variance, rows.usable)
    found = by_rate(fit, SECONDS, 150.0, rows.usable)
    assert found.counts.item() == pytest.approx(450)
    assert found.variance.item() == pytest.approx(150**2 * fit.variance.item())
