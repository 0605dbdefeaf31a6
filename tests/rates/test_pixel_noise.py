"""Read noise of each pixel as a map tells it: which pixels it tells, of which frames, and which maps are refused."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, VarianceUncertainty

from ccdproc_darks.rates.pixel_noise import PixelNoise, distribution_of
from ccdproc_darks.statistics.read_noise_distribution import ReadNoiseDistribution

SHAPE, DEGREES = (100, 120), 19


def noisy(seed=1, spread=0.2):
    rng = np.random.default_rng(seed)
    noise = 3.0 * np.exp(rng.normal(0, spread, SHAPE))
    return noise * np.sqrt(rng.chisquare(DEGREES, SHAPE) / DEGREES)


def noise_map(data=None, degrees=DEGREES, kind=StdDevUncertainty, **options):
    data = noisy() if data is None else np.asarray(data)
    error = data / np.sqrt(2 * np.asarray(degrees))
    power = {StdDevUncertainty: 1, VarianceUncertainty: 2, InverseVariance: -2}[kind]
    with np.errstate(divide="ignore"):
        return CCDData(data, unit=u.electron, uncertainty=kind(error**power), **options)


@pytest.fixture(scope="module")
def known():
    return PixelNoise.of(noise_map(), SHAPE)


def test_moderated_variances(known):
    """The mean variance of pixels of a scatter lies between the scatter and the sensor's."""
    assert known.distribution.degrees == pytest.approx(DEGREES, abs=0.01)
    noise = 3.0 * np.exp(np.random.default_rng(1).normal(0, 0.2, SHAPE))
    high = known.scatter > np.quantile(known.scatter, 0.9)
    assert known.variance[high].mean() < 0.95 * np.square(known.scatter[high]).mean()
    assert known.variance[high].mean() == pytest.approx(np.square(noise[high]).mean(), rel=0.03)
    assert known.typical == pytest.approx(3.0, rel=0.03)
    # The table by which images are looked up is as good as the function.
    np.testing.assert_allclose(known.variance, known.distribution.mean_variance(known.scatter), rtol=1e-4)


@pytest.mark.parametrize("kind", [VarianceUncertainty, InverseVariance])
def test_any_uncertainty(known, kind):
    found = PixelNoise.of(noise_map(kind=kind), SHAPE)
    np.testing.assert_allclose(found.variance, known.variance, rtol=1e-5)


def test_exact_map():
    data = noisy()
    data[3, 4] = 0.0
    found = PixelNoise.of(CCDData(data, unit=u.electron), SHAPE)
    assert found.distribution is None
    # No pixel is read without noise: that one has the sensor's.
    expected = np.where(data > 0, data**2, np.mean(data[data > 0] ** 2))
    np.testing.assert_allclose(found.variance, expected, rtol=1e-5)
    np.testing.assert_array_equal(PixelNoise.of(noise_map(data, 2e6), SHAPE).variance, found.variance)


def test_unknown_pixels_have_the_noise_of_the_sensor():
    data, degrees, mask = noisy(), np.full(SHAPE, float(DEGREES)), np.zeros(SHAPE, bool)
    data[0, 0], mask[0, 1], degrees[0, 2], degrees[0, 3], data[0, 4] = np.nan, True, 3.0, 17.0, 0.0
    image = noise_map(data, degrees, mask=mask)
    image.uncertainty.array[0, 5] = np.nan
    found = PixelNoise.of(image, SHAPE)
    unknown = [0, 1, 2, 5]
    assert np.isnan(found.scatter[0, :6]).nonzero()[0].tolist() == unknown
    sensor = found.distribution.mean_variance(np.nan)
    np.testing.assert_allclose(found.variance[0, unknown], sensor, rtol=1e-6)
    assert found.variance[0, 4] == found.variance.min()
    exact = PixelNoise.of(CCDData(data, unit=u.electron, mask=mask), SHAPE)
    assert (
        exact.variance[0, 0]
        == exact.variance[0, 1]
        == pytest.approx(np.nanmean(data[~mask & (data > 0)] ** 2), rel=1e-4)
    )
    assert exact.variance[0, 4] == exact.variance[0, 0]


@pytest.mark.parametrize("is_exact", [True, False])
def test_the_typical_noise_is_that_of_known_pixels(is_exact):
    """Unknown ones have the mean variance, which a few very noisy pixels determine."""
    data = noisy()
    data[:10] *= 20
    image = CCDData(data, unit=u.electron) if is_exact else noise_map(data)
    image.mask = np.zeros(SHAPE, dtype=bool)
    image.mask[10:, :70] = True
    assert PixelNoise.of(image, SHAPE).typical == pytest.approx(3.0, rel=0.15)


