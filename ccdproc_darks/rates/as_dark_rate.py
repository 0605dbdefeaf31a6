# Licensed under a 3-clause BSD style license - see LICENSE
"""A rate that was made by hand, as one of `dark_rate`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import (
    ELECTRON_PER_SECOND,
    GAIN_UNIT,
    checked_choice,
    checked_count,
    checked_quantity,
    numpy_images,
    unit_name,
)
from .._interface.results import LogEntry, check_finite, checked_log_entry, logged, result_image, safe_header
from .._interface.warnings import MissingInformationWarning, NoiseWarning, NoUsablePixelWarning, warn
from ..frames.cards import check_used_cards
from ..frames.fits_image import as_deviation
from ..frames.headers import GAIN_KEYS, READ_NOISE_KEYS, FrameSetting, exposures, frame_settings
from ..frames.reading import AS_IT_IS
from ..frames.temperatures import sensor_temperature
from ..statistics.noise import trimmed_variance
from ..statistics.robust import robust_deviation
from .bias import MOST_COMBINED, Bias, bias_frame, combined_number
from .rate_fit_complete import rate_of_one_exposure
from .rate_meta import RateMeta

__all__ = ["as_dark_rate"]

# Variance of a median over that of the mean, of many frames of normal noise.
_OF_MEDIAN = np.pi / 2
# Fewest frames whose scatter tells a read noise.
_SCATTERING = 3
# Widths from the median within which a pixel is typical.
_TYPICAL = 5
# Typical pixels that are enough for their width to 0.5 %; fewest of them; width over noise below which one is wrong.
_SAMPLE, _LEAST, _TOO_NARROW = 2**16, 1000, 0.8
# Electrons of a typical pixel, in all frames, from which on they are nearly normal; and over the read noise's variance,
# up to which they do not matter.
_NORMAL, _FEW = 10.0, 0.1


def as_dark_rate(
    ccd: CCDData,
    *,
    exposure: FrameSetting,
    frames: int | None = None,
    gain: FrameSetting = None,
    read_noise: FrameSetting = None,
    bias: CCDData | str | os.PathLike[str] | None = None,
    bias_error: u.Quantity | None = None,
    saturation: u.Quantity | None = None,
    method: Literal["average", "median"] = "average",
    uncertainty: Literal["model", "own"] = "model",
    add_keyword: LogEntry = True,
) -> CCDData:
    """Make a rate of your own, such as ``dark.multiply(gain).divide(exposure)``, a rate as `dark_rate` gives it.

    The result has the noise model's uncertainty and the meta by which the rate is compared, masked and made a master
    dark. Where the frames are at hand, `dark_rate` is better: it knows which pixels lost frames, and which saturated. A
    combined dark in adu or electron is for `dark_rate`, too, with ``n_combined``.

    Parameters
    ----------
    ccd : `~astropy.nddata.CCDData`
        Rate (electron/s or adu/s) of darks of one exposure time, from which the bias was subtracted; shape (rows,
        columns).
    exposure : `~astropy.units.Quantity`, `ccdproc.Keyword`, str or None
        Exposure time of one frame. None looks for EXPTIME, EXPOSURE, and keys of single cameras: most arithmetic on
        CCDData drops them.
    frames : int, optional
        Number of frames that were combined. None: NCOMBINE in the meta; without it 1, with a warning.
    gain : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Gain (electron/adu), or the header key that holds it. None looks for EGAIN. Needed for a rate in adu/s.
    read_noise : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        :term:`Read noise` of one frame (electron), with its quantisation noise. None looks for RDNOISE; then takes it
        from the uncertainty of ``ccd``, which must be that of `ccdproc.combine` of three frames or more; then gives no
        uncertainty, and warns.
    bias : `~astropy.nddata.CCDData` or path, optional
        :term:`Master bias` that was subtracted. Its error, which all frames share, goes into the uncertainty; and rates
        with the same master bias are compared as such. None: its error is not known, and taken as 0.
    bias_error : `~astropy.units.Quantity`, optional
        Error of the bias (electron or adu) that was subtracted, one number for the sensor. None: that of ``bias``.
    saturation : `~astropy.units.Quantity`, optional
        Counts (electron or adu), without the bias, from which a pixel of ``ccd`` is saturated. None: no pixel is.
    method : {"average", "median"}
        How the frames were combined. The variance of a median is 1.57 times that of the mean; and the median of few
        electrons is too low.
    uncertainty : {"model", "own"}
        ``"model"``: the uncertainty is that of the noise model, see Notes. ``"own"``: that of ``ccd`` is right, and
        kept.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKASRATE where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Rate (electron/s) with `~astropy.nddata.StdDevUncertainty`, a mask, and the meta that `dark_rate` gives. Pixels
        that are masked or not finite are masked and NaN. A saturated one is masked, its value the :term:`lower limit`,
        its uncertainty NaN.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind or lacks a unit.
    astropy.units.UnitsError
        If a unit is wrong.
    ValueError
        If ``ccd`` is a result of this package already; if something needed is missing, negative, zero or not finite; if
        the bias is of another shape.
    OSError
        If the file of the bias is absent, empty, truncated or not FITS.

    Warns
    -----
    MissingInformationWarning
        If the number of frames is unknown, so that errors may be too large; if the read noise is, so that there is no
        uncertainty; if the error of the bias is.
    NoiseWarning
        If typical pixels differ by less than their noise: ``frames`` or ``read_noise`` is wrong.
    NoUsablePixelWarning
        If all pixels are masked.

    See Also
    --------
    dark_rate : Measures the rate from the frames.
    master_dark : Makes the dark of any exposure time from rates.

    Notes
    -----
    The result is still a rate: `ccdproc.subtract_dark` wants ``master_dark(rate, exposure=...)``, a dark in adu or
    electron.

    The uncertainty is that of `dark_rate`, ``Var(d) = ((max(d, 0) t + R**2) / N + s_b**2) / t**2``. The one that
    `ccdproc.combine` gives is the scatter of a pixel's own samples over ``sqrt(N)``, with ``ddof=0``. It is noisy
    itself, and no test can use it: of three frames, 5.5 % of the pixels are more than 5 of such sigmas off their true
    rate (Student's t with 2 degrees of freedom). Averaged over all typical pixels, and corrected for ``ddof=0``, it
    tells the read noise; an error of the bias that went into it counts as read noise.

    Examples
    --------
    >>> import ccdproc
    >>> from astropy import units as u
    >>> from ccdproc_darks import as_dark_rate, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=1000 * u.adu)
    >>> darks = [simulate_dark((100, 100), exposure=1000 * u.s, rng=seed, **camera) for seed in range(10)]
    >>> dark = ccdproc.combine(darks, method="average").subtract(1000 * u.adu)
    >>> by_hand = dark.multiply(camera["gain"]).divide(1000 * u.s)
    >>> rate = as_dark_rate(by_hand, exposure=1000 * u.s, frames=10, read_noise=10 * u.electron)
    >>> print(f"{rate.data.mean():.3f} +- {rate.uncertainty.array.mean():.4f} {rate.unit}")
    0.010 +- 0.0033 electron / s
    """
    checked_log_entry(add_keyword)
    checked_choice("method", method, ("average", "median"))
    checked_choice("uncertainty", uncertainty, ("model", "own"))
    arguments = {
        "ccd": ccd, "exposure": exposure, "frames": frames, "gain": gain, "read_noise": read_noise, "bias": bias,
        "bias_error": bias_error, "saturation": saturation, "method": method, "uncertainty": uncertainty,
    }  # fmt: skip
    given = _GivenRate.of(ccd)
    (seconds,) = exposures(exposure, [given])
    number = _number_of_frames(frames, given)
    gain = _first(frame_settings("gain", gain, [given], GAIN_UNIT, GAIN_KEYS))
    counts, deviation, bad = given.counts(seconds, gain)
    usable = ~bad & np.isfinite(counts) & (np.True_ if deviation is None else np.isfinite(deviation))
    full = _saturated(saturation, counts, bad, gain)
    usable &= ~full

    the_bias = Bias() if bias is None else _bias(bias, given, gain)
    noise, source = _noise(read_noise, uncertainty, given, counts[usable], deviation, usable, number, gain)
    if bias_error is None:
        error = the_bias.error(noise)
    else:
        error = checked_quantity("bias_error", bias_error, u.electron, zero=True, equivalencies=_by_gain(gain))
    if uncertainty == "own":
        rate, sigma = counts / seconds, deviation / seconds
    else:
        effective = number / (_OF_MEDIAN if method == "median" and number > 1 else 1.0)
        rate, sigma = rate_of_one_exposure(counts.ravel(), seconds, effective, (noise or 0.0) ** 2, error)
        rate, sigma = rate.reshape(counts.shape), sigma.reshape(counts.shape)
    rate[~(usable | full)] = np.nan
    sigma[~usable] = np.nan
    rate, sigma = rate.astype(given.dtype), sigma.astype(given.dtype)
    check_finite(rate)
    _warn(rate[usable], None if source == "none" else sigma[usable], seconds, number, noise)

    meta = RateMeta(
        shortest=seconds, longest=seconds, exposures=1, total=seconds * number, frames=number, bias_error=error,
        bias_identity=the_bias.identity, gain=gain, read_noise=noise, noise_source=source, saturation=None,
        temperature=sensor_temperature(given.header), offset="none",
    )  # fmt: skip
    header = safe_header(given.header, meta.entries())
    known = None if source == "none" else sigma
    result = result_image(rate, ELECTRON_PER_SECOND, header, mask=~usable, deviation=known, wcs=given.ccd.wcs)
    return logged(result, "DKASRATE", "as_dark_rate", arguments, add_keyword)


@dataclass
class _GivenRate:
    """The user's rate, checked."""

    ccd: CCDData
    label: str = "ccd"

    @classmethod
    def of(cls, ccd):
        """The rate of an argument ``ccd``; an error if it is none."""
        if not isinstance(ccd, CCDData):
            remedy = "; read it with CCDData.read" if isinstance(ccd, str | os.PathLike) else ""
            raise TypeError(f"ccd must be CCDData, a rate in electron / s or adu / s, got {type(ccd).__name__}{remedy}")
        (ccd,) = numpy_images([ccd], ["ccd"])
        if ccd.unit in (u.adu, u.electron):
            raise u.UnitsError(
                f"ccd is in {ccd.unit}, expected a rate in electron / s or adu / s: divide by the exposure time of one "
                "frame; or give the combined dark to dark_rate, with n_combined (the number of its frames)"
            )
        if not any(ccd.unit.is_equivalent(one / u.s) for one in (u.electron, u.adu)):
            raise u.UnitsError(f"ccd is in {unit_name(ccd.unit)}, expected a rate in electron / s or adu / s")
        if ccd.data.ndim != 2:
            raise ValueError(f"ccd must be a 2-D image, got the shape {ccd.shape}")
        check_used_cards(ccd.meta, "ccd")
        ours = next((key for key in ("DKEXPMIN", "DKSTAT", "DKMASK") if key in ccd.meta), None)
        if ours is not None:
            raise ValueError(
                f"ccd is a result of ccdproc_darks already, by {ours} in its meta: use it as it is, or take the keys "
                "that begin with DK out of its meta"
            )
        return cls(ccd)

    @property
    def header(self):
        """Meta of the rate."""
        return self.ccd.meta

    @property
    def dtype(self):
        """Type of the result."""
        return np.result_type(np.float32, self.ccd.data.dtype.newbyteorder("="))

    def counts(self, seconds, gain):
        """Mean counts and their standard deviation (electron; None where there is none), and the mask."""
        unit, scale = ELECTRON_PER_SECOND, 1.0
        if not self.ccd.unit.is_equivalent(unit):
            if gain is None:
                raise ValueError(
                    "gain is needed for a rate in adu / s; pass it as a Quantity in electron / adu, a ccdproc.Keyword "
                    "or the name of a header key"
                )
            unit, scale = u.adu / u.s, gain
        factor = self.ccd.unit.to(unit) * scale * seconds
        counts = np.multiply(self.ccd.data, factor, dtype=float)
        deviation, mask = self.ccd.uncertainty, self.ccd.mask
        if deviation is not None:
            own = as_deviation(np.broadcast_to(deviation.array, counts.shape), type(deviation))
            deviation = np.multiply(own, factor, dtype=float)
        return counts, deviation, np.broadcast_to(False if mask is None else mask, counts.shape)


