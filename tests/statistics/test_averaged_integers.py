"""The number of whole numbers that values are the mean of."""

import numpy as np
import pytest

from ccdproc_darks.statistics.averaged_integers import averaged_number

RNG = np.random.default_rng(2)


def whole(number, level=1000, scatter=6, shape=(50, 80)):
    return np.rint(RNG.normal(level, scatter, (number, *shape)))


@pytest.mark.parametrize("number", [3, 10, 20, 37, 100])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mean(number, dtype):
    assert averaged_number(whole(number).mean(axis=0).astype(dtype)) == number
    assert averaged_number((1.7 * whole(number).mean(axis=0)).astype(dtype), 1.7) == number


def test_some_pixels_lost_a_sample():
    frames = whole(12)
    mean = frames.mean(axis=0)
    mean[::10] = frames[1:, ::10].mean(axis=0)
    assert averaged_number(mean) == 12


def test_rounding_hides_large_numbers():
    assert averaged_number(whole(100, level=50000).mean(axis=0).astype("float32")) is None
    assert averaged_number(whole(10, level=50000).mean(axis=0).astype("float32")) == 10


@pytest.mark.parametrize(
    "image",
    [
        RNG.normal(1000, 6, (50, 80)),
        whole(1)[0],
        np.median(whole(8), axis=0),
        whole(1)[0] - RNG.integers(0, 32, (50, 1)) / 32,
        whole(20).mean(axis=0) * 1.0003,
        np.full((5, 5), np.nan),
        np.full((50, 80), 0.1),
    ],
    ids=["noise", "single", "median", "overscan", "scaled", "nan", "constant"],
)
def test_no_mean(image):
    assert averaged_number(image) is None


def test_pixels_that_are_no_numbers_are_left_out():
    mean = whole(9).mean(axis=0)
    mean[::3] = np.nan
    assert averaged_number(mean) == 9


def test_infinite_values_do_not_count(recwarn):
    image = np.random.default_rng(2).integers(900, 1100, (8, 50, 60)).mean(axis=0)
    image[::2] = np.inf
    assert averaged_number(image) == 8
    assert not recwarn.list
