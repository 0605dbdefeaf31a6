# Licensed under a 3-clause BSD style license - see LICENSE
"""Rates of several exposure times side by side, read back as the counts that they came from."""

import copy
import os
from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, InverseVariance

from .._compute.blocks import row_blocks, sample_blocks, shifted
from .._compute.workers import THREADS
from .._interface.arguments import ELECTRON_PER_SECOND, SAME_EXPOSURE, checked_flag, numpy_images, unit_name
from .._interface.warnings import BiasWarning, NoiseWarning, TemperatureWarning, warn
from ..frames.belonging import Labelled, check_one_sensor
from ..frames.fits_image import as_deviation
from ..frames.temperatures import TEMPERATURE_SPREAD
from .mean_counts import MeanCounts
from .noise_of_rates import noise_of_rates
from .pixel_noise import PixelNoise, check_noise_cards, told_distribution
from .rate_meta import RateMeta

__all__ = ["RateImage", "RateImages", "check_rates", "checked_factor", "labels_of"]

# Bytes of a pixel of each rate while it is worked on.
_ROW_BYTES = 200
# Pixels that give a width to 0.2 %, an offset to a three hundredth of a pixel's noise, and the distribution of rates.
_SAMPLE = 2**17


def labels_of(rates):
    """Names of rates in messages: rates[0], rates[1]..."""
    return [f"rates[{number}]" for number in range(len(rates))]


def check_rates(rates, labels):
    """A TypeError where a rate is no CCDData."""
    for label, rate in zip(labels, rates, strict=True):
        if not isinstance(rate, CCDData):
            remedy = "; pass the rates one by one, as *rates" if isinstance(rate, list | tuple) else ""
            if isinstance(rate, str | os.PathLike):
                remedy = "; read it with CCDData.read"
            raise TypeError(f"{label} must be CCDData, a result of dark_rate, got {type(rate).__name__}{remedy}")


