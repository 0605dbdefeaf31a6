"""Rates of two epochs on one scale."""

import numpy as np
import pytest

from ccdproc_darks.comparison.two_epochs import TwoEpochs

from ..epochs import epoch_of, hot_sensor


def epochs_of(factor, extra=0.0, seconds=100.0, scale="common"):
    rng, rates = np.random.default_rng(2), hot_sensor()
    before, after = epoch_of(rng, rates), epoch_of(rng, factor * rates + extra, seconds=seconds)
    return before, after, TwoEpochs.of(before, after, scale=scale, offset="common")


def test_a_factor_is_another_exposure_time():
    before, after, epochs = epochs_of(3.0, seconds=50.0)
    earlier, later = (epochs.images.infos[index] for index in (1 - epochs.later, epochs.later))
    factor = epochs.scale.factor
    assert (earlier.longest, later.longest) == (100.0, pytest.approx(50 * factor))
    assert later.total == pytest.approx(250 * factor)
    assert [info.longest for info in epochs.infos] == [100.0, 50.0]
    rates, variances, _, _ = epochs.images.values(slice(None))
    np.testing.assert_allclose(rates[epochs.later], after.data / factor, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.sqrt(variances[epochs.later]), after.uncertainty.array / factor, rtol=1e-5)
    np.testing.assert_array_equal(rates[1 - epochs.later], before.data)


@pytest.mark.parametrize(("factor", "extra"), [(2.0, 1.0), (0.5, -0.05)])
def test_dark_current_of_typical_pixels_alone_keeps_its_noise(factor, extra):
    """It is taken from the epoch that has it."""
    _, _, epochs = epochs_of(factor, extra)
    noise = [epochs.images.infos[index].read_noise for index in (1 - epochs.later, epochs.later)]
    if extra > 0:
        assert noise == [5.0, pytest.approx(np.sqrt(25 + 100 * extra), rel=0.01)]
    else:
        assert noise == [pytest.approx(np.sqrt(25 - 100 * extra / factor), rel=0.03), 5.0]


def test_without_a_factor_rates_stay_as_they_are():
    _, _, epochs = epochs_of(2.0, scale=None)
    assert epochs.images is epochs.measured
    assert epochs.scale.source == "none"


def test_values_are_those_measured_the_earlier_first():
    for seconds in (50.0, 300.0):
        before, after, epochs = epochs_of(2.0, seconds=seconds)
        rates, variances, usable, _ = epochs.values(np.array([3, 700]))
        for index, image in enumerate((before, after)):
            np.testing.assert_array_equal(rates[index], image.data.ravel()[[3, 700]])
            np.testing.assert_allclose(variances[index], image.uncertainty.array.ravel()[[3, 700]].astype(float) ** 2)
        assert usable.all()
