# Licensed under a 3-clause BSD style license - see LICENSE
"""Rates of several exposure times side by side, read back as the counts that they came from."""

import copy
import math
import os
from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.blocks import row_blocks, sample_blocks, shifted
from .._interface.arguments import ELECTRON_PER_SECOND, numpy_images, unit_name
from .._interface.warnings import TemperatureWarning, warn
from ..frames.fits_image import as_deviation
from ..frames.headers import SAME_EXPOSURE, TEMPERATURE_SPREAD
from .mean_counts import MeanCounts

__all__ = ["RateImage", "RateImages", "RateMeta"]

# Of each rate, for each pixel, while something is made of it.
_ROW_BYTES = 200
# Enough to know a width to 0.2 %, an offset to a three hundredth of the noise of a pixel, and which rates pixels have.
_SAMPLE = 2**17


@dataclass
class RateMeta:
    """How a rate was measured.

    Attributes
    ----------
    shortest, longest : float
        Exposure times (s).
    exposures : int
        Number of different exposure times.
    total : float
        Total exposure, all frames (s).
    frames : int
        Number of frames (a combined frame counts as many as went into it).
    bias_error : float
        Error of the bias that all pixels share (electron).
    bias_identity : str
        Checksum of the master bias; empty where there was none.
    gain, read_noise, saturation, temperature : float or None
        electron/adu, electron, the frames' unit, deg C.
    noise_source : str
        Where the noise comes from: 'argument', 'header', 'uncertainty', 'estimated', 'bias' or 'none'.
    offset : str
        'pixel' where every pixel had a free offset, else 'none'.
    lost : int or None
        Pixels that lost some of their frames; None where nobody has counted them.
    """

    shortest: float
    longest: float
    exposures: int
    total: float
    frames: int
    bias_error: float
    bias_identity: str
    gain: float | None
    read_noise: float | None
    noise_source: str
    saturation: float | None
    temperature: float | None
    offset: str
    lost: int | None = None

    def entries(self):
        """Header entries, as ``{key: (value, comment)}``."""
        single = self.shortest if self.exposures == 1 else None
        return {
            "EXPTIME": (single, "[s] exposure time of a frame"),
            "EXPOSURE": (single, "[s] exposure time of a frame"),
            "DKEXPMIN": (self.shortest, "[s] shortest exposure time"),
            "DKEXPMAX": (self.longest, "[s] longest exposure time"),
            "DKNEXP": (self.exposures, "number of exposure times"),
            "DKTOTAL": (self.total, "[s] total exposure of all frames"),
            "NCOMBINE": (self.frames, "number of frames"),
            "DKGAIN": (self.gain, "[electron/adu] gain used"),
            "DKRDNOI": (self.read_noise, "[electron] read noise of a frame"),
            "DKNOISE": (self.noise_source, "where the noise is from"),
            "DKBIASER": (self.bias_error, "[electron] error of the bias"),
            "DKBIASID": (self.bias_identity, "checksum of the master bias"),
            "DKSATUR": (self.saturation, "saturation level in the frames' unit"),
            "DKTEMP": (self.temperature, "[deg C] mean sensor temperature"),
            "DKOFFSET": (self.offset, "offset of a pixel: pixel (free), none"),
            "DKLOST": (self.lost, "pixels that lost some of their frames"),
        }

    @classmethod
    def of(cls, rate, label):
        """Read back from the meta of a rate; an error where it is not a result of `dark_rate`."""
        meta = rate.meta
        missing = [key for key in ("DKEXPMIN", "DKEXPMAX", "DKNEXP", "DKTOTAL", "NCOMBINE") if key not in meta]
        if missing:
            raise ValueError(f"{label} is not a result of dark_rate: its meta lacks {', '.join(missing)}")

        def number(key, default=None):
            if key not in meta and default is not None:
                return default
            try:
                value = float(meta[key])
            except (TypeError, ValueError):
                value = math.nan
            if not math.isfinite(value):
                raise ValueError(f"{label}: {key} in its meta must be a finite number, got {meta[key]!r}")
            return value

        return cls(
            shortest=number("DKEXPMIN"),
            longest=number("DKEXPMAX"),
            exposures=int(number("DKNEXP")),
            total=number("DKTOTAL"),
            frames=int(number("NCOMBINE")),
            bias_error=number("DKBIASER", 0.0),
            bias_identity=str(meta.get("DKBIASID", "")),
            gain=number("DKGAIN") if "DKGAIN" in meta else None,
            read_noise=number("DKRDNOI") if "DKRDNOI" in meta else None,
            noise_source=str(meta.get("DKNOISE", "none")),
            saturation=number("DKSATUR") if "DKSATUR" in meta else None,
            temperature=number("DKTEMP") if "DKTEMP" in meta else None,
            offset=str(meta.get("DKOFFSET", "none")),
            lost=int(number("DKLOST")) if "DKLOST" in meta else None,
        )