class RateImages:
    """Results of `dark_rate` (CCDData), checked and sorted by exposure time.

    At least ``least`` of them are needed; ``repeated`` allows equal exposure times. With ``check_headers`` they must be
    of one sensor by their meta. ``read_noise`` is a map (CCDData), where each pixel has a read noise of its own.
    ``labels`` name the rates in messages; None for rates[0], rates[1]...

    Attributes
    ----------
    noise : `ccdproc_darks.rates.pixel_noise.PixelNoise` or None
        Read noise of each pixel; None where all have the same.
    labels : list of str
        Names of the rates in messages.
    """

    def __init__(self, rates, least=1, repeated=False, check_headers=True, read_noise=None, labels=None):
        labels = labels or labels_of(rates)
        check_rates(rates, labels)
        if len(rates) < least:
            needed = "two rates or more are needed" if least == 2 else "at least one rate is needed"
            raise ValueError(f"{needed}, of different exposure times, got {len(rates)}")
        rates = numpy_images(rates, labels)
        infos = [RateMeta.of(rate, label) for label, rate in zip(labels, rates, strict=True)]
        order = np.argsort([info.longest for info in infos], kind="stable")
        self.infos = [infos[index] for index in order]
        self._rates, self.labels = [rates[index] for index in order], [labels[index] for index in order]
        factors = [checked_factor(rates[index], labels[index]) for index in order]
        THREADS.map_in_threads(lambda index: _check_noise(rates[index], infos[index], labels[index]), order)
        self.shape = rates[0].shape
        self._check_together(labels[0])
        if checked_flag("check_headers", check_headers):
            self.check_one_sensor({} if read_noise is None else {"read_noise": read_noise.meta})
        self._images = list(map(RateImage.of, self._rates, factors, self.infos))
        self.noise = self._told_noise() if read_noise is None else PixelNoise.of(read_noise, self.shape)
        if not repeated:
            self._check_different()
        self._warn_optical_black()
        self.seconds = np.array([info.longest for info in self.infos])
        known = [info.temperature for info in self.infos if info.temperature is not None]
        if known and max(known) - min(known) > TEMPERATURE_SPREAD:
            warn(
                f"the rates were measured at {min(known):.1f} to {max(known):.1f} deg C: dark current doubles every "
                "few degrees, so that they differ whatever the pixels do",
                TemperatureWarning,
            )

    def _told_noise(self):
        """`PixelNoise` by which the rates were measured, or None where that was one for all pixels."""
        told = [index for index, info in enumerate(self.infos) if info.noise_source == "map" and info.exposures == 1]
        told = [index for index in told if self._rates[index].uncertainty is not None]
        if not told:
            return None
        for index in told:
            check_noise_cards(self._rates[index].meta, self.labels[index])
        other = next((index for index, info in enumerate(self.infos) if info.noise_source != "map"), None)
        if other is not None:
            warn(
                f"{self.labels[told[0]]} was measured with a map of the read noise, and {self.labels[other]} with "
                "one number for all pixels (DKNOISE in their meta): what the first tells of the map is taken for "
                "all. Pass read_noise= (the map), where a function has it, or measure all rates with it",
                NoiseWarning,
            )
        distribution = told_distribution(self._rates[told[0]].meta, self.labels[told[0]])
        return noise_of_rates([self._images[index] for index in told], distribution)

    def _check_together(self, first):
        for label, rate, info in zip(self.labels, self._rates, self.infos, strict=True):
            if rate.shape != self.shape:
                raise ValueError(f"rates must have one shape: {first} is {self.shape}, {label} is {rate.shape}")
            if len(self._rates) > 1 and info.exposures > 1:
                raise ValueError(
                    f"{label} is already one rate of {info.exposures} exposure times ({info.shortest:g} to "
                    f"{info.longest:g} s); rates of one exposure time each are needed for a comparison"
                )
            if len(self._rates) > 1 and rate.uncertainty is None:
                raise ValueError(f"{label} has no uncertainty: give dark_rate a read_noise")

    def check_one_sensor(self, others):
        """A ValueError if the meta of rates, and of ``others`` by their names, tell of several sensors."""
        headers = dict(zip(self.labels, (rate.meta for rate in self._rates), strict=True)) | others
        check_one_sensor(
            "rates, background and scatter" if others else "rates",
            [Labelled(label, header) for label, header in headers.items()],
        )

    def _check_different(self):
        for first, second in zip(self.infos[:-1], self.infos[1:], strict=True):
            if np.isclose(first.longest, second.longest, rtol=SAME_EXPOSURE, atol=0):
                raise ValueError(
                    f"rates must have different exposure times, two of them have {first.longest:g} s: "
                    f"give dark_rate all frames of one exposure time at once (repeatability compares halves of them)"
                )

    def _warn_optical_black(self):
        """Warn if the optical black was added to some rates only: the typical pixel has none in the others."""
        told = zip(self.labels, self.infos, strict=True)
        added = {label: info.optical_black for label, info in told if info.optical_black}
        without = next((label for label in self.labels if label not in added), None)
        if added and without is not None:
            first = next(iter(added))
            rate = f"{added[first]:.3g}"
            warn(
                f"{first} has the {rate} electron/s of the optical black that the camera subtracts (DKBLACK in "
                f"its meta), and {without} has not: typical pixels differ by that. Pass optical_black={rate} * "
                "u.electron / u.s to dark_rate for all of them",
                BiasWarning,
            )

    def __iter__(self):
        return iter(self._images)

    def __len__(self):
        return len(self._rates)

    @property
    def meta(self):
        """Meta data of the first rate."""
        return self._rates[0].meta

    @property
    def metas(self):
        """Meta data of all rates."""
        return [rate.meta for rate in self._rates]

    @property
    def wcs(self):
        """World coordinate system of the first rate, or None."""
        return self._rates[0].wcs

    @property
    def dtype(self):
        """Type of the result: the widest of the rates' types, at least float32."""
        return np.result_type(np.float32, *[np.asarray(rate.data).dtype.newbyteorder("=") for rate in self._rates])

    @property
    def shared(self):
        """Groups of rates (indices) that share a master bias, and its variance (electron^2), for `fit_rate`."""
        groups = {}
        for index, info in enumerate(self.infos):
            # A bias without a checksum is shared with no other rate.
            groups.setdefault(info.bias_identity or index, []).append(index)
        return [(members, self.infos[members[0]].bias_error ** 2) for members in groups.values()]

    def shared_at(self, block, pixels=None):
        """`shared` of a slice of rows, or of some pixels of it: where each has its own read noise, so has the bias."""
        if self.noise is None:
            return self.shared
        _, noise = self.noise.rows(block, pixels)
        squares = [(self.infos[members[0]].read_noise or 0.0) ** 2 for members, _ in self.shared]
        return [
            (members, variance * (noise / square) if square else variance)
            for (members, variance), square in zip(self.shared, squares, strict=True)
        ]

    def for_rows(self, rows):
        """The rates of some rows alone, without meta data, to be sent to another process."""
        part = copy.copy(self)
        part.noise = None if self.noise is None else self.noise.for_rows(rows)
        part._images, part._rates = [image.for_rows(rows) for image in self._images], [None] * len(self)
        return part

    def sample(self, pixels=_SAMPLE):
        """`RateImages` of about so many pixels, in blocks of rows that are evenly spread over the image."""
        blocks = sample_blocks(self.shape, pixels)
        part = copy.copy(self)
        part._images, part._rates = [image.sample(blocks) for image in self._images], [None] * len(self)
        part.shape = part._images[0].data.shape
        part.noise = None if self.noise is None else self.noise.sample(blocks)
        return part

    def blocks(self):
        """Consecutive slices of rows that cover the image, each small enough to be worked on in little memory."""
        return row_blocks(self.shape, _ROW_BYTES * len(self))

    def values(self, block, pixels=None):
        """Rates, variances, usable pixels and lower limits of a slice of rows, shape (rates, rows, columns).

        In electron/s; of the ``pixels`` (flat indices in these rows) alone, in a single row, where they are given.
        Without an uncertainty the variance is 0. A masked pixel that has a rate but no uncertainty was saturated: the
        rate is its lower limit. A pixel that the user masked has both, and no lower limit.
        """
        first = self._images[0]
        shape = first.data[shifted(block, first.start)].shape if pixels is None else (1, pixels.size)
        rates, variances, lower_limits = (np.empty((len(self), *shape)) for _ in range(3))
        usable = np.empty(rates.shape, dtype=bool)
        for image, *parts in zip(self._images, rates, variances, usable, lower_limits, strict=True):
            image.put_values(block, pixels, *(part.reshape(-1) for part in parts))
        return rates, variances, usable, lower_limits

    def rows(self, block, pixels=None):
        """`MeanCounts` of a slice of rows, or of some pixels of them, see `values`.

        The number of frames kept in a pixel follows from the uncertainty u of its rate d,
        ``N = (max(d, 0) t + R**2) / (u**2 t**2 - s_b**2)``; with N its variance at any other rate is known.
        """
        _, noise = (None, None) if self.noise is None else self.noise.rows(block, pixels)
        counts, variance, usable, lower_limit = self.values(block, pixels)
        counts *= self.seconds[:, None, None]
        counts[~usable] = 0.0
        frames, read_variance = np.empty_like(counts), np.empty_like(counts)
        for index, info in enumerate(self.infos):
            own = variance[index]
            own *= info.longest**2
            # Variance of a reading with which the rate was measured, and that with which it is read back.
            square = info.read_noise and info.read_noise**2
            is_map = info.noise_source == "map"
            measured = noise if is_map else square
            own -= info.bias_error**2 * (measured / square if is_map and noise is not None and square else 1.0)
            np.clip(own, 0, np.inf, out=own)
            # Variance of one frame: the Poisson part, then with the read noise.
            expected = np.clip(counts[index], 0, np.inf, out=frames[index])
            if measured is None:
                # Neither a number nor a map tells it: all that is not Poisson noise.
                read_variance[index] = np.clip(own - expected / info.frames, 0, np.inf)
                frames[index] = info.frames
                continue
            expected += measured
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                number = np.divide(expected, own, out=frames[index])
            number[~(own > 0)] = info.frames
            np.clip(np.rint(number, out=number), 1, info.frames, out=number)
            np.divide(square if noise is None else noise, number, out=read_variance[index])
        read_variance[~usable] = 0.0
        return MeanCounts(counts, frames, read_variance, usable, lower_limit)

    def usable_pixels(self):
        """How many pixels of each rate can be used, in words."""
        total = self.shape[0] * self.shape[1]
        return ", ".join(
            f"{sum(np.count_nonzero(image.usable(block)) for block in self.blocks())} of {total} pixels of the rate of "
            f"{image.info.longest:g} s can be used"
            for image in self._images
        )

    def all_rows(self):
        """Yield `MeanCounts` of all rows, block by block."""
        return (self.rows(block) for block in self.blocks())


