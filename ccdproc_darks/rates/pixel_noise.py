# Licensed under a 3-clause BSD style license - see LICENSE
"""Read noise of each pixel, as a map tells it."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.blocks import row_blocks, shifted
from .._compute.workers import THREADS
from .._interface.arguments import numpy_images, unit_name
from ..frames.belonging import Labelled, check_read_noise
from ..frames.fits_image import as_deviation
from ..frames.trimmed_frame import TrimmedFrame
from ..statistics.read_noise_distribution import ReadNoiseDistribution, fit_read_noise_distribution
from ..statistics.sample_noise import SampleNoise

__all__ = [
    "PixelNoise", "check_noise_cards", "distribution_of", "is_map", "noise_cards", "sampled",
    "told_distribution",
]  # fmt: skip

# Pixels that are enough for the distribution; points of a table, bytes of a pixel while it is looked up.
_SAMPLE, _POINTS, _BYTES = 2**19, 2**12, 40
# Part of the pixels that the fast pass leaves to the exact way as too quiet; pixels in which it is found.
_QUIET, _FEW = 0.005, 2**18
# Degrees of freedom over those of the median pixel, below which the sensor's distribution alone is taken for a pixel.
_FEWER = 0.8
# Header key of the first card of a distribution, and its text where a map is exact.
_FIRST_CARD, _EXACT_CARD = "DKRND00", "exact"
# Degrees of freedom of the median pixel that no scatter has, and from which on a map is exact (to 0.7 %).
_LEAST_DEGREES, _EXACT = 0.9, 1e4


def is_map(read_noise):
    """Whether an argument ``read_noise`` has a read noise for each pixel."""
    return isinstance(read_noise, CCDData)


@dataclass
class PixelNoise:
    """Read noise of each pixel of some rows; arrays of shape (rows, columns).

    Attributes
    ----------
    scatter : `numpy.ndarray`
        Read noise (electron) as measured, float32; NaN where it is not known.
    variance : `numpy.ndarray`
        Mean variance of one reading (electron^2), float32, of pixels with such a scatter; finite everywhere.
    distribution : `ReadNoiseDistribution` or None
        Distribution from which a pixel's own read noise is; None where the map is exact.
    start : int
        Number of the first row in the image.
    sample_noise : `SampleNoise` or None
        Noise by which a single sample is judged; None where the map is exact.
    quick_sample_noise, quiet_scatter : float
        A noise by which no sample is rejected that must not be, but in `quiet` pixels, of a lower scatter (electron).
    """

    scatter: np.ndarray
    variance: np.ndarray
    distribution: ReadNoiseDistribution | None
    start: int = 0
    sample_noise: SampleNoise | None = None
    quick_sample_noise: float = 0.0
    quiet_scatter: float = 0.0

    @classmethod
    def of(cls, read_noise, shape):
        """`PixelNoise` of a map (CCDData in electron), of which all is checked.

        With an uncertainty u the number of degrees of freedom of a read noise s is ``s^2 / (2 u^2)``; without one the
        map is exact. Pixels that are masked, not finite, or of too few degrees of freedom have the sensor's read noise,
        and so have those of an exact map that are zero where others are not: no pixel is read without noise.
        """
        (read_noise,) = numpy_images([read_noise], ["read_noise"])
        _check(read_noise, shape)
        scatter = np.array(read_noise.data, dtype=np.float32)
        bad = ~np.isfinite(scatter)
        if read_noise.mask is not None:
            bad |= read_noise.mask
        if bad.all():
            raise ValueError("read_noise has no pixel that is not masked and finite")
        if (scatter[~bad] < 0).any():
            raise ValueError(f"read_noise must be zero or positive (electron), got {scatter[~bad].min():g} in a pixel")
        scatter[bad] = np.nan
        deviation = _deviation(read_noise)
        if deviation is None or not (scatter > 0).any():
            return cls._exact(scatter)
        bad |= ~np.isfinite(deviation)
        if bad.all():
            raise ValueError(
                "read_noise.uncertainty must be the standard error of read_noise (None where the map is exact), got "
                "one that is in no pixel a finite number"
            )
        degrees = _degrees(scatter, np.where(bad, np.nan, deviation))
        usual = _usual(degrees, scatter)
        if not usual >= _LEAST_DEGREES:
            raise ValueError(
                "read_noise.uncertainty must be the standard error of read_noise, got one of "
                f"{1 / np.sqrt(2 * usual):.3g} times the read noise in the median pixel, more than any number of "
                "frames has"
            )
        if usual > _EXACT:
            return cls._exact(scatter)
        distribution = None if "DKAMPS" in read_noise.meta else told_distribution(read_noise.meta, "read_noise")
        if distribution is None:
            found = distribution_of(scatter, np.where(bad, np.nan, deviation))
            # As it is read back from the meta of rates, to the last digit.
            distribution = told_distribution(found.cards(), "read_noise")
        # The lowest scatter of digitised frames is none: the pixel is as quiet as any.
        is_quiet = (scatter == 0) & ~bad
        scatter[~(degrees >= _FEWER * usual)] = np.nan
        scatter[is_quiet] = scatter[scatter > 0].min()
        return cls(scatter, _mean_variance(distribution, scatter), distribution)

    @classmethod
    def _exact(cls, scatter):
        if (scatter > 0).any():
            scatter[scatter == 0] = np.nan
        variance = np.square(scatter)
        variance[np.isnan(scatter)] = np.nanmean(variance)
        return cls(scatter, variance, None)

    @classmethod
    def of_variance(cls, variance, distribution):
        """`PixelNoise` of known mean variances (electron^2), float32; NaN is that of the sensor's distribution."""
        if distribution is None:
            return cls._exact(np.sqrt(variance))
        if np.isnan(variance).all():
            variance[...] = unknown = distribution.mean_variance(np.array(np.nan))
            return cls(np.full_like(variance, np.nan), variance, distribution)
        unknown = np.float32(distribution.mean_variance(np.array(np.nan)))
        scatter = _scatter_of(distribution, variance)
        # A pixel whose own scatter is not known has that very variance.
        is_unknown = np.isnan(variance) | (np.abs(variance - unknown) <= _ROUNDING * unknown)
        variance[is_unknown], scatter[is_unknown] = unknown, np.nan
        return cls(scatter, variance, distribution)

    @classmethod
    def of_frames(cls, read_noise, frames, *, gain_of_header, check_headers):
        """`PixelNoise` of a map for frames; one of the shape of the raw frames is cut as these are.

        With ``check_headers`` it must be of the frames' sensor and setting; with ``gain_of_header``, of their gain too.
        """
        first = frames[0]
        if check_headers:
            check_read_noise(Labelled("read_noise", read_noise.meta), frames, gain_of_header=gain_of_header)
        if isinstance(first, TrimmedFrame) and read_noise.shape == first.frame.shape:
            read_noise = _cut(read_noise, first.trim.slices)
        return cls.of(read_noise, first.shape)

    def for_rejection(self, clip):
        """The read noise with what is needed to reject samples above ``clip`` sigmas (None: none is)."""
        if clip is None:
            return self
        table = None if self.distribution is None else SampleNoise.of(self.distribution, clip)
        found = replace(self, sample_noise=table)
        known = self.scatter.ravel()[:: 1 + self.scatter.size // _FEW]
        known = known[np.isfinite(known)]
        quiet = float(np.quantile(known, _QUIET)) if known.size else 0.0
        noise, unknown = (found._sample_noise(np.array([one]), self.variance.min()) for one in (quiet, np.nan))
        return replace(found, quick_sample_noise=float(min(noise[0], unknown[0])), quiet_scatter=quiet)

    def quiet(self, block):
        """Pixels (bool, flat) of a slice of rows for which `quick_sample_noise` is too high."""
        return (self.scatter[shifted(block, self.start)] < self.quiet_scatter).ravel()

    def noise_of(self, pixels):
        """Read noise (electron) of some pixels (flat indices in these rows), and that by which a sample is rejected."""
        scatter, variance = (array.reshape(-1)[pixels].astype(float) for array in (self.scatter, self.variance))
        return np.sqrt(variance), self._sample_noise(scatter, variance)

    def rejection_noise(self, block, pixels=None):
        """Read noise (electron, flat) by which a sample is rejected, of a slice of rows, or of some pixels of it."""
        return self._sample_noise(*(array.reshape(-1).astype(float) for array in self.rows(block, pixels)))

    def _sample_noise(self, scatter, variance):
        if self.sample_noise is None:
            return np.where(np.isnan(scatter), np.sqrt(variance), scatter)
        return self.sample_noise.at(scatter)

    @property
    def typical(self):
        """Read noise (electron) of a typical pixel: the square root of the median variance where it is known."""
        every = slice(None, None, 1 + self.variance.size // _FEW)
        variance = self.variance.ravel()[every]
        # Pixels of unknown noise have the mean variance, which is far above the median one where some are noisy.
        known = np.isfinite(self.scatter.ravel()[every])
        return float(np.sqrt(np.median(variance[known] if known.any() else variance)))

    def for_rows(self, rows):
        """The read noise of the rows of a slice alone; it can be sent to another process."""
        return replace(self, scatter=self.scatter[rows], variance=self.variance[rows], start=rows.start)

    def sample(self, blocks):
        """The read noise of some blocks of rows, one after the other, numbered from 0."""
        scatter, variance = (np.concatenate([a[block] for block in blocks]) for a in (self.scatter, self.variance))
        return replace(self, scatter=scatter, variance=variance, start=0)

    def rows(self, block, pixels=None):
        """Scatter (electron) and mean variance (electron^2) of a slice of rows, or of some pixels of it (flat)."""
        block = shifted(block, self.start)
        scatter, variance = self.scatter[block], self.variance[block]
        if pixels is None:
            return scatter, variance
        return scatter.reshape(1, -1)[:, pixels], variance.reshape(1, -1)[:, pixels]


# Relative error of a variance that comes from the uncertainty of a rate in single precision.
_ROUNDING = 3e-6


def sampled(image):
    """The pixels of an image that are enough for the distribution of its sensor: flat, a copy."""
    return image.ravel()[:: 1 + image.size // _SAMPLE].copy()


def distribution_of(noise, error, kurtosis=None, frames=None):
    """`ReadNoiseDistribution` of a sensor, from the read noise of its pixels, its standard error, and kurtosis.

    ``kurtosis`` is `sampled`; ``frames`` is the number of frames whose kurtosis it is. Only pixels with as many degrees
    of freedom as the median one count; NaN is left out.
    """
    noise, error = (sampled(array).astype(float) for array in (noise, error))
    degrees = _degrees(noise, error)
    usual = float(np.round(_usual(degrees, noise), 3))
    kept = (noise > 0) & (np.abs(degrees / usual - 1) < 1 - _FEWER)
    noise, shape = noise[kept], None if kurtosis is None else kurtosis[kept]
    del error, degrees, kept  # the fit takes memory
    return fit_read_noise_distribution(noise, usual, shape, frames)


def _check(read_noise, shape):
    """An error where a map is not in electron, of another shape, or the result of another function."""
    if read_noise.unit != u.electron:
        remedy = ": multiply it by the gain, as read_noise_map does" if read_noise.unit == u.adu else ""
        raise u.UnitsError(f"read_noise is in {unit_name(read_noise.unit)}, expected electron{remedy}")
    if read_noise.meta.get("DKSTAT", "read noise") != "read noise":
        raise ValueError(
            f"read_noise must be a map of read noise, as read_noise_map makes it, got an image whose DKSTAT is "
            f"{read_noise.meta['DKSTAT']!r}"
        )
    if read_noise.shape != shape:
        raise ValueError(f"read_noise must have the shape of the frames, {shape}, got {read_noise.shape}")


def _deviation(read_noise):
    """Standard error of a map (electron), or None where it is exact."""
    if read_noise.uncertainty is None:
        return None
    array = np.broadcast_to(read_noise.uncertainty.array, read_noise.shape)
    deviation = as_deviation(array, type(read_noise.uncertainty))
    return None if (deviation == 0).all() else deviation


def _cut(read_noise, slices):
    """Part of a map."""
    part = CCDData(read_noise.data[slices], unit=read_noise.unit)
    part.meta = read_noise.meta
    if read_noise.mask is not None:
        part.mask = np.broadcast_to(read_noise.mask, read_noise.shape)[slices]
    if read_noise.uncertainty is not None:
        kind, array = type(read_noise.uncertainty), read_noise.uncertainty.array
        part.uncertainty = kind(np.broadcast_to(array, read_noise.shape)[slices], unit=read_noise.uncertainty.unit)
    return part


def _usual(degrees, noise):
    """Degrees of freedom of the median pixel, one of those given: there may be two kinds of pixels."""
    every = slice(None, None, 1 + noise.size // _FEW)
    return np.nanquantile(degrees.ravel()[every][noise.ravel()[every] > 0], 0.5, method="lower")


def _degrees(noise, error):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.square(noise / error) / 2


def noise_cards(distribution):
    """Header entries of a `ReadNoiseDistribution` (None: that of an exact map), as ``{key: (value, comment)}``."""
    cards = {_FIRST_CARD: _EXACT_CARD} if distribution is None else distribution.cards()
    return {key: (text, "") for key, text in cards.items()}


def check_noise_cards(meta, label):
    """A ValueError where the meta of a rate, by a map, tells neither a distribution of read noise nor an exact map."""
    if _FIRST_CARD not in meta:
        raise ValueError(
            f"{label}: DKNOISE in its meta is 'map', but the distribution of the read noise ({_FIRST_CARD} and "
            "following keys) is lost: restore what dark_rate wrote, or pass the map as read_noise"
        )


def told_distribution(meta, label):
    """`ReadNoiseDistribution` that the meta of a map or a rate tells, or None, also where the map was exact."""
    if meta.get(_FIRST_CARD) == _EXACT_CARD:
        return None
    cards = tuple((key, meta[key]) for key in meta if key.startswith("DKRND") and key[5:].isdigit())
    try:
        return _distribution_of_cards(cards)
    except ValueError as error:
        raise ValueError(f"{label}: {error}") from None


@lru_cache(maxsize=16)
def _distribution_of_cards(cards):
    """The distribution that cards tell, with its tables: a night's rates and their comparison need it many times."""
    return ReadNoiseDistribution.from_cards(dict(cards))


def _mean_variance(distribution, scatter):
    """`ReadNoiseDistribution.mean_variance` of an image, float32."""
    return _tabulated(scatter, distribution.mean_variance, float(distribution.mean_variance(np.array(np.nan))))


def _scatter_of(distribution, variance):
    """Scatter (electron) of pixels of a mean variance, which rises with it; NaN of that of the sensor."""
    points = np.log(distribution.scatters)
    values = np.maximum.accumulate(np.log(distribution.mean_variance(distribution.scatters)))

    def scatter(variances):
        variances = np.log(variances)
        # Beyond all pixels of which the distribution is made, both rise together.
        return np.exp(np.interp(variances, values, points) + np.maximum(variances - values[-1], 0) / 2)

    return _tabulated(variance, scatter, np.nan)


def _tabulated(image, function, unknown):
    """Values (float32) of a function of an image of positive numbers, by a table; ``unknown`` where there is none."""
    with np.errstate(invalid="ignore"):
        low, high = (reduce(image, axis=None) for reduce in (np.fmin.reduce, np.fmax.reduce))
    start, stop = np.log(float(low)) - 1e-3, np.log(float(high)) + 1e-3
    table = np.append(function(np.exp(np.linspace(start, stop, _POINTS))), [0.0, unknown]).astype(np.float32)
    step = (stop - start) / (_POINTS - 1)

    def put(rows):
        values, out = image[rows], found[rows]
        with np.errstate(invalid="ignore"):
            place = np.log(values, dtype=np.float32)
            place -= np.float32(start)
            place *= np.float32(1 / step)
            lacking = np.isnan(place)
            place[lacking] = _POINTS + 1
            below = place.astype(np.int32)
        place -= below
        lower, upper = table[below], table[np.minimum(below + 1, _POINTS + 1)]
        upper -= lower
        upper *= place
        np.add(lower, upper, out=out)

    found = np.empty(image.shape, np.float32)
    THREADS.map_in_threads(put, list(row_blocks(image.shape, _BYTES)))
    return found