class RateImages:
    """Results of `dark_rate`, checked and sorted by exposure time.

    Parameters
    ----------
    rates : sequence of `~astropy.nddata.CCDData`
        The rates.
    least : int
        How many are needed.
    repeated : bool
        Whether exposure times may be equal.
    """

    def __init__(self, rates, least=1, repeated=False):
        for number, rate in enumerate(rates):
            if not isinstance(rate, CCDData):
                remedy = "; pass the rates one by one, as *rates" if isinstance(rate, list | tuple) else ""
                if isinstance(rate, str | os.PathLike):
                    remedy = "; read it with CCDData.read"
                raise TypeError(
                    f"rates[{number}] must be CCDData, a result of dark_rate, got {type(rate).__name__}{remedy}"
                )
        if len(rates) < least:
            needed = "two rates or more are needed" if least == 2 else "at least one rate is needed"
            raise ValueError(f"{needed}, of different exposure times, got {len(rates)}")
        rates = numpy_images(rates, [f"rates[{number}]" for number in range(len(rates))])
        infos = [RateMeta.of(rate, f"rates[{number}]") for number, rate in enumerate(rates)]
        order = np.argsort([info.longest for info in infos], kind="stable")
        self.infos = [infos[index] for index in order]
        self._rates = [rates[index] for index in order]
        factors = [_checked_factor(rates[index], f"rates[{index}]") for index in order]
        self.shape = rates[0].shape
        self._check_together(order)
        self.planes = [
            RateImage.of(rate, factor, info)
            for rate, factor, info in zip(self._rates, factors, self.infos, strict=True)
        ]
        if not repeated:
            self._check_different()
        self.seconds = np.array([info.longest for info in self.infos])
        known = [info.temperature for info in self.infos if info.temperature is not None]
        if known and max(known) - min(known) > TEMPERATURE_SPREAD:
            warn(
                f"the rates were measured at {min(known):.1f} to {max(known):.1f} deg C: dark current doubles every "
                "few degrees, so that they differ whatever the pixels do",
                TemperatureWarning,
            )

    def _check_together(self, order):
        for index, rate, info in zip(order, self._rates, self.infos, strict=True):
            if rate.shape != self.shape:
                raise ValueError(f"rates must have one shape: rates[0] is {self.shape}, rates[{index}] is {rate.shape}")
            if len(self._rates) > 1 and info.exposures > 1:
                raise ValueError(
                    f"rates[{index}] is already one rate of {info.exposures} exposure times ({info.shortest:g} to "
                    f"{info.longest:g} s); rates of one exposure time each are needed for a comparison"
                )
            if len(self._rates) > 1 and rate.uncertainty is None:
                raise ValueError(f"rates[{index}] has no uncertainty: give dark_rate a read_noise")

    def _check_different(self):
        for first, second in zip(self.infos[:-1], self.infos[1:], strict=True):
            if np.isclose(first.longest, second.longest, rtol=SAME_EXPOSURE, atol=0):
                raise ValueError(
                    f"rates must have different exposure times, two of them have {first.longest:g} s: "
                    f"give dark_rate all frames of one exposure time at once (repeatability compares halves of them)"
                )

    def __len__(self):
        return len(self._rates)

    @property
    def meta(self):
        """Meta data of the first."""
        return self._rates[0].meta

    @property
    def wcs(self):
        """World coordinate system of the first, or None."""
        return self._rates[0].wcs

    @property
    def dtype(self):
        """The widest of the rates' types."""
        return np.result_type(np.float32, *[np.asarray(rate.data).dtype.newbyteorder("=") for rate in self._rates])

    @property
    def shared(self):
        """Which of the rates share a master bias, and its variance (electron^2), for `fit.fit_rate`."""
        groups = {}
        for index, info in enumerate(self.infos):
            # A bias of unknown origin is nobody else's.
            groups.setdefault(info.bias_identity or index, []).append(index)
        return [(members, self.infos[members[0]].bias_error ** 2) for members in groups.values()]

    def for_rows(self, rows):
        """The same for some rows only, without meta data; it can be sent to another process."""
        part = copy.copy(self)
        part.planes, part._rates = [plane.for_rows(rows) for plane in self.planes], [None] * len(self)
        return part

    def sample(self, pixels=_SAMPLE):
        """About so many of its pixels, by rows that are evenly spread over it, as a stack of their own."""
        blocks = sample_blocks(self.shape, pixels)
        part = copy.copy(self)
        part.planes, part._rates = [plane.sample(blocks) for plane in self.planes], [None] * len(self)
        part.shape = part.planes[0].data.shape
        return part

    def blocks(self):
        """Row ranges that cover it, of which each takes little memory whatever is made of it."""
        return row_blocks(self.shape, _ROW_BYTES * len(self))

    def values(self, block, pixels=None):
        """Rates, variances, usable samples and lower limits of some rows as they are, or of some pixels of these.

        Without an uncertainty the variance is 0. A masked pixel that has a rate but no uncertainty was saturated: the
        rate is its lower limit. One that somebody else masked has both, and no limit.

        Parameters
        ----------
        block : slice
            The rows.
        pixels : `numpy.ndarray` of int, optional
            Which pixels of them, by their place in the flat array; results then have a single row.
        """
        first = self.planes[0]
        shape = first.data[shifted(block, first.start)].shape if pixels is None else (1, pixels.size)
        rates, variances, limits = (np.empty((len(self), *shape)) for _ in range(3))
        usable = np.empty(rates.shape, dtype=bool)
        for plane, *images in zip(self.planes, rates, variances, usable, limits, strict=True):
            plane.put_values(block, pixels, *(image.reshape(-1) for image in images))
        return rates, variances, usable, limits

    def rows(self, block, pixels=None):
        """`MeanCounts` of the rows of the slice ``block``, or of some pixels as of `values`.

        Notes
        -----
        An uncertainty u of a rate d tells how many frames survived in that pixel,
        ``N = (max(d, 0) t + R**2) / (u**2 t**2 - s_b**2)``; with N its variance can be moved to any other rate.
        """
        counts, variance, usable, limit = self.values(block, pixels)
        counts *= self.seconds[:, None, None]
        counts[~usable] = 0.0
        frames, read_variance = np.empty_like(counts), np.empty_like(counts)
        for index, info in enumerate(self.infos):
            own = variance[index]
            own *= info.longest**2
            own -= info.bias_error**2
            np.clip(own, 0, np.inf, out=own)
            # Of the Poisson part, and then of all.
            expected = np.clip(counts[index], 0, np.inf, out=frames[index])
            if info.read_noise is None:
                read_variance[index] = np.clip(own - expected / info.frames, 0, np.inf)
                frames[index] = info.frames
                continue
            square = info.read_noise**2
            expected += square
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                number = np.divide(expected, own, out=frames[index])
            number[~(own > 0)] = info.frames
            np.clip(np.rint(number, out=number), 1, info.frames, out=number)
            np.divide(square, number, out=read_variance[index])
        read_variance[~usable] = 0.0
        return MeanCounts(counts, frames, read_variance, usable, limit)

    def all_rows(self):
        """`MeanCounts` of all of it, some rows after the other."""
        return (self.rows(block) for block in self.blocks())