@dataclass
class RateImage:
    """Some rows of one rate.

    Attributes
    ----------
    data, mask, uncertainty : `numpy.ndarray`, or None
        Arrays of the user's CCDData, shape (rows, columns).
    kind : type
        Class of the uncertainty.
    factor : float
        Factor from the user's unit to electron/s.
    info : `RateMeta`
        How the rate was measured.
    start : int
        Number of the first row in the image.
    """

    data: np.ndarray
    mask: np.ndarray | None
    uncertainty: np.ndarray | None
    kind: type | None
    factor: float
    info: RateMeta
    start: int = 0

    @classmethod
    def of(cls, rate, factor, info):
        """All rows of a CCDData."""
        mask = None if rate.mask is None else np.broadcast_to(rate.mask, rate.shape)
        uncertainty = kind = None
        if rate.uncertainty is not None:
            uncertainty, kind = np.broadcast_to(rate.uncertainty.array, rate.shape), type(rate.uncertainty)
        return cls(np.asarray(rate.data), mask, uncertainty, kind, factor, info)

    def for_rows(self, rows):
        """The image of some rows alone."""
        data, mask, uncertainty = self._each(lambda array: array[rows])
        return replace(self, data=data, mask=mask, uncertainty=uncertainty, start=rows.start)

    def sample(self, blocks):
        """The image of some blocks of rows, one after the other, numbered from 0."""
        data, mask, uncertainty = self._each(lambda array: np.concatenate([array[block] for block in blocks]))
        return replace(self, data=data, mask=mask, uncertainty=uncertainty, start=0)

    def flat(self, block, pixels=None):
        """Data, mask (or None) and standard deviation (or None) of a slice of rows, or of pixels of them; flat.

        Data and standard deviation are in the user's unit.
        """
        block, pixels = shifted(block, self.start), slice(None) if pixels is None else pixels
        data, mask, deviation = self._each(lambda array: array[block].ravel()[pixels])
        return data, mask, None if deviation is None else as_deviation(deviation, self.kind)

    def _each(self, function):
        """Data, mask and uncertainty, each as a function gives it; None stays None."""
        return (None if array is None else function(array) for array in (self.data, self.mask, self.uncertainty))

    def usable(self, block):
        """Pixels of a slice of rows that are not masked, with a finite rate and standard deviation; flat."""
        data, mask, deviation = self.flat(block)
        usable = np.isfinite(data)
        if deviation is not None:
            usable &= np.isfinite(deviation)
        # As ``usable & ~mask``, without another array.
        return usable if mask is None else np.greater(usable, mask, out=usable)

    def put_values(self, block, pixels, rates, variances, usable, lower_limits):
        """Put the values of `RateImages.values` into flat arrays."""
        data, mask, deviation = self.flat(block, pixels)
        np.multiply(data, self.factor, out=rates, dtype=float)
        np.isfinite(rates, out=usable)
        if mask is not None:
            usable &= ~mask
        if deviation is None:
            variances[...] = 0.0
        else:
            np.multiply(deviation, self.factor, out=variances, dtype=float)
            variances *= variances
            usable &= np.isfinite(variances)
        lower_limits[...] = np.nan
        others = np.flatnonzero(~usable)
        saturated = others[np.isfinite(rates[others]) & ((deviation is None) | np.isnan(variances[others]))]
        lower_limits[saturated] = rates[saturated]


