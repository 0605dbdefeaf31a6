"""Excess of pixels over their neighbours, against numpy one by one."""

import numpy as np
import pytest

from ccdproc_darks.comparison.hot_pixel_excess import Neighbours, bright_pixels, controls_of

SHAPE = (40, 50)


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(100, 5, SHAPE)


def test_excess_is_over_the_median_of_good_neighbours(image):
    usable = np.random.default_rng(2).random(SHAPE) > 0.3
    pixels = np.array([0, 55, 777, 1049, 1999])
    neighbours = Neighbours(pixels, usable)
    found = neighbours.excess(image)
    for index, pixel in enumerate(found.pixels):
        y, x = divmod(pixel, SHAPE[1])
        good = usable.copy()
        good[y, x] = False
        box = np.s_[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
        values = image[box][good[box]]
        assert found.level[index] == pytest.approx(np.median(values))
        assert found.value[index] == pytest.approx(image[y, x] - np.median(values))
        assert found.spread[index] == pytest.approx(1.4826 * np.median(np.abs(values - np.median(values))))


def test_pixels_with_few_good_neighbours_are_left_out(image):
    usable = np.ones(SHAPE, dtype=bool)
    usable[10:20, 10:20] = False
    pixels = np.array([15 * SHAPE[1] + 15, 30 * SHAPE[1] + 30])
    assert Neighbours(pixels, usable).pixels.tolist() == [30 * SHAPE[1] + 30]
    assert Neighbours(np.empty(0, dtype=int), usable).excess(image).value.size == 0


def test_bright_pixels_stand_out_of_a_gradient(image):
    image += np.linspace(0, 20, SHAPE[1])
    places = [3, 777, 1998]
    image.ravel()[places] += 100
    usable = np.ones(SHAPE, dtype=bool)
    assert bright_pixels(image, usable).tolist() == places
    usable.ravel()[777] = False
    assert bright_pixels(image, usable).tolist() == [3, 1998]
    assert bright_pixels(image, np.zeros(SHAPE, dtype=bool)).size == 0


def test_controls_lie_around_the_pixels_and_are_allowed():
    allowed = np.random.default_rng(3).random(SHAPE) > 0.2
    pixels = np.array([0, 20 * SHAPE[1] + 25])
    found = controls_of(pixels, SHAPE, allowed)
    assert found.size > 150
    assert allowed.ravel()[found].all()
    at = np.array(np.divmod(found, SHAPE[1]))
    distance = np.min([np.hypot(*(at - np.array(np.divmod(pixel, SHAPE[1]))[:, None])) for pixel in pixels], axis=0)
    assert distance.min() >= 4
    assert distance.max() <= 12
    np.testing.assert_array_equal(found, controls_of(pixels, SHAPE, allowed))