def _first(settings):
    return None if settings is None else settings[0]


def _by_gain(gain):
    """Equivalency of adu and electron, where the gain is known."""
    return [(u.adu, u.electron, lambda x: x * gain, lambda x: x / gain)] if gain else []


def _number_of_frames(frames, given):
    if frames is not None:
        return checked_count("frames", frames, MOST_COMBINED)
    if "NCOMBINE" not in given.header:
        warn(
            "the number of frames of ccd is unknown, as its meta has no NCOMBINE: it is taken for one frame, with "
            "errors that are too large if it was made of several; pass frames",
            MissingInformationWarning,
        )
    return combined_number(given)


def _saturated(saturation, counts, bad, gain):
    """Pixels that are saturated."""
    if saturation is None:
        return np.zeros(counts.shape, dtype=bool)
    level = checked_quantity("saturation", saturation, u.electron, equivalencies=_by_gain(gain))
    return (counts >= level) & ~bad & np.isfinite(counts)


def _bias(bias, given, gain):
    if not isinstance(bias, CCDData | str | os.PathLike):
        raise TypeError(
            f"bias must be the master bias that was subtracted (CCDData or a FITS path), got {type(bias).__name__}; "
            "for the error of a bias level, pass bias_error"
        )
    frame = bias_frame(bias, AS_IT_IS)
    if frame.shape != given.ccd.shape:
        raise ValueError(f"bias has the shape {frame.shape}, ccd has {given.ccd.shape}")
    if frame.unit == u.adu and gain is None:
        raise ValueError("gain is needed for a bias in adu; pass it as a Quantity in electron / adu")
    return Bias(frame, scale=1.0 if frame.unit == u.electron else gain)


