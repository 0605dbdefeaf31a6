"""Numbers that others have published, from this package's code, to the digits published.

DataLab's check is in tests/simulation/test_dark.py, the guide's ideal case in tests/test_rate_statistics.py.
"""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import DARK_FLAGS, dark_rate, hot_pixel_mask
from ccdproc_darks.statistics.rate_fit import fit_rate

from .helpers import ELECTRON_PER_SECOND, dark

# ESO HDRL, polynomial fits: y = 0.5 t + 100 - i, sigma = sqrt(0.5 t).
LINE_SECONDS = np.arange(100.0, 501.0, 100.0)
LINE = LINE_SECONDS, 0.5 * LINE_SECONDS + 100 - np.arange(5), np.sqrt(0.5 * LINE_SECONDS)
# ESO HDRL, a real ramp: seconds, counts, their errors.
RAMP = np.array([
    (3, 3441, 39.16312027), (3, 3420, 39.05124664), (5, 5606, 49.35416031), (5, 5586, 49.26966476),
    (7, 7814, 57.92955399), (7, 7815, 57.93315125), (10, 11003, 68.4440155), (10, 10970, 68.34349823),
    (12, 13292, 75.08883667), (12, 13198, 74.82757568), (15, 16347, 83.13392639), (15, 16175, 82.7017746),
    (20, 21267, 94.66387939), (20, 21318, 94.77605438),
]).T  # fmt: skip


def fit(seconds, counts, sigma, **options):
    """Fit of one pixel whose errors are given: with infinitely many frames, nothing is left of the Poisson noise."""
    ones = np.ones((len(seconds), 1, 1))
    return fit_rate(
        counts[:, None, None], seconds, np.inf * ones, np.square(sigma)[:, None, None], ones.astype(bool), **options
    )


def test_line_of_hdrl():
    """Slope 0.49 +- 0.0351317; the points are on the line."""
    result = fit(*LINE, free_offset=True)
    assert result.rate.item() == pytest.approx(0.49, abs=1e-12)
    assert np.sqrt(result.variance.item()) == pytest.approx(0.0351317, abs=5e-8)
    assert result.chi_square.item() == pytest.approx(0, abs=1e-12)
    assert result.degrees.item() == 3


def test_intercept_of_the_line_of_hdrl():
    """Intercept 101 +- 9.0045."""
    result = fit(*LINE, free_offset=True)
    assert result.offset.shape == result.offset_variance.shape == (1, 1)
    assert result.offset.item() == pytest.approx(101, abs=1e-9)
    assert np.sqrt(result.offset_variance.item()) == pytest.approx(9.0045, abs=5e-5)


def test_ramp_of_hdrl():
    """Slope 1063.12005477 +- 3.2834; the errors' own eight decimals leave the slope its seventh."""
    result = fit(*RAMP, free_offset=True)
    assert result.rate.item() == pytest.approx(1063.12005477, abs=5e-7)
    assert np.sqrt(result.variance.item()) == pytest.approx(3.2834, abs=5e-5)
    assert result.chi_square.item() == pytest.approx(41.467, abs=5e-4)
    assert result.degrees.item() == 12


def test_intercept_of_the_ramp_of_hdrl():
    """Intercept 296.10245659 +- 28.829."""
    result = fit(*RAMP, free_offset=True)
    assert result.offset.item() == pytest.approx(296.10245659, abs=5e-6)
    assert np.sqrt(result.offset_variance.item()) == pytest.approx(28.829, abs=5e-4)


def test_ramp_of_hdrl_through_the_origin():
    """Slope 1091.355, and a chi-square that says no: 146.96."""
    result = fit(*RAMP)
    assert result.rate.item() == pytest.approx(1091.355, abs=5e-4)
    assert result.chi_square.item() == pytest.approx(146.96, abs=5e-3)
    assert result.degrees.item() == 13


@pytest.mark.parametrize(("frames", "noise"), [(1, 1.0), (10, 4.0)])
def test_bright_pixels_of_lsst_eotest(frames, noise):
    """Its BrightPixels test: 100 pixels of 10 electron/s, exposed 10 s, gain 5, above 5 electron/s: exactly these.

    The bias of 100 adu and 0.002 electron/s are eotest's. So is the noise of 4 adu, of which the threshold is 2.5
    in a single frame: ten of them, or one of a better camera, make it exact.
    """
    rng = np.random.default_rng(9)
    shape = (500, 512)
    bright = np.zeros(shape, bool)
    bright.flat[rng.choice(bright.size, 100, replace=False)] = True
    rate = np.where(bright, 10.0, 2e-3)
    darks = [
        dark(np.rint(100 + rng.poisson(rate * 10) / 5 + rng.normal(0, noise, shape)).astype("uint16"), 10.0,
             gain=5.0, read_noise=5 * np.sqrt(noise**2 + 1 / 12))
        for _ in range(frames)
    ]  # fmt: skip
    flags = hot_pixel_mask(dark_rate(darks, bias=100 * u.adu), threshold=5 * ELECTRON_PER_SECOND)
    np.testing.assert_array_equal(flags.data & DARK_FLAGS.HOT != 0, bright)
    np.testing.assert_array_equal(flags.mask, bright)


def aspen(adu, seconds):
    """A frame of the guide's Andor Aspen CG16M, without bias."""
    return dark(np.array(adu, "uint16"), seconds, gain=1.5, read_noise=10.0)


def test_read_noise_alone_of_the_guide():
    """Ten darks of 90 s: 0.035 electron/s."""
    measured = dark_rate([aspen([[0, 0]], 90.0) for _ in range(10)], bias=0 * u.adu, dtype="float64")
    np.testing.assert_allclose(measured.uncertainty.array, 0.035, atol=5e-4)


@pytest.mark.parametrize(("saturation", "ceiling"), [(None, 98), (55000 * u.adu, 82.5)])
def test_ceiling_of_the_guide(saturation, ceiling):
    """No rate above 98 electron/s can be read in 1000 s: the ADC ends there. The linear range does at 82.5."""
    frame = aspen([[0, 54999, 65535]], 1000.0)
    measured = dark_rate(frame, bias=0 * u.adu, saturation=saturation, dtype="float64")
    np.testing.assert_array_equal(measured.mask, [[False, False, True]])
    assert measured.data[0, 2] == pytest.approx(ceiling, abs=0.5)
    assert measured.data[0, 1] == pytest.approx(82.5, abs=0.01)
