"""Far tails against exact probabilities: quadrature, binomial and normal tails."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtri_exp

from ccdproc_darks.statistics.conditional_tail import conditional_tail
from ccdproc_darks.statistics.count_law import CountLaw

from ..quadrature import Cell, false_positives
from ..strategies import seeds

# Nominal probability, and what the actual one may be of it.
BOUNDS = {1e-3: (0.9, 1.1), 1e-4: (0.9, 1.1), 1e-5: (0.8, 1.25), 1e-6: (0.7, 1.4)}
LOW, HIGH = np.array(list(BOUNDS.values())).T[:, :, None]
NOMINAL = list(BOUNDS)

# The hardest: few electrons, low noise, and one exposure time of many frames against one of a single.
HARD = [
    Cell(0.001, 0.5, (90, 1000), (1, 1)),
    Cell(0.001, 0.5, (90, 1000), (50, 1), 20),
    Cell(0.001, 1.0, (333, 1000), (50, 1)),
    Cell(0.01, 0.5, (667, 1000), (1, 1)),
    Cell(0.01, 0.5, (333, 1000), (1, 1), 20),
    Cell(0.01, 1.0, (90, 1000), (50, 1), 20),
    Cell(0.1, 0.5, (90, 1000), (1, 1)),
    Cell(1.0, 0.5, (10, 1000), (1, 1)),
    Cell(1.0, 1.0, (10, 1000), (50, 1), 20),
]
# Ten electrons and more in each exposure time.
ENOUGH = [
    Cell(0.015, 0.5, (667, 1000), (1, 1)),
    Cell(0.03, 0.5, (333, 1000), (1, 1), 20),
    Cell(0.1, 1.0, (100, 1000), (1, 2), 20),
    Cell(1.0, 0.5, (10, 1000), (1, 1)),
]


def named(cell):
    return f"R{cell.read_noise:g}-d{cell.rate:g}-" + "-".join(f"{n:g}x{t:g}s" for n, t in zip(cell.frames, cell.seconds,
                                                                                              strict=True))  # fmt: skip


@pytest.mark.statistics
@pytest.mark.parametrize("cell", HARD, ids=named)
def test_false_positives_are_as_asked(cell):
    """Both tails, on a sensor of one rate that the test is told of by its pixels only."""
    ratios = false_positives(cell, NOMINAL, cell.rate_distribution())
    assert (ratios > LOW).all(), ratios
    assert (ratios < HIGH).all(), ratios


@pytest.mark.statistics
@pytest.mark.parametrize("cell", ENOUGH, ids=named)
def test_each_pixel_for_itself_where_it_collects_enough(cell):
    ratios = false_positives(cell, NOMINAL)
    assert (ratios > LOW).all(), ratios
    assert (ratios < HIGH).all(), ratios


@pytest.mark.statistics
def test_a_sensor_of_two_rates():
    """The pixels of a rate alone are flagged too seldom or too often, the sensor as a whole is right."""
    rates = 0.001, 0.003
    cells = [Cell(rate, 0.5, (90, 1000), (2, 2)) for rate in rates]
    rate_distribution = cells[0].rate_distribution(rates)
    ratios = np.array([false_positives(cell, NOMINAL, rate_distribution) for cell in cells])
    np.testing.assert_array_less(ratios[0, 2:, 0], 0.5)
    # Two thirds of a standard deviation apart: which rates there are is a matter of a few per cent.
    assert (ratios.mean(axis=0) > 0.8).all(), ratios
    assert (ratios.mean(axis=0) < 1.2).all(), ratios


@pytest.mark.statistics
@pytest.mark.parametrize(
    ("cells", "rates"),
    [
        ([Cell(0.006, 0.6, (45, 600), (7, 5), 12)], None),
        ([Cell(0.1, 1.0, (90, 1000), (1, 1), 20)], None),
        ([Cell(rate, 0.5, (90, 1000), (10, 20), 20) for rate in (0.001, 0.02)], (0.001, 0.02)),
        ([Cell(rate, 0.5, (333, 1000), (1, 1)) for rate in (0.003, 0.03)], (0.003, 0.03)),
    ],
    ids=["uniform, faint", "uniform, bright", "two rates apart", "two rates, few electrons"],
)
def test_where_it_is_precise(cells, rates):
    """To 3 % down to one in a million, where pixels and their rates can be told apart."""
    rate_distribution = cells[0].rate_distribution(rates)
    ratios = np.mean([false_positives(cell, NOMINAL, rate_distribution) for cell in cells], axis=0)
    np.testing.assert_allclose(ratios, 1, rtol=0, atol=0.03)


def test_without_electrons_the_test_is_the_normal_one():
    """It is exact then, but for the electrons that noise is taken for: so must be the quadrature."""
    ratios = false_positives(Cell(1e-9, 1000.0, (90, 1000), (3, 8), 6), NOMINAL)
    np.testing.assert_allclose(ratios, 1, rtol=1e-3)


@pytest.mark.statistics
@pytest.mark.parametrize(
    ("cell", "free_offset"),
    [
        (Cell(0.01, 1.0, (30, 100, 1000), (10, 10, 10), 20), False),
        (Cell(0.1, 1.0, (30, 100, 300, 1000), (1, 1, 1, 1), 20), False),
        (Cell(0.1, 1.0, (30, 100, 300, 1000), (10, 10, 10, 10), 20), True),
    ],
    ids=["three", "four", "four, free offset"],
)
def test_several_exposures(cell, free_offset):
    """300 000 draws: four times the counting error at 1e-3."""
    rng = np.random.default_rng(1)
    pixels = 300_000
    rate_distribution = None if free_offset else cell.rate_distribution()
    counts = cell.draw(rng, pixels)[:, None]
    z = cell.significance(counts, rate_distribution, free_offset=free_offset)
    assert np.mean(np.abs(z) > stats.norm.isf(0.5e-3)) / 1e-3 == pytest.approx(1, abs=4 / np.sqrt(1e-3 * pixels))


@pytest.mark.parametrize("frames", [(1, 1), (3, 2)])
def test_two_poisson_counts_are_binomial(frames):
    """Without read noise, given their sum, whatever the rate: every outcome of up to 60 electrons."""
    cell = Cell(0.0, 0.0, (90, 400), frames)
    totals = np.stack(np.meshgrid(np.arange(61), np.arange(61), indexing="ij")).astype(float)
    z = cell.significance(totals / cell.frames[:, None, None])
    far = np.abs(z) > 2.5
    assert far.sum() > 500
    first, everything = totals[0][far], totals.sum(axis=0)[far]
    share = cell.seconds[0] * cell.frames[0] / (cell.seconds * cell.frames).sum()
    upper = stats.binom.logsf(first - 1, everything, share)
    lower = stats.binom.logcdf(first, everything, share)
    np.testing.assert_allclose(stats.norm.logsf(np.abs(z[far])), np.where(z[far] > 0, upper, lower), rtol=1e-9)


def two_counts(first, second, rate, read_noise=0.0, seconds=(90.0, 400.0), frames=(1.0, 1.0)):
    """Arguments of `conditional_tail` for total electrons of two counts, given their sum: side of the first."""
    totals = np.stack(np.broadcast_arrays(first, second)).astype(float)
    t, n = (np.broadcast_to(np.array(part)[:, None], totals.shape) for part in (seconds, frames))
    law = CountLaw(rate * t * n, n, np.full(totals.shape, read_noise**2) / n, np.ones(totals.shape, bool), [])
    return totals / n, law, [n * 1.0], np.array([[1.0], [-1.0]])


@pytest.mark.parametrize("side", [1, -1])
def test_little_read_noise_nears_the_binomial_tail(side):
    """A smooth law cannot know the steps of a lattice, but lies between 'more' and 'as many or more'."""
    everything, share = 50, 90 / 490
    first = np.arange(17, 31) if side > 0 else np.arange(1, 4)
    counts, law, directions, residual = two_counts(first, everything - first, 0.1, read_noise=0.02)
    tail = np.exp(conditional_tail(counts, law, directions, side * residual)[0])
    binomial = stats.binom(everything, share)
    more, as_many = (
        (binomial.sf(first), binomial.sf(first - 1)) if side > 0 else (binomial.cdf(first - 1), binomial.cdf(first))
    )
    assert (tail > more).all()
    assert (tail < as_many).all()


@given(st.integers(1, 200), st.integers(1, 200), st.floats(0.01, 1))
def test_given_the_sum_the_rate_does_not_matter(first, second, rate):
    """Of Poisson counts; 1e-3 is what smoothing them takes."""
    tails = [conditional_tail(*two_counts([first], [second], of))[0].item() for of in (rate, 3 * rate)]
    assert tails[0] == pytest.approx(tails[1], rel=2e-3, abs=2e-3)


@given(seeds, st.integers(2, 6), st.booleans(), st.booleans())
def test_no_electrons_give_the_normal_tail(seed, number, free_offset, shared):
    """Chi-square of the residuals, by full matrices; with one degree of freedom one side of a normal law."""
    rng = np.random.default_rng(seed)
    if number - (2 if free_offset else 1) < 1:
        return
    t, n = np.cumsum(rng.uniform(10, 300, number)), rng.integers(1, 20, number).astype(float)
    variance = rng.uniform(1, 30) / n
    groups = [(list(range(number)), rng.uniform(0.1, 5))] if shared else []
    matrix = np.diag(variance) + sum(s for _, s in groups)
    design = np.column_stack([t, np.ones(number)])[:, : 2 if free_offset else 1]
    weigh = np.linalg.solve(matrix, design)
    counts = rng.multivariate_normal(np.zeros(number), 9 * matrix)
    residual = counts - design @ np.linalg.solve(design.T @ weigh, weigh.T @ counts)
    chi_square = residual @ np.linalg.solve(matrix, residual)
    law = CountLaw(
        np.full((number, 1), 1e-12), n[:, None], variance[:, None], np.ones((number, 1), bool), groups
    )  # fmt: skip
    tail = conditional_tail(counts[:, None], law, [column[:, None] for column in weigh.T], residual[:, None])[0].item()
    degrees = number - design.shape[1]
    expected = (
        stats.norm.logsf(np.sqrt(chi_square)) if degrees == 1 else stats.chi2.logsf(chi_square, degrees) - np.log(2)
    )
    assert tail == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("rate", "read_noise"), [(0.01, 0.5), (0.05, 1.0), (1.0, 3.0), (50.0, 0.5)])
def test_the_tail_falls_as_the_departure_grows(rate, read_noise):
    """From far down to far up, and without a step to speak of in the middle, where the formula divides by zero."""
    everything, share = 490 * rate, 90 / 490
    sigma = np.sqrt(everything * share * (1 - share) + 2 * read_noise**2)
    first = everything * share + sigma * np.linspace(-6, 8, 4000)
    deviate = -ndtri_exp(conditional_tail(*two_counts(first, everything - first, rate, read_noise))[0])
    assert deviate[0] < -5
    assert deviate[-1] > 5
    steps = np.diff(deviate)
    assert (steps[np.abs(deviate[1:]) > 0.5] > 0).all()
    assert np.abs(steps).max() < 0.1


@pytest.mark.parametrize("rate", [0.01, 0.1, 1.0])
def test_density_of_the_sum(rate):
    """By which possible rates are weighed: to a few per cent, and a constant that is the same for all of them."""
    electrons, read_noise = 490 * rate, 1.5
    everything = electrons + np.linspace(-4, 6, 50) * np.sqrt(electrons + 2 * read_noise**2)
    first = everything * 90 / 490
    _, log_density = conditional_tail(*two_counts(first, everything - first, rate, read_noise))
    numbers = np.arange(2000)[:, None]
    exact = np.sum(
        stats.poisson.pmf(numbers, electrons) * stats.norm.pdf(everything, numbers, np.sqrt(2) * read_noise), axis=0
    )  # fmt: skip
    np.testing.assert_allclose(log_density - np.log(2 * np.pi) / 2, np.log(exact), atol=0.04)


@given(seeds, st.floats(0.3, 3))
def test_width(seed, width):
    """How much wider departures are taken to be: a deviate that many times smaller."""
    rng = np.random.default_rng(seed)
    arguments = two_counts(rng.uniform(40, 90, 5), rng.uniform(20, 90, 5), 0.2, 1.0)
    plain, wide = (-ndtri_exp(conditional_tail(*arguments, width=of)[0]) for of in (1.0, width))
    np.testing.assert_allclose(wide, plain / width, rtol=1e-6)