def test_the_distribution_that_the_meta_tells_is_taken():
    image = noise_map()
    told = distribution_of(noisy(7, 0.4), noisy(7, 0.4) / np.sqrt(2 * DEGREES))
    image.meta.update(told.cards())
    found = PixelNoise.of(image, SHAPE).distribution
    assert found.cards() == told.cards()
    image.meta["DKAMPS"] = 2
    assert PixelNoise.of(image, SHAPE).distribution.cards() != told.cards()
    del image.meta["DKAMPS"]
    image.meta["DKRND01"] = "&"
    with pytest.raises(ValueError, match=r"^read_noise: "):
        PixelNoise.of(image, SHAPE)


def test_from_variances_back_to_scatter():
    found = PixelNoise.of(noise_map(np.where(noisy() > 4.5, np.nan, noisy())), SHAPE)
    back = PixelNoise.of_variance(found.variance.copy(), found.distribution)
    np.testing.assert_allclose(back.scatter, found.scatter, rtol=1e-3)
    np.testing.assert_array_equal(back.variance, found.variance)


def test_rows_pixels_and_samples(known):
    part = known.for_rows(slice(10, 30))
    pixels = np.array([3, 130])
    for whole, some in zip(known.rows(slice(12, 20), pixels), part.rows(slice(12, 20), pixels), strict=True):
        np.testing.assert_array_equal(whole, some)
        assert whole.shape == (1, 2)
    np.testing.assert_array_equal(known.rows(slice(12, 20))[0], known.scatter[12:20])
    few = known.sample([slice(0, 5), slice(40, 45)])
    np.testing.assert_array_equal(few.rows(slice(5, 10))[1], known.variance[40:45])


@pytest.mark.parametrize("distribution", [True, False])
def test_the_bound_of_the_fast_pass_is_safe(known, distribution):
    """No pixel that is not among the quiet ones is judged by a lower noise than that of the bound."""
    noise = known if distribution else PixelNoise.of(CCDData(noisy(), unit=u.electron), SHAPE)
    noise = noise.for_rejection(5.0)
    read_noise, sample_noise = noise.noise_of(np.arange(noise.scatter.size))
    quiet = noise.quiet(slice(None))
    assert 0 < quiet.mean() < 0.01
    assert (sample_noise[~quiet] >= noise.quick_sample_noise).all()
    np.testing.assert_allclose(read_noise**2, noise.variance.ravel(), rtol=1e-6)


WRONG = [
    (CCDData(noisy(), unit=u.adu), u.UnitsError, "read_noise is in adu, expected electron: multiply it by the gain"),
    (CCDData(noisy(), unit=u.s), u.UnitsError, "read_noise is in s, expected electron"),
    (
        CCDData(noisy()[:50], unit=u.electron),
        ValueError,
        "read_noise must have the shape of the frames, (100, 120), go",
    ),
    (CCDData(noisy() - 10, unit=u.electron), ValueError, "read_noise must be zero or positive (electron), got -"),
    (CCDData(np.full(SHAPE, np.nan), unit=u.electron), ValueError, "read_noise has no pixel that is not masked and"),
    (noise_map(degrees=0.1), ValueError, "read_noise.uncertainty must be the standard error of read_noise, got one of"),
    *(
        (
            CCDData(noisy(), unit=u.electron, uncertainty=StdDevUncertainty(np.full(SHAPE, error))),
            ValueError,
            "read_noise.uncertainty must be the standard error of read_noise (None where the map is exact), got one "
            "that is in no pixel a finite number",
        )
        for error in (np.nan, np.inf)
    ),
    (noise_map(mask=np.ones(SHAPE, bool)), ValueError, "read_noise has no pixel that is not masked and finite"),
    (CCDData(noisy(), unit=u.electron, meta={"DKSTAT": "difference"}), ValueError, "read_noise must be a map of read"),
    (CCDData(noisy().astype(complex), unit=u.electron), TypeError, "read_noise.data must be an array of numbers"),
]


@pytest.mark.parametrize(("image", "error", "text"), WRONG)
def test_wrong_maps(image, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}"):
        PixelNoise.of(image, SHAPE)


def test_distribution_of_pixels_with_as_many_degrees():
    """Warm pixels of a map of darks are known less well, and take no part."""
    noise = noisy(spread=0.0)
    error = noise / np.sqrt(2 * DEGREES)
    noise[:, ::3] *= 2
    error[:, ::3] = noise[:, ::3]
    found = distribution_of(noise, error)
    assert isinstance(found, ReadNoiseDistribution)
    assert found.degrees == DEGREES
    assert found.median == pytest.approx(3, rel=0.02)
