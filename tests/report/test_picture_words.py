"""What pictures show, in words."""

from types import SimpleNamespace

import numpy as np

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.report.picture_words import evenness, hot_pixels, hottest, share_of_flags, uneven


def measured(data, mask=None):
    data = np.asarray(data, dtype=float)
    mask = np.zeros(data.shape, bool) if mask is None else mask
    rate = SimpleNamespace(data=data, mask=mask, shape=data.shape)
    return SimpleNamespace(rate=rate, typical_rates={"all": (float(np.median(data)), 0.01)})


def noise(shape=(80, 120), rate=1.0, seed=1):
    return np.random.default_rng(seed).normal(rate, 0.2, shape)


def test_an_even_sensor():
    data = noise()
    data[3, 4], data[5, 6] = 1000.0, np.nan
    assert uneven(measured(data)) == []
    assert evenness(measured(data)) == "The sensor is even: its parts differ by no more than noise."


def test_a_slight_gradient_is_told_with_its_size():
    data = noise((400, 600)) + np.linspace(0, 0.09, 600)
    assert uneven(measured(data)) == []
    text = evenness(measured(data))
    assert text.startswith(
        "The sensor is nearly even. Its dark current differs by 8 % at most: around the pixel (562, "
    )


def test_a_corner_that_glows_is_told_with_its_place():
    data = noise()
    data[70:, 105:] += 2.0
    (text,) = uneven(measured(data))
    assert "around the pixel (112, 75) it is 2.97 electron/s, around" in text
    assert evenness(measured(data)) == text
    # What is masked does not count.
    mask = np.zeros(data.shape, bool)
    mask[70:, 105:] = True
    assert uneven(measured(data, mask)) == []


def test_less_than_no_dark_current_is_told():
    data = noise(rate=0.5)
    data[:20] -= 2.0
    (text,) = uneven(measured(data))
    assert "No dark current is below zero" in text


def test_hottest_pixel_and_flags():
    data = noise()
    data[3, 4], data[5, 6] = 1234.0, np.inf
    flags = np.zeros(data.shape, dtype="u4")
    flags[3, 4] = flags[5, 6] = flags[7, 8] = DARK_FLAGS.HOT
    found = measured(data)
    found.mask = SimpleNamespace(data=flags)
    assert hottest(found) == "The hottest pixel is (4, 3), with 1234 electron/s."
    # The infinite one has no value.
    assert hot_pixels(found).tolist() == [3 * 120 + 4, 7 * 120 + 8]
    assert hot_pixels(found, "TELEGRAPH").size == 0
    found.rate.mask = np.ones(data.shape, bool)
    assert hottest(found) == ""
    flags = np.zeros((10, 10), dtype="u4")
    mask = SimpleNamespace(data=flags, meta={})
    assert share_of_flags(mask) == "No pixel is flagged."
    flags[0, :2] = DARK_FLAGS.HOT
    assert share_of_flags(mask) == "Of all pixels, 2 (2.0 %) are hot."
