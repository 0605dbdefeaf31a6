"""Shapes of counts against exposure time: their evidence, and which of them explains counts best."""

import numpy as np
import pytest

from ccdproc_darks.statistics.count_shapes import CountShapes

SECONDS = np.array([10.0, 30.0, 60.0, 120.0, 300.0])
NOISE = 8.0


def shapes_of(counts, *, seconds=SECONDS, noise=NOISE, usable=None, shared=()):
    counts = np.atleast_2d(np.asarray(counts, dtype=float).T).T
    everywhere = np.ones(counts.shape)
    usable = everywhere > 0 if usable is None else usable
    return CountShapes(counts, seconds, everywhere, noise**2 * everywhere, usable, list(shared))


def evidences(shapes):
    return {
        "bends": shapes.bends(),
        "offset": shapes.offset(),
        "clips": shapes.clips(),
        "high": shapes.one_exposure(range(len(shapes.seconds)), 1),
        "low": shapes.one_exposure(range(len(shapes.seconds)), -1),
        "steps": shapes.steps(),
        "erratic": shapes.erratic(),
    }


def drawn(mean, *, pixels=300, seed=1, noise=NOISE):
    rng = np.random.default_rng(seed)
    mean = np.repeat(np.asarray(mean, dtype=float)[:, None], pixels, axis=1)
    return rng.poisson(np.maximum(mean, 0)) + np.minimum(mean, 0) + rng.normal(0, noise, mean.shape)


MEANS = {
    "bends": 5 * SECONDS * 0.3 + 500 * (1 - np.exp(-3.5 * SECONDS / 500)),
    "offset": 2 * SECONDS + 200,
    "clips": np.minimum(20 * SECONDS, 900),
    "high": 2 * SECONDS + 500 * (SECONDS == 120),
    "low": 8 * SECONDS - 400 * (SECONDS == 120),
    "steps": np.where(SECONDS < 60, 4.0, 12.0) * SECONDS,
    "erratic": np.array([8.0, 3.0, 11.0, 5.0, 7.5]) * SECONDS,
}


@pytest.mark.parametrize("shape", MEANS)
def test_each_shape_explains_its_own_counts(shape):
    counts = drawn(MEANS[shape])
    if shape == "clips":
        # What is full has no Poisson noise.
        rng = np.random.default_rng(2)
        counts = np.minimum(rng.poisson(20 * SECONDS[:, None], counts.shape), 900) + rng.normal(0, NOISE, counts.shape)
    found = evidences(shapes_of(counts))
    evidence = np.array([each.log_evidence for each in found.values()])
    best = np.array(list(found))[evidence.argmax(axis=0)]
    assert np.mean(best == shape) > 0.9
    own = found[shape]
    good = best == shape
    # Of a bend with three parameters two degrees are left; of a step at a random place the chi-square is a little less.
    if shape != "erratic":
        assert np.mean(own.chi_square[good] / own.degrees[good]) == pytest.approx(1, abs=0.35)


def test_sharp_bend():
    """Proportional, then a lower rate at once."""
    seconds = np.array([10.0, *np.arange(30.0, 301.0, 30.0)])
    mean = 5 * np.minimum(seconds, 100) + 2 * np.maximum(seconds - 100, 0)
    found = evidences(shapes_of(drawn(mean), seconds=seconds))
    bends = found.pop("bends").log_evidence
    assert np.mean(bends > np.max([each.log_evidence for each in found.values()], axis=0)) > 0.95


def likelihood(counts, mean, variance):
    return np.exp(-((counts - mean) ** 2 / variance / 2).sum(axis=0)) / np.sqrt(np.prod(variance, axis=0))


def test_evidence_of_an_offset_is_the_integral():
    """By brute force, over rates and offsets."""
    counts = (2 * SECONDS + 200)[:, None] + np.array([3.0, -8.0, 10.0, -5.0, 12.0])[:, None]
    shapes = shapes_of(counts)
    rate, offset = np.linspace(1.5, 2.5, 401)[:, None], np.linspace(120, 280, 401)
    mean = rate * SECONDS[:, None, None] + offset
    prior = 0.5 / (rate + shapes.least_rate) / ((offset + shapes.least) * shapes.amplitudes)
    variance = mean + NOISE**2 + (0.002 * mean) ** 2
    value = (likelihood(counts[:, :, None], mean, variance) * prior).sum() * (1 / 400) * (160 / 400)
    assert shapes.offset().log_evidence[0] == pytest.approx(np.log(value), abs=0.1)


def test_evidence_of_a_curve_is_the_integral():
    """All of the rate falls: over charges, and the logarithm of the rate of falling."""
    counts = (900 * (1 - np.exp(-SECONDS / 120)))[:, None] + np.array([5.0, -9.0, 20.0, -10.0, 15.0])[:, None]
    shapes = shapes_of(counts)
    grid = np.geomspace(0.02 / 300, 3 / 10, 36)
    found, _ = shapes._summed(grid, shapes._falling)
    k, charge = np.geomspace(1 / 240, 1 / 60, 501)[:, None], np.linspace(700, 1200, 501)
    left = np.exp(-k * SECONDS[:, None, None])
    mean = charge * (1 - left)
    prior = k / (charge * k + shapes.least_rate) / np.log(grid[-1] / grid[0])
    variance = mean * left + NOISE**2 + (0.002 * mean) ** 2
    value = (likelihood(counts[:, :, None], mean, variance) * prior).sum() * np.log(4) / 500
    assert found[0] == pytest.approx(np.log(value), abs=0.15)


def test_a_pixel_does_not_depend_on_others():
    counts = drawn(MEANS["bends"], pixels=20)
    counts[:, 7] *= 100
    for name, together in evidences(shapes_of(counts)).items():
        alone = evidences(shapes_of(counts[:, :1]))[name]
        assert alone.log_evidence[0] == pytest.approx(together.log_evidence[0], abs=1e-9), name


def test_an_exposure_that_is_not_usable_is_not_there():
    counts = drawn(MEANS["offset"], pixels=5)
    usable = np.ones(counts.shape, dtype=bool)
    usable[1] = False
    found = []
    for value in (0.0, 1e6):
        counts[1] = value
        found.append(evidences(shapes_of(counts, usable=usable)))
    for name, first in found[0].items():
        np.testing.assert_array_equal(first.log_evidence, found[1][name].log_evidence)
        np.testing.assert_array_equal(first.degrees, 4 - (3 if name == "bends" and first.degrees[0] == 1 else 2))


def test_a_shared_bias_is_no_offset():
    """The error of a bias that all exposures share may be as large as the offset."""
    counts = drawn(MEANS["offset"], pixels=50)
    known = shapes_of(counts)
    unknown = shapes_of(counts, shared=[([0, 1, 2, 3, 4], 200.0**2)])
    gains = [each.offset().log_evidence - each.erratic().log_evidence for each in (known, unknown)]
    assert np.all(gains[1] < gains[0])