def _check_noise(rate, info, label):
    """A ValueError where a pixel that can be used has an uncertainty of zero, though there is noise in all pixels."""
    if rate.uncertainty is None or not (info.read_noise or info.bias_error):
        return
    array, exact = rate.uncertainty.array, 0
    if isinstance(rate.uncertainty, InverseVariance):
        array, exact = np.negative(array), -np.inf
    # Ignores NaN, and takes no memory.
    if np.fmin.reduce(array, axis=None) > exact:
        return
    without = (array == exact) & np.isfinite(rate.data)
    if rate.mask is not None:
        without &= ~rate.mask
    if without.any():
        raise ValueError(
            f"{label}.uncertainty must be above zero, as there is noise in every pixel (DKRDNOI, DKBIASER), got "
            f"{np.count_nonzero(without)} pixels of no uncertainty that are not masked: mask them, or measure the "
            "rate again"
        )


def checked_factor(rate, label):
    """Factor that brings a rate, a 2-D image, to electron/s; an error where it has another unit or shape."""
    if rate.unit is None or not rate.unit.is_equivalent(ELECTRON_PER_SECOND):
        raise u.UnitsError(f"{label} is in {unit_name(rate.unit)}, expected electron / s")
    if rate.data.ndim != 2:
        raise ValueError(f"{label} must be a 2-D image, got the shape {rate.shape}")
    return rate.unit.to(ELECTRON_PER_SECOND)