def _noise(read_noise, uncertainty, given, counts, deviation, usable, number, gain):
    """Read noise (electron) or None, and its source, see `RateMeta`; ``counts`` are those of ``usable`` pixels."""
    if uncertainty == "own":
        if deviation is None:
            raise ValueError("uncertainty='own', but ccd has no uncertainty: pass read_noise, and uncertainty='model'")
        if read_noise is not None:
            raise ValueError("read_noise is not used with uncertainty='own': leave one of them out")
        if usable.any() and not deviation[usable].any():
            raise ValueError("uncertainty='own', but that of ccd is 0: pass read_noise, and uncertainty='model'")
        return None, "uncertainty"
    told = _first(frame_settings("read_noise", read_noise, [given], u.electron, READ_NOISE_KEYS, zero=True))
    if told is not None:
        return told, "header" if read_noise is None else "argument"
    if deviation is not None and number >= _SCATTERING and deviation[usable].any():
        middle = np.median(counts)
        width = 1.4826 * np.median(np.abs(counts - middle))
        typical = np.abs(counts - middle) <= _TYPICAL * width
        # ccdproc.combine: scatter / sqrt(N) with ddof 0.
        variances = np.square(deviation[usable][typical]) * (number * number / (number - 1))
        poisson = max(float(counts[typical].mean()), 0.0)
        least = 0.0 if gain is None else gain**2 / 12
        return float(np.sqrt(max(trimmed_variance(variances, number - 1) - poisson, least))), "estimated"
    return None, "none"


