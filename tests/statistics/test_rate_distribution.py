"""Which rates pixels have, from their estimates alone, against sensors whose rates are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks.rates.mean_counts import MeanCounts
from ccdproc_darks.statistics.rate_distribution import fit_rate_distribution, sensor_rate_distribution
from ccdproc_darks.statistics.rate_fit import rate_estimator

from ..quadrature import Cell
from ..strategies import seeds

PIXELS = 2**16


def mean_and_spread(rate_distribution):
    mean = rate_distribution.probability @ rate_distribution.rates
    return mean, np.sqrt(rate_distribution.probability @ (rate_distribution.rates - mean) ** 2)


def share(rate_distribution, low, high):
    """Of the pixels whose rate is between."""
    return rate_distribution.probability[(rate_distribution.rates >= low) & (rate_distribution.rates < high)].sum()


def estimates_of(cell, counts, weigh_at):
    """Estimates of the rate of each pixel, and what made them."""
    estimator = rate_estimator(
        weigh_at, cell.seconds, cell.frames, cell.read_noise**2 / cell.frames, cell.shared, False
    )  # fmt: skip
    return estimator @ counts, estimator


def error_of_one(cell):
    """Standard deviation of a pixel's own estimate."""
    estimator = estimates_of(cell, np.zeros(len(cell.seconds)), cell.rate)[1]
    variance = np.diag(cell.rate * cell.seconds / cell.frames + cell.read_noise**2 / cell.frames) + cell.bias_variance
    return np.sqrt(estimator @ variance @ estimator)


@pytest.mark.parametrize(
    "cell",
    [
        Cell(0.001, 0.5, (90, 1000), (1, 1)),
        Cell(0.01, 0.5, (90, 1000), (10, 20), 20),
        Cell(0.01, 3.0, (90, 1000), (10, 20), 20),
        Cell(0.05, 1.0, (10, 30, 100, 300), (5, 5, 5, 5), 5),
    ],
    ids=lambda cell: f"{cell.rate:g}-{cell.read_noise:g}",
)
def test_uniform_sensor(cell):
    """All the scatter of its pixels is noise: what is left of it is a few per cent of that."""
    mean, spread = mean_and_spread(cell.rate_distribution(pixels=PIXELS))
    one = error_of_one(cell)
    assert mean == pytest.approx(cell.rate, abs=4 * one / np.sqrt(PIXELS))
    assert spread < 0.2 * one


def test_sensor_of_two_rates():
    """Two humps, as far apart as they are, and as many pixels in each."""
    cell = Cell(0.0, 1.0, (90, 1000), (2, 4), 20)
    rates = 0.005, 0.03
    rate_distribution = cell.rate_distribution([*rates, rates[1]], pixels=PIXELS)
    assert share(rate_distribution, 0.002, 0.008) == pytest.approx(1 / 3, abs=0.01)
    assert share(rate_distribution, 0.024, 0.036) == pytest.approx(2 / 3, abs=0.01)
    for rate in rates:
        near = np.abs(rate_distribution.rates - rate) < 0.3 * rate
        assert rate_distribution.probability[near] @ rate_distribution.rates[near] / rate_distribution.probability[
            near
        ].sum() == (pytest.approx(rate, rel=0.01))


@pytest.mark.statistics
@pytest.mark.parametrize("rates", [[0.004], [0.001, 0.02], np.geomspace(1e-4, 0.1, 50)], ids=["one", "two", "many"])
def test_mean_rate_of_the_pixels_that_show_an_estimate(rates):
    """Against the pixels themselves, whose rates are known, in bins of their estimates."""
    rng = np.random.default_rng(2)
    cell = Cell(0.0, 0.7, (100, 1000), (2, 4), 10)
    truth = rng.choice(rates, 4 * PIXELS)
    counts = cell.draw(rng, truth.size, truth)
    estimates, estimator = estimates_of(cell, counts, np.median(truth))
    rate_distribution = fit_rate_distribution(
        estimates, estimator, cell.seconds, cell.frames, cell.read_noise**2 / cell.frames, cell.shared
    )  # fmt: skip
    expected = rate_distribution.posterior_mean(estimates)
    # No estimate of a pixel's rate is nearer to it, on the average.
    assert np.mean((expected - truth) ** 2) < np.mean((estimates - truth) ** 2)
    for bin_ in np.array_split(np.argsort(estimates), 20):
        error = truth[bin_].std() / np.sqrt(bin_.size)
        assert expected[bin_].mean() == pytest.approx(truth[bin_].mean(), abs=5 * error + 0.02 * truth[bin_].mean())


@given(seeds, st.floats(0.2, 5), st.floats(1e-4, 0.1))
def test_laws_of_a_rate_distribution(seed, read_noise, rate):
    """Probabilities are such, no rate is impossible, and a higher estimate means a higher rate."""
    cell = Cell(rate, read_noise, (50, 300), (3, 2), 8)
    rate_distribution = cell.rate_distribution([rate, rate * 3], pixels=1000, seed=seed)
    if rate_distribution is None:
        return
    assert rate_distribution.probability.sum() == pytest.approx(1)
    assert (rate_distribution.probability > 0).all()
    np.testing.assert_allclose(np.exp(rate_distribution.log_probability), rate_distribution.probability)
    assert (np.diff(rate_distribution.rates) > 0).all()
    nothing = error_of_one(Cell(0.0, read_noise, cell.seconds, cell.frames, 8))
    assert rate_distribution.rates[0] == pytest.approx(0, abs=1e-9 * nothing)
    at = np.linspace(-6 * nothing, rate_distribution.estimates[-1] + 1, 3000)
    expected = rate_distribution.posterior_mean(at)
    assert (expected >= 0).all()
    assert (np.diff(expected) > -1e-3 * nothing).all()
    assert expected[-1] == at[-1]


