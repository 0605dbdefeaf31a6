"""Pixels whose read noise is told apart from that of typical pixels."""

import numpy as np
import pytest

from ccdproc_darks.comparison.false_positives import FalsePositiveControl
from ccdproc_darks.masks.noisy_pixels import NoisyPixels
from ccdproc_darks.rates.pixel_noise import PixelNoise
from ccdproc_darks.statistics.read_noise_distribution import ReadNoiseDistribution


def noise_of(scatter, degrees=None):
    """`PixelNoise` of a scatter of so many degrees of freedom; None: it is exact."""
    none, one = np.zeros(1), np.ones(1)
    two = np.array([1.0, 2.0]), np.array([0.5, 0.5])
    distribution = None if degrees is None else ReadNoiseDistribution(*two, none, none, one, degrees)
    scatter = np.asarray(scatter, dtype=np.float32)
    return PixelNoise(scatter, scatter**2, distribution)


def scatters(rng, typical, spread, degrees, shape):
    """Scatter of pixels whose read noise is lognormal."""
    true = typical * np.exp(spread * rng.standard_normal(shape))
    return true if degrees is None else true * np.sqrt(rng.chisquare(degrees, shape) / degrees)


@pytest.mark.statistics
@pytest.mark.parametrize("spread", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("degrees", [4, 19, 99, 5000, None])
def test_as_many_typical_pixels_as_asked(spread, degrees):
    """With a tenth of all pixels noisier; middle and spread are those of the others."""
    rng = np.random.default_rng(1)
    scatter = scatters(rng, 1.5, spread, degrees, (700, 1000))
    scatter[:70] *= rng.uniform(2, 20, (70, 1000))
    noisy = NoisyPixels(noise_of(scatter, degrees), FalsePositiveControl(50))
    found = noisy.beyond(slice(0, 700))
    assert noisy.middle == pytest.approx(1.5, rel=0.01)
    assert noisy.spread == pytest.approx(spread, rel=0.02, abs=0.01)
    if spread or degrees is not None:
        assert 20 < found[70:].sum() < 90
    else:
        assert not found[70:].any()
    assert found[:70].mean() > 0.5


def test_very_noisy_pixels_are_found_among_few():
    rng = np.random.default_rng(2)
    scatter = scatters(rng, 3.0, 0.15, 19, (30, 40))
    scatter[3, 4:8] = 40.0
    expected = np.zeros((30, 40), bool)
    expected[3, 4:8] = True
    np.testing.assert_array_equal(
        NoisyPixels(noise_of(scatter, 19), FalsePositiveControl(0.1)).beyond(slice(0, 30)), expected
    )


def test_false_discovery_rate():
    """A tenth of those found, at most, are typical; none where no pixel is noisy."""
    rng = np.random.default_rng(3)
    scatter = scatters(rng, 3.0, 0.15, 19, (300, 400))
    none = NoisyPixels(noise_of(scatter, 19), FalsePositiveControl(fdr=0.1))
    assert none.beyond(slice(0, 300)).sum() <= 1
    scatter[:10] *= 3.0
    found = NoisyPixels(noise_of(scatter, 19), FalsePositiveControl(fdr=0.1)).beyond(slice(0, 300))
    assert found[:10].mean() > 0.8
    assert found[10:].sum() < 0.15 * found.sum()


def test_pixels_of_equal_noise_that_is_known_exactly():
    """None is above the others, dead and unknown pixels included."""
    scatter = np.full((20, 30), 5.0)
    scatter[0, :3] = np.nan, 0.0, 4.0
    assert not NoisyPixels(noise_of(scatter), FalsePositiveControl()).beyond(slice(0, 20)).any()


def test_no_pixel_is_known():
    assert not NoisyPixels(noise_of(np.full((2, 3), np.nan), 19), FalsePositiveControl()).beyond(slice(0, 2)).any()


def test_rows_and_pixels():
    """The threshold is that of the whole sensor."""
    rng = np.random.default_rng(4)
    scatter = scatters(rng, 3.0, 0.15, 19, (30, 40))
    scatter[12:14] = 50.0
    noisy = NoisyPixels(noise_of(scatter, 19), FalsePositiveControl())
    part = noisy.for_rows(slice(10, 20))
    assert part.threshold == noisy.threshold
    np.testing.assert_array_equal(part.beyond(slice(11, 14)), noisy.beyond(slice(11, 14)))
    np.testing.assert_array_equal(part.beyond(slice(11, 14), np.array([0, 45])), [[False, True]])