def _warn(rate, deviation, seconds, number, noise):
    """Warn where no pixel of the result can be used, where it has no uncertainty, and where that is too large."""
    if not rate.size:
        warn(
            "all pixels of the result are masked: none of ccd is unmasked, finite and unsaturated", NoUsablePixelWarning
        )
        return
    if deviation is None:
        warn(
            "no read noise (argument or RDNOISE in the meta), and no uncertainty of three frames or more to find it "
            "from: the result has no uncertainty; pass read_noise",
            MissingInformationWarning,
        )
        return
    if rate.size < _LEAST:
        return
    some = slice(None, None, 1 + rate.size // _SAMPLE)
    rate, sigma = rate[some].astype(float), float(np.median(deviation[some]))
    middle = np.median(rate)
    electrons = max(middle, 0.0) * seconds
    if electrons * number < _NORMAL and not electrons < _FEW * (noise or 0.0) ** 2:
        return  # few electrons have another distribution
    width = float(robust_deviation(rate))
    if width < _TOO_NARROW * sigma:
        told = "the uncertainty of ccd" if noise is None else f"{number} frames of a read noise of {noise:.4g} electron"
        warn(
            f"typical pixels differ by {width:.3g} electron/s, less than their noise of {sigma:.3g} by {told}: pass "
            "the right frames (how many were combined), read_noise or exposure",
            NoiseWarning,
        )