def test_scale():
    """Hours in place of seconds: rates that many times larger, the same probabilities."""
    cell = Cell(0.01, 1.0, (100, 700), (3, 4), 10)
    counts = cell.draw(np.random.default_rng(1), 5000)
    rate_distributions = []
    for second in (1.0, 1 / 3600):
        cell.seconds = cell.seconds * second
        estimates, estimator = estimates_of(cell, counts, cell.rate / second)
        rate_distributions.append(
            fit_rate_distribution(estimates, estimator, cell.seconds, cell.frames, 1 / cell.frames, cell.shared)
        )
    one, other = rate_distributions
    np.testing.assert_allclose(other.rates, 3600 * one.rates, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.probability, one.probability, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("sigmas", [6.5, 7.9, 30.0])
def test_far_below_zero(sigmas):
    """A pixel so dark is none of the brighter ones, whatever it is."""
    cell = Cell(0.06, 1.0, (50, 300), (3, 2), 8)
    rate_distribution = cell.rate_distribution([0.06, 0.18], pixels=1000)
    nothing = error_of_one(Cell(0.0, 1.0, cell.seconds, cell.frames, 8))
    assert rate_distribution.posterior_mean(-sigmas * nothing) <= rate_distribution.posterior_mean(0.0)


def test_hot_pixels_leave_the_others_alone():
    rng = np.random.default_rng(3)
    cell = Cell(0.01, 1.0, (90, 1000), (10, 20), 20)
    truth = np.full(PIXELS, cell.rate)
    truth[:300] = rng.uniform(1, 500, 300)
    counts = cell.draw(rng, PIXELS, truth)
    estimates, estimator = estimates_of(cell, counts, cell.rate)
    rate_distribution = fit_rate_distribution(
        estimates, estimator, cell.seconds, cell.frames, cell.read_noise**2 / cell.frames, cell.shared
    )  # fmt: skip
    assert share(rate_distribution, 0.0085, 0.0115) > 0.99
    assert rate_distribution.posterior_mean(np.array([400.0])) == 400


def test_pixels_that_need_no_others():
    """So many electrons that each estimate is good enough, or too few pixels to tell of others."""
    assert Cell(10.0, 1.0, (90, 1000), (10, 20)).rate_distribution(pixels=1000) is None
    assert Cell(0.001, 1.0, (90, 1000), (10, 20)).rate_distribution(pixels=99) is None
    assert Cell(0.001, 1.0, (90, 1000), (10, 20)).rate_distribution(pixels=100) is not None


def test_no_pixels():
    cell = Cell(0.01, 1.0, (90, 1000), (1, 1))
    estimates, estimator = estimates_of(cell, np.zeros((2, 0)), 0.01)
    assert fit_rate_distribution(estimates, estimator, cell.seconds, cell.frames, np.ones(2), []) is None


@pytest.mark.parametrize("level", [0.0, -3.0, -30.0])
@pytest.mark.parametrize("read_noise", [0.0, 0.1, 2.0])
def test_nothing_collected(read_noise, level):
    """No dark current at all, of an ideal camera too (which may need none); and frames that lie below their bias."""
    rng = np.random.default_rng(4)
    cell = Cell(0.0, read_noise, (90, 1000), (2, 3))
    estimates, estimator = estimates_of(cell, cell.draw(rng, 2000) + level, 0.0)
    rate_distribution = fit_rate_distribution(
        estimates, estimator, cell.seconds, cell.frames, read_noise**2 / cell.frames, []
    )
    if read_noise == 0 and rate_distribution is None:
        return
    # An electron in all frames would make a rate of 1 / 3000 electron/s.
    little = 0.3 * max(error_of_one(cell), 1 / 3000)
    assert rate_distribution.probability @ rate_distribution.rates < little
    assert rate_distribution.posterior_mean(np.array([-1.0, -0.03, 0.0])).max() < little


def rows_of(cell, counts):
    """Counts of (exposures, pixels) as `MeanCounts` of one row."""
    counts = counts[:, None].copy()
    frames = np.broadcast_to(cell.frames[:, None, None], counts.shape).copy()
    usable = np.ones(counts.shape, bool)
    return MeanCounts(counts, frames, cell.read_noise**2 / frames, usable, np.full(counts.shape, np.nan))


def test_sensor_rate_distribution():
    """Of the pixels that lost no frame, without the common offsets."""
    rng = np.random.default_rng(5)
    cell = Cell(0.01, 1.0, (90, 1000), (10, 20), 20)
    counts, offsets = cell.draw(rng, PIXELS), np.array([30.0, 0.0])
    rows = rows_of(cell, counts + offsets[:, None])
    lost = np.arange(PIXELS) < 1000
    rows.frames[0, :, lost] = 9
    # Were they looked at, these would be pixels of half as much again.
    rows.counts[:, 0, lost] += 0.005 * cell.seconds[:, None]
    rows.usable[1, :, 1000:2000] = False
    rows.counts[1, :, 1000:2000] = 0.0
    parts = rows.parts
    blocks = [MeanCounts(*(part[:, :, piece] for part in parts)) for piece in (slice(0, 3000), slice(3000, None))]
    rate_distribution = sensor_rate_distribution(blocks, cell.seconds, cell.frames, cell.shared, offsets, False)
    mean, spread = mean_and_spread(rate_distribution)
    assert mean == pytest.approx(0.01, rel=0.01)
    assert spread < 0.0003
    assert share(rate_distribution, 0.0125, 0.02) < 1e-3
    few = [rows_of(cell, counts[:, :50])]
    assert sensor_rate_distribution(few, cell.seconds, cell.frames, cell.shared, np.zeros(2), False) is None