@dataclass
class RateImage:
    """One rate, some rows of it.

    Attributes
    ----------
    data, mask, uncertainty : `numpy.ndarray`, or None
        As the user gave them.
    kind : type
        Of the uncertainty.
    factor : float
        What makes them electron/s.
    info : `RateMeta`
        How they were measured.
    start : int
        The first of the rows.
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
        """That of a CCDData."""
        mask = None if rate.mask is None else np.broadcast_to(rate.mask, rate.shape)
        uncertainty = kind = None
        if rate.uncertainty is not None:
            uncertainty, kind = np.broadcast_to(rate.uncertainty.array, rate.shape), type(rate.uncertainty)
        return cls(np.asarray(rate.data), mask, uncertainty, kind, factor, info)

    def for_rows(self, rows):
        """Some rows of it."""
        mask = None if self.mask is None else self.mask[rows]
        uncertainty = None if self.uncertainty is None else self.uncertainty[rows]
        return replace(self, data=self.data[rows], mask=mask, uncertainty=uncertainty, start=rows.start)

    def sample(self, blocks):
        """Some blocks of its rows, one after the other, as rows of their own."""
        data, mask, uncertainty = (
            None if image is None else np.concatenate([image[block] for block in blocks])
            for image in (self.data, self.mask, self.uncertainty)
        )
        return replace(self, data=data, mask=mask, uncertainty=uncertainty, start=0)

    def flat(self, block, pixels=None):
        """Data, mask and standard deviation (or None), as they are, of some rows or of some pixels of these, flat."""
        block = shifted(block, self.start)
        data, mask, deviation = (
            None if image is None else image[block].ravel() for image in (self.data, self.mask, self.uncertainty)
        )
        if pixels is not None:
            data, mask, deviation = (None if image is None else image[pixels] for image in (data, mask, deviation))
        if deviation is not None:
            deviation = as_deviation(deviation, self.kind)
        return data, mask, deviation

    def usable(self, block):
        """Pixels of some rows that are neither masked nor without a number, flat."""
        data, mask, deviation = self.flat(block)
        usable = np.isfinite(data)
        if deviation is not None:
            usable &= np.isfinite(deviation)
        # As ``usable & ~mask``, without another array.
        return usable if mask is None else np.greater(usable, mask, out=usable)

    def put_values(self, block, pixels, rates, variances, usable, limits):
        """Put those of `RateImages.values` into flat arrays."""
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
        limits[...] = np.nan
        others = np.flatnonzero(~usable)
        saturated = others[np.isfinite(rates[others]) & ((deviation is None) | np.isnan(variances[others]))]
        limits[saturated] = rates[saturated]


def _checked_factor(rate, label):
    if rate.unit is None or not rate.unit.is_equivalent(ELECTRON_PER_SECOND):
        raise u.UnitsError(f"{label} is in {unit_name(rate.unit)}, expected electron / s")
    if rate.data.ndim != 2:
        raise ValueError(f"{label} must be a 2-D image, got the shape {rate.shape}")
    return rate.unit.to(ELECTRON_PER_SECOND)
