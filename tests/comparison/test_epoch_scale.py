"""Common factor and offset of two epochs."""

import numpy as np
import pytest

from ccdproc_darks import dark_rate
from ccdproc_darks.comparison.epoch_scale import epoch_offsets, epoch_scale
from ccdproc_darks.rates.rate_images import RateImages

from ..epochs import LABELS, SHAPE, epoch_of, hot_sensor
from ..helpers import mean_dark


def images_of(rates, factor=1.0, **options):
    rng = np.random.default_rng(5)
    pair = epoch_of(rng, rates), epoch_of(rng, factor * rates, **options)
    return RateImages(pair, repeated=True, labels=LABELS)


def scale_of(images, offset="common"):
    return epoch_scale(images, images.labels.index("after"), offset)


@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("seconds", [30.0, 100.0, 300.0])
def test_the_factor_of_hot_pixels(factor, seconds):
    found = scale_of(images_of(hot_sensor(), factor, seconds=seconds))
    assert found.source == "hot pixels"
    assert abs(found.factor - factor) < 4 * found.error
    assert found.error < 0.01 * factor
    assert found.spread == 0
    assert found.extra == 0


def test_factor_and_offset_are_told_apart():
    images = images_of(hot_sensor(), 2.0, shift=30.0)
    found = scale_of(images)
    assert abs(found.factor - 2) < 4 * found.error
    # As electrons of typical pixels that do not follow the factor.
    assert found.extra == pytest.approx(0.3, abs=0.01)


def test_pixels_that_changed_have_no_part_in_it():
    rates = hot_sensor()
    rng = np.random.default_rng(5)
    later = 2 * rates
    hot = np.flatnonzero(rates > 1)
    later.flat[hot[::5]] = 0.2
    images = RateImages((epoch_of(rng, rates), epoch_of(rng, later)), repeated=True, labels=LABELS)
    found = scale_of(images)
    assert found.factor == pytest.approx(2, abs=0.02)


def test_the_inverse_of_exchanged_epochs():
    rng = np.random.default_rng(3)
    one, two = epoch_of(rng, hot_sensor()), epoch_of(rng, 3 * hot_sensor(), shift=20.0)
    first = scale_of(RateImages((one, two), repeated=True, labels=LABELS))
    second = scale_of(RateImages((two, one), repeated=True, labels=LABELS))
    assert first.factor * second.factor == pytest.approx(1, abs=1e-3)


def test_the_spread_of_activation_energies():
    rng, rates = np.random.default_rng(8), hot_sensor()
    own = np.where(rates > 1, rng.normal(1, 0.05, rates.shape), 1.0)
    images = RateImages((epoch_of(rng, rates), epoch_of(rng, 2 * rates * own)), repeated=True, labels=LABELS)
    found = scale_of(images)
    assert found.spread == pytest.approx(0.05, rel=0.2)
    assert abs(found.factor - 2) < 4 * found.error


def test_too_few_hot_pixels():
    flat = np.full(SHAPE, 0.2)
    assert scale_of(images_of(flat, 1.5)).source == "too few pixels"
    assert scale_of(images_of(flat, 1.5)).factor == 1
    found = scale_of(images_of(flat, 1.5), None)
    assert found.source == "typical pixels"
    assert abs(found.factor - 1.5) < 4 * found.error
    # Headers tell of another temperature.
    found = scale_of(images_of(flat, 1.5, **{"CCD-TEMP": -5.0}))
    assert found.source == "too few pixels"


def test_headers_that_tell_of_another_temperature():
    rng, flat = np.random.default_rng(2), np.full(SHAPE, 0.2)
    pair = (epoch_of(rng, flat, **{"CCD-TEMP": -10.0}), epoch_of(rng, 2 * flat, **{"CCD-TEMP": -4.0}))
    with pytest.warns(UserWarning, match="deg C"):
        images = RateImages(pair, repeated=True, labels=LABELS)
    found = scale_of(images)
    assert found.source == "typical pixels"
    assert abs(found.factor - 2) < 4 * found.error


def test_nothing_in_common():
    rates = np.full(SHAPE, 0.2)
    rng = np.random.default_rng(2)
    pair = epoch_of(rng, rates), epoch_of(rng, rates)
    pair[0].mask[:] = True
    assert scale_of(RateImages(pair, repeated=True, labels=LABELS)).source == "too few pixels"


def test_offset_of_few_electrons_is_not_biased():
    """Half an electron of read noise, one electron in all: weights by own counts gave -0.03 electron."""
    rng, rates = np.random.default_rng(4), np.full((600, 600), 0.003)
    pair = [
        dark_rate(mean_dark(rng, rates, seconds, number, 0.5, rates.shape), bias=None)
        for seconds, number in ((300.0, 5), (100.0, 10))
    ]
    offset, other = epoch_offsets(RateImages(pair, repeated=True))
    assert other == 0
    assert abs(offset) < 0.004
