# Licensed under a 3-clause BSD style license - see LICENSE
"""A science frame and a dark that belong together, checked, as plain images in one unit."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND, GAIN_UNIT, checked_flag, numpy_images, unit_name
from .._interface.flags import DARK_FLAGS
from .._interface.pixel_mask import checked_mask
from ..frames.belonging import Labelled, check_one_sensor
from ..frames.cards import header_number, header_value
from ..frames.exposure_time import exposure_time
from ..frames.fits_image import as_deviation
from ..frames.headers import GAIN_KEYS, SATURATION_KEYS, FrameSetting, exposures, frame_settings
from ..frames.subtraction import subtractions
from ..frames.temperatures import sensor_temperature

__all__ = ["FrameSetting", "ScienceAndDark", "science_and_dark"]

# Flags of pixels whose dark current another dark cannot be scaled to. Others say how high it is, or how well known.
_HARMLESS = DARK_FLAGS.HOT | DARK_FLAGS.WARM | DARK_FLAGS.DO_NOT_USE | DARK_FLAGS.UNRELIABLE_DARK
# Where no one tells the saturation level: so many pixels within this fraction of the highest one are saturated.
_PILE, _PILE_WIDTH = 5, 0.001


@dataclass
class ScienceAndDark:
    """Both images, in the unit of the science frame.

    Attributes
    ----------
    science, dark : `numpy.ndarray`
        The science frame; the counts of ``dark`` that it would have if its dark current were the same.
    dark_error : `numpy.ndarray`
        Standard deviation of ``dark``; zero where it is not known.
    science_usable, dark_usable : `numpy.ndarray`
        Where a pixel of each may be used.
    per_signal : float
        Variance of one unit of signal: 1 in electron, 1 / gain in adu.
    saturation : float
        Level from which pixels of the science frame are saturated; infinite where nothing tells it.
    celsius : float or None
        Temperature of the dark by its header (deg C).
    """

    science: np.ndarray
    dark: np.ndarray
    dark_error: np.ndarray
    science_usable: np.ndarray
    dark_usable: np.ndarray
    per_signal: float
    saturation: float
    celsius: float | None


def science_and_dark(science, dark, *, mask, exposure, gain, saturation, check_headers):
    """`ScienceAndDark` of the arguments of `dark_scale`; an error where they do not fit together."""
    for name, image in (("science", science), ("dark", dark)):
        if not isinstance(image, CCDData):
            raise TypeError(f"{name} must be CCDData, got {type(image).__name__}")
    science, dark = numpy_images([science, dark], ["science", "dark"])
    if science.data.ndim != 2:
        raise ValueError(f"science must be a 2-D image, got the shape {science.shape}")
    if dark.shape != science.shape:
        raise ValueError(f"dark has the shape {dark.shape}, science has {science.shape}")
    if science.unit not in (u.adu, u.electron):
        raise u.UnitsError(f"science is in {unit_name(science.unit)}, expected adu or electron")
    headers = [Labelled("science", science.meta), Labelled("dark", dark.meta)]
    if checked_flag("check_headers", check_headers):
        check_one_sensor("science and dark", headers)
        told = subtractions(science.meta).get("dark")
        if told is not None:
            raise ValueError(
                f"science: its header has {told}: a dark is subtracted already, and no dark current is left to "
                "measure; pass the frame before that (bias subtracted), or check_headers=False if the header is wrong"
            )
    is_rate = dark.unit is not None and dark.unit.is_equivalent(ELECTRON_PER_SECOND)
    if is_rate and gain is None and science.unit == u.adu and "DKGAINA" in dark.meta:
        raise ValueError(
            "dark is a rate of amplifiers with different gains (DKGAINA, ... in its meta), and science is in adu: pass "
            "master_dark(dark, exposure=...) as the dark, or science in electron (ccdproc.gain_correct)"
        )
    gain = _gain(gain, headers, needed=science.unit == u.adu)
    if is_rate:
        (seconds,) = exposures(exposure, headers[:1])
        factor = dark.unit.to(ELECTRON_PER_SECOND) * seconds / (gain if science.unit == u.adu else 1.0)
    elif dark.unit == science.unit:
        factor = _exposure_ratio(exposure, headers)
    else:
        raise u.UnitsError(
            f"dark is in {unit_name(dark.unit)}, science in {science.unit}: they must be in the same unit (convert one "
            "of them by ccdproc.gain_correct), or dark a rate in electron / s"
        )
    values = dark.data * factor
    error = np.zeros(dark.shape)
    if dark.uncertainty is not None:
        error = np.broadcast_to(as_deviation(dark.uncertainty.array, type(dark.uncertainty)), dark.shape) * factor
    level = _saturation(saturation, science, headers[0], gain)
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(science.data) & _unmasked(science) & (science.data < level)
    return ScienceAndDark(
        science=science.data,
        dark=values,
        dark_error=error,
        science_usable=usable,
        dark_usable=np.isfinite(values) & np.isfinite(error) & _good(mask, dark),
        per_signal=1.0 if science.unit == u.electron else 1.0 / gain,
        saturation=level,
        celsius=_celsius(headers[1]),
    )


def _gain(gain, headers, needed):
    """Gain (electron/adu) of the user, of the science frame's header or of the dark's; None where no one tells it."""
    if gain is not None:
        return frame_settings("gain", gain, headers[:1], GAIN_UNIT, GAIN_KEYS)[0]
    for header in headers:
        known = frame_settings("gain", None, [header], GAIN_UNIT, (*GAIN_KEYS, "DKGAIN"))
        if known is not None:
            return known[0]
    if needed:
        raise ValueError(
            "gain is needed for a science frame in adu, and neither header has EGAIN; pass gain as a Quantity in "
            "electron / adu, a ccdproc.Keyword or the name of a header key"
        )
    return None


def _exposure_ratio(exposure, headers):
    """Exposure time of the science frame over that of a dark in the same unit; 1 where neither is told."""
    science, dark = headers
    untold = [header.label for header in headers if exposure_time(header) is None]
    if exposure is None and len(untold) == 2:
        return 1.0
    if "dark" in untold:
        raise ValueError(
            "dark: its header tells no exposure time, that of science is known; write EXPTIME into dark.meta"
        )
    return exposures(exposure, [science])[0] / exposures(None, [dark])[0]


def _saturation(saturation, science, header, gain):
    convert = []
    if gain is not None:
        convert = [(u.adu, u.electron, lambda value: value * gain, lambda value: value / gain)]
    # A header's SATURATE is in adu.
    keys = SATURATION_KEYS if science.unit == u.adu or gain is not None else ()
    told = frame_settings(
        "saturation", saturation, [header], science.unit, keys, header_unit=u.adu, equivalencies=convert
    )
    if told is not None:
        return told[0]
    finite = science.data[np.isfinite(science.data) & _unmasked(science)]
    if finite.size <= _PILE:
        return np.inf
    highest = np.partition(finite, -_PILE)[-_PILE:]
    top = float(highest.max())
    return top * (1 - _PILE_WIDTH) if top > 0 and highest.min() >= top * (1 - _PILE_WIDTH) else np.inf


def _celsius(header):
    """Temperature (deg C) of a dark: DKTEMP of a result of this package, else what the camera wrote; or None."""
    if header_value(header.header, "DKTEMP") is None:
        return sensor_temperature(header.header)
    return header_number(header, "DKTEMP")


def _unmasked(image):
    return True if image.mask is None else ~np.broadcast_to(image.mask, image.shape)


def _good(mask, dark):
    """Where a pixel of the dark is proportional, as far as the user's ``mask`` tells, or the dark's own."""
    if mask is None:
        return _unmasked(dark)
    mask = checked_mask(mask if isinstance(mask, CCDData) else np.asarray(mask))
    if mask.shape != dark.shape:
        raise ValueError(f"mask has the shape {mask.shape}, science and dark have {dark.shape}")
    if not isinstance(mask, CCDData):
        return ~mask
    flags = mask.data.astype(np.int64)
    # DO_NOT_USE without a reason is bad.
    return ((flags & ~int(_HARMLESS)) == 0) & (flags != int(DARK_FLAGS.DO_NOT_USE))
