"""Levels of lines against those beside."""

import warnings

import numpy as np
import pytest
from scipy.special import ndtr

from ccdproc_darks.masks.line_levels import line_levels

SHAPE = (600, 800)


def noise(seed=0, shape=SHAPE):
    return np.random.default_rng(seed).normal(size=shape)


def test_level_is_that_of_the_pixels():
    image = 5 + 2 * noise()
    image[:, 300] += 2
    image[100, :] -= 2
    image[::50, ::7] = 1e6
    columns, rows = line_levels(image)
    deviates = columns.deviates()
    assert deviates[0, 300] > 10
    assert rows.deviates()[0, 100] < -10
    assert np.delete(np.abs(deviates), 300, axis=1).max() == 0
    assert np.median(columns.levels) == pytest.approx(5, abs=0.1)
    assert np.median(columns.noise) == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("start", [130, 400])
def test_part_of_a_line(start):
    image = noise(1)
    image[start:, 300] += 2
    columns, _ = line_levels(image)
    deviates = columns.deviates()
    assert np.abs(deviates).max() == deviates[:, 300].max() > 7
    scores = columns.scores(image[:, 300], 300)
    assert scores[start:].mean() == pytest.approx(1.2, abs=0.2)
    assert scores[:start].mean() == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("kind", ["step", "gradient", "glow", "pattern", "first row"])
def test_healthy_sensors(kind):
    rows, columns = np.mgrid[0:600, 0:800]
    structure = {
        "step": 3.0 * (columns > 400),
        "gradient": columns / 100 + rows / 200,
        "glow": 10 * np.exp(-columns / 20) + 5 * np.exp(-((columns - 800) ** 2 + rows**2) / 5000),
        "pattern": 0.5 * np.random.default_rng(3).normal(size=800) + 0 * rows,
        "first row": 0.6 * (rows == 0),
    }[kind]
    for levels in line_levels(noise(2) + structure):
        assert not (np.abs(levels.deviates()) > 5).any()


def test_columns_that_differ_are_the_measure():
    """A column that departs by one sigma is not bad where all columns differ by half of one."""
    image = noise(4) + 0.5 * np.random.default_rng(5).normal(size=800)
    image[:, 300] += 1.5
    assert np.abs(line_levels(image)[0].deviates()[0, 300]) < 4


def test_deviates_are_as_improbable_as_is_said(monkeypatch):
    monkeypatch.setattr("ccdproc_darks.masks.line_levels._LEAST", 0.0)
    monkeypatch.setattr("ccdproc_darks.masks.line_levels._LEAST_AT_EDGE", 0.0)
    found, tests = 0, 0
    for seed in range(10):
        for levels in line_levels(noise(seed) + 0.1 * noise(seed + 100, (1, 800))):
            deviates = levels.deviates()
            found, tests = found + np.count_nonzero(np.abs(deviates) > 3), tests + deviates.size
    assert 0.1 < found / (tests * 2 * ndtr(-3)) < 1.1


def test_pixels_without_a_rate():
    image = noise(6).astype(">f4")
    image[:, 300] += 2
    mask = np.zeros(SHAPE, bool)
    mask[:, 200], mask[40:80, 250:400] = True, True
    image[mask] = np.nan
    image[5, 5] = np.inf
    for given in (None, mask):
        columns, rows = line_levels(image, given)
        assert columns.deviates()[0, 300] > 7
        assert columns.deviates()[:, 200].tolist() == [0] * 15
        assert np.isfinite(rows.deviates()).all()


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_no_noise(value):
    assert line_levels(np.full(SHAPE, value)) is None


def test_a_part_without_data():
    """A part of the image in which no pixel is usable tells nothing, and numpy does not warn of it."""
    image = noise(6)
    image[:, :300] = np.nan
    image[:, 500] += 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        columns, rows = (levels.deviates() for levels in line_levels(image))
    assert np.flatnonzero(columns[0]).tolist() == [500]
    assert not rows.any()


@pytest.mark.parametrize("masked", ["rows", "columns", "blocks", "half of all pixels"])
def test_masked_pixels_do_not_make_lines_bad(masked):
    """The noise of pixels is that of those that are not masked, however many these are."""
    shape, largest = (128, 160), []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        mask = np.zeros(shape, bool)
        if masked == "rows":
            mask[:40] = True
        elif masked == "columns":
            mask[:, 60:73] = True
        elif masked == "blocks":
            mask[:30, :50] = mask[70:100, 100:] = True
        else:
            mask = rng.random(shape) < 0.5
        image = rng.normal(size=shape)
        largest += [np.abs(levels.deviates()).max() for levels in line_levels(image, mask)]
    assert np.count_nonzero(np.array(largest) > 4.5) == 0


def test_lines_found_are_no_measure_of_others():
    """Where many columns are bad, those that are worst are found first, and then the others."""
    image = noise(7)
    image[:, 100:700:28] += 3
    columns = line_levels(image)[0]
    found = np.zeros(800, bool)
    found[100:700:28] = True
    image[:, 720] += 0.7
    columns = line_levels(image)[0]
    assert abs(columns.deviates()[0, 720]) < 5 < columns.deviates(found)[0, 720]
