"""The law of counts: its cumulants against their own derivatives, draws and full matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ccdproc_darks.statistics.count_law import CountLaw

from ..strategies import seeds


def law_of(electrons, frames, read_noise, shared=(), usable=None):
    """Law of pixels whose numbers are of shape (exposures, pixels)."""
    electrons, frames = np.broadcast_arrays(np.asarray(electrons, float), np.asarray(frames, float))
    usable = np.ones(electrons.shape, bool) if usable is None else usable
    return CountLaw(electrons, frames, read_noise**2 / frames, usable, list(shared))


@st.composite
def laws(draw):
    """One to five exposures of four pixels, from a thousandth of an electron to 100 000, some of one bias."""
    number = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(seeds))
    read_noise = draw(st.floats(0.1, 20))
    electrons = 10 ** rng.uniform(-3, 5, (number, 4))
    frames = rng.integers(1, 50, (number, 4)).astype(float)
    groups = draw(st.sampled_from(["none", "one", "two"]))
    variance = read_noise**2 / draw(st.integers(1, 50))
    everything = list(range(number))
    members = {"none": [], "one": [everything], "two": [everything[::2], everything[1::2]]}[groups]
    law = law_of(electrons, frames, read_noise, [(group, variance) for group in members if group])
    return law, rng


def full_covariance(law, tilt, pixel):
    columns = [law.covariance(tilt).apply(np.broadcast_to(unit[:, None], tilt.shape))[:, pixel]
               for unit in np.eye(len(tilt))]  # fmt: skip
    return np.column_stack(columns)


def some_counts(law, rng, reach=8.0):
    """Counts up to so many standard deviations off the mean; below zero it is read noise that takes them there."""
    at_rest = np.zeros(law.electrons.shape)
    sigma = np.sqrt(np.stack([np.diag(full_covariance(law, at_rest, pixel)) for pixel in range(4)], axis=1))
    counts = law.mean(at_rest) + sigma * rng.uniform(-reach, reach, sigma.shape)
    return np.maximum(counts, -reach * np.sqrt(law.read_variance)), sigma


def slopes(function, law, tilt):
    """Central difference of a function of the tilt by the tilt of each exposure."""
    step = 1e-4 * law.frames
    for exposure in range(len(tilt)):
        only = np.arange(len(tilt))[:, None] == exposure
        up, down = (function(tilt + sign * step * only) for sign in (1, -1))
        yield (up - down) / (2 * step[exposure])


@given(laws())
def test_mean_is_the_derivative_of_the_cumulant(case):
    law, rng = case
    tilt = law.frames * rng.uniform(-2, 2, law.frames.shape)
    for exposure, slope in enumerate(slopes(law.cumulant, law, tilt)):
        size = sum(np.abs(law.cumulant(sign * np.abs(tilt))) for sign in (1, -1)) / law.frames[exposure]
        size += law.mean(np.zeros(tilt.shape))[exposure]
        np.testing.assert_array_less(np.abs(slope - law.mean(tilt)[exposure]), 1e-6 * size + 1e-9)


@given(laws())
def test_covariance_is_the_derivative_of_the_mean(case):
    law, rng = case
    tilt = law.frames * rng.uniform(-2, 2, law.frames.shape)
    for exposure, slope in enumerate(slopes(law.mean, law, tilt)):
        for pixel in range(4):
            expected = full_covariance(law, tilt, pixel)
            np.testing.assert_allclose(slope[:, pixel], expected[:, exposure], atol=1e-6 * expected.max())


def test_at_rest_they_are_those_of_the_counts():
    """Mean m / N; variance (m / N + R^2) / N, and that of the bias in all of its group."""
    law = law_of([[6.0], [20.0], [300.0]], [[2.0], [1.0], [10.0]], 3.0, [([0, 2], 0.7)])
    at_rest = np.zeros((3, 1))
    np.testing.assert_allclose(law.mean(at_rest)[:, 0], [3, 20, 30])
    np.testing.assert_allclose(law.cumulant(at_rest), 0, atol=1e-15)
    expected = np.diag([(3 + 9) / 2, 20 + 9, (30 + 9) / 10]) + 0.7 * np.outer([1, 0, 1], [1, 0, 1])
    np.testing.assert_allclose(full_covariance(law, at_rest, 0), expected)


def test_cumulant_of_draws():
    """The logarithm of the mean of ``e^(s c)`` over counts as they are drawn."""
    rng = np.random.default_rng(1)
    electrons, frames = np.array([[2.0], [5.0], [40.0]]), np.array([[1.0], [4.0], [10.0]])
    read_noise, bias = 1.5, 0.6
    draws = (rng.poisson(electrons, (3, 10**6)) + rng.normal(0, read_noise, (3, 10**6)) * np.sqrt(frames)) / frames
    draws[[0, 2]] += rng.normal(0, bias, 10**6)
    law = law_of(electrons, frames, read_noise, [([0, 2], bias**2), ([1], 0.0)])
    for tilt in ([0.3, 0, 0], [0, -0.8, 0], [0.2, 0.5, 0.3], [-0.4, 0.2, 0.2], [0.3, 0, -0.3]):
        tilt = np.array(tilt)[:, None]
        grown = np.exp((tilt * draws).sum(axis=0))
        error = grown.std() / grown.mean() / 1000
        assert error < 0.01
        assert law.cumulant(tilt).item() == pytest.approx(np.log(grown.mean()), abs=4 * error)


@given(laws())
def test_tilt_to_inverts_the_mean(case):
    law, rng = case
    counts, sigma = some_counts(law, rng)
    np.testing.assert_array_less(np.abs(law.mean(law.tilt_to(counts)) - counts), 1e-8 * sigma + 1e-12 * np.abs(counts))


@given(laws())
def test_counts_as_expected_need_no_tilt(case):
    law, _ = case
    tilt = law.tilt_to(law.mean(np.zeros(law.electrons.shape)))
    _, sigma = some_counts(law, np.random.default_rng(0))
    np.testing.assert_allclose(tilt * sigma, 0, atol=1e-7)


@given(laws(), st.booleans())
def test_tilt_in_directions(case, free_offset):
    """It makes the sums that a fit makes of counts, and is a combination of the directions."""
    law, rng = case
    # One rate for each pixel, from a thousandth of an electron in the shortest exposure.
    seconds = np.broadcast_to(np.cumprod(rng.uniform(1.5, 4, len(law.frames)))[:, None], law.frames.shape)
    electrons = 10 ** rng.uniform(-3, 3, 4) * seconds * law.frames
    law = CountLaw(electrons, law.frames, law.read_variance, law.usable, law.shared)
    counts, sigma = some_counts(law, rng, 5.0)
    at_rest = law.covariance(np.zeros(counts.shape))
    directions = [at_rest.solve(seconds)]
    if free_offset and len(counts) > 1:
        directions.append(at_rest.solve(np.ones(counts.shape)))
    sums = [(direction * counts).sum(axis=0) for direction in directions]
    tilt = law.tilt_in(directions, sums)
    for direction, expected in zip(directions, sums, strict=True):
        miss = (direction * law.mean(tilt)).sum(axis=0) - expected
        spread = np.sqrt((direction * at_rest.apply(direction)).sum(axis=0))
        np.testing.assert_array_less(np.abs(miss), 1e-7 * spread + 1e-12 * np.abs(expected))
    for pixel in range(4):
        basis = np.column_stack([direction[:, pixel] for direction in directions]) * sigma[:, pixel, None]
        target = tilt[:, pixel] * sigma[:, pixel]
        fitted = basis @ np.linalg.lstsq(basis, target, rcond=None)[0]
        np.testing.assert_allclose(fitted, target, rtol=1e-6, atol=1e-6 * np.abs(target).max())


@pytest.mark.parametrize("electrons", [-3.0, -30.0, -100.0])
def test_tilt_far_below_zero(electrons):
    """A pixel below the bias level, as fixed structure puts it there: far off for a low read noise."""
    law = law_of([[0.9], [10.0]], 1.0, 0.5)
    counts = np.full((2, 1), electrons)
    np.testing.assert_allclose(law.mean(law.tilt_to(counts)), counts, rtol=1e-9)
    tilt = law.tilt_in([np.ones((2, 1))], [np.array([2 * electrons])])
    np.testing.assert_allclose(law.mean(tilt).sum(), 2 * electrons, rtol=1e-9)


@given(laws())
def test_unusable_counts_are_as_if_they_were_not_there(case):
    law, rng = case
    counts, _ = some_counts(law, rng)
    usable = rng.random(counts.shape) < 0.7
    holes = CountLaw(law.electrons, law.frames, law.read_variance, usable, law.shared)
    tilt = holes.tilt_to(np.where(usable, counts, 0.0))
    assert (tilt[~usable] == 0).all()
    assert (holes.mean(tilt)[~usable] == 0).all()
    for pixel in range(4):
        there = np.flatnonzero(usable[:, pixel])
        if there.size == 0:
            assert holes.cumulant(tilt)[pixel] == 0
            continue
        groups = [([int(np.searchsorted(there, k)) for k in members if k in there], variance)
                  for members, variance in law.shared]  # fmt: skip
        alone = CountLaw(
            *(part[there, pixel][:, None] for part in (law.electrons, law.frames, law.read_variance)),
            np.ones((there.size, 1), bool), [group for group in groups if group[0]],
        )  # fmt: skip
        own = alone.tilt_to(counts[there, pixel][:, None])
        np.testing.assert_allclose(tilt[there, pixel], own[:, 0], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(holes.cumulant(tilt)[pixel], alone.cumulant(own)[0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("electrons", "read_noise"), [(3.0, 1.0), (10.0, 1.0), (100.0, 0.7), (0.5, 3.0)])
def test_density(electrons, read_noise):
    """``exp(K - s c) / sqrt(2 pi K'')`` against the exact density, to a few per cent from -6 to 10 sigma."""
    sigma = np.sqrt(electrons + read_noise**2)
    counts = electrons + sigma * np.linspace(-6, 10, 50)
    law = law_of(np.full((1, 50), electrons), 1.0, read_noise)
    tilt = law.tilt_to(counts[None])
    variance = law.covariance(tilt).apply(np.ones((1, 50)))[0]
    log_density = law.cumulant(tilt) - tilt[0] * counts - np.log(2 * np.pi * variance) / 2
    numbers = np.arange(0, 1000)[:, None]
    exact = np.sum(stats.poisson.pmf(numbers, electrons) * stats.norm.pdf(counts, numbers, read_noise), axis=0)
    np.testing.assert_allclose(log_density, np.log(exact), atol=0.06)


def test_no_read_noise():
    """No electron, or any number of them, where none can be fewer: the tilt stays finite."""
    law = law_of(np.full((1, 4), 2.0), 1.0, 0.0)
    counts = np.array([[0.0, 1.0, 2.0, 30.0]])
    tilt = law.tilt_to(counts)
    assert np.isfinite(tilt).all()
    np.testing.assert_allclose(law.mean(tilt), counts, atol=1e-3)
    np.testing.assert_allclose(tilt[0, 1:], np.log(counts[0, 1:] / 2), atol=2e-4)


def test_no_electrons():
    """A normal law: tilts are deviations over variances."""
    law = law_of(np.zeros((2, 3)), 4.0, 6.0, [([0, 1], 2.0)])
    counts = np.array([[1.0, -5.0, 0.0], [2.0, 30.0, 0.0]])
    matrix = np.diag([9.0, 9.0]) + 2.0
    np.testing.assert_allclose(law.tilt_to(counts), np.linalg.solve(matrix, counts), rtol=1e-9)
    tilt = law.tilt_to(counts)
    np.testing.assert_allclose(law.cumulant(tilt), (tilt * (matrix @ tilt)).sum(axis=0) / 2, rtol=1e-9)
