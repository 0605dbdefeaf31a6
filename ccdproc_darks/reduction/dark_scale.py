# Licensed under a 3-clause BSD style license - see LICENSE
"""The factor between the dark current in a science frame and that in a dark, as when their temperatures differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Optional

import numpy.typing as npt
from astropy import units as u
from astropy.modeling import Model
from astropy.nddata import CCDData

from .._interface.shown_object import ShownObject
from ..comparison.dark_factor import FEWEST_PIXELS, dark_factor
from ..comparison.science_and_dark import FrameSetting, science_and_dark
from ..temperature import checked_kelvin, temperature_of_ratio

__all__ = ["DarkScale", "dark_scale"]

# Largest error of a factor, over the factor; least number of pixels of equal weight.
_LARGEST_ERROR, _FEWEST_EFFECTIVE = 0.2, 4.0
# Largest scatter of the hot pixels' own factors over the factor, and largest fraction of them that are far off.
_MOST_SCATTER, _MOST_REJECTED = 0.3, 0.3
# Largest fraction of other pixels that are far off their surroundings. At 8 % errors were seen a quarter too small.
_MOST_CROWDED = 0.06
_KELVIN = 273.15


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DarkScale(ShownObject):
    """Result of `dark_scale`.

    Attributes
    ----------
    factor, error : float
        Dark current in the science frame over that in the dark, and its standard error. Exposure times are taken into
        account: at the same temperature the factor is 1, whatever they are.
    chi_square : float
        Squared scatter of the hot pixels about this factor, over what noise, stars and cosmic rays explain; about 1
        where one factor fits all of them.
    scatter : float
        Standard deviation of the hot pixels' own factors beyond noise, as a fraction of ``factor``; 0 where none is
        seen. ``error`` includes it.
    pixels : int
        Number of hot pixels that were used.
    temperature, temperature_error : `~astropy.units.Quantity` or None
        Temperature of the sensor (deg C) in the science frame and its standard error (K), where there was a ``model``.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import DarkScale
    >>> found = DarkScale(factor=1.25, error=0.01, chi_square=1.1, scatter=0.0, pixels=512)
    >>> print(found)
    The dark current in the science frame is 1.25 +- 0.01 times that in the dark, from 512 hot pixels (chi-square 1.10).
    >>> print(f"{found.factor} +- {found.error}")
    1.25 +- 0.01
    """

    factor: float
    error: float
    chi_square: float
    scatter: float
    pixels: int
    temperature: u.Quantity | None = None
    temperature_error: u.Quantity | None = None

    def __str__(self) -> str:
        """The result in a sentence or two."""
        text = (
            f"The dark current in the science frame is {self.factor:.4g} +- {self.error:.2g} times that in the dark, "
            f"from {self.pixels} hot pixels (chi-square {self.chi_square:.2f})."
        )
        if self.scatter:
            text += f" Their own factors scatter by {100 * self.scatter:.2g} %."
        if self.temperature is None or self.temperature_error is None:
            return text
        celsius, kelvin = self.temperature.to_value(u.deg_C), self.temperature_error.to_value(u.K)
        return f"{text} The sensor was at {celsius:.2f} +- {kelvin:.2g} deg C."


def dark_scale(
    science: CCDData,
    dark: CCDData,
    *,
    model: Optional[Model] = None,  # noqa: UP045 (of models, | makes another model)
    temperature: u.Quantity | None = None,
    mask: CCDData | npt.ArrayLike | None = None,
    exposure: FrameSetting = None,
    gain: FrameSetting = None,
    saturation: FrameSetting = None,
    check_headers: bool = True,
) -> DarkScale:
    """The factor between the dark current in a science frame and that in a dark, from the hot pixels of both.

    It is not 1 where the sensor had another temperature. The hot pixels are a thermometer, too: with a ``model`` the
    temperature of the sensor follows.

    Parameters
    ----------
    science : `~astropy.nddata.CCDData`
        Science frame in adu or electron, shape (rows, columns): bias subtracted, no dark subtracted, not yet divided
        by a flat. Masked pixels are left out.
    dark : `~astropy.nddata.CCDData`
        Master dark, bias subtracted, in the unit of ``science``; or a rate in electron/s, as `dark_rate` gives it.
        Its uncertainty, if it has one, is taken into account.
    model : `~astropy.modeling.Model`, optional
        Dark current against temperature, such as `~ccdproc_darks.temperature.DoublingDarkCurrent` or
        `~ccdproc_darks.temperature.ThermalDarkCurrent`. Only its ratio between two temperatures is used. It should be
        that of the hot pixels.
    temperature : `~astropy.units.Quantity`, optional
        Temperature of the sensor in ``dark`` (deg_C or K), for the model. None: DKTEMP, CCD-TEMP and the like in its
        meta.
    mask : `~astropy.nddata.CCDData` or array of bool, optional
        Which pixels cannot be scaled: a result of `hot_pixel_mask`, whose flags are read (HOT pixels are used, those
        that are NONLINEAR, TELEGRAPH or SATURATED are not), or True where a pixel is bad. None: the mask of ``dark``.
    exposure : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Exposure time of ``science``. None: EXPTIME and the like in its meta.
    gain : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Gain (electron/adu), for frames in adu. None: EGAIN in the meta of ``science`` or ``dark``, or DKGAIN.
    saturation : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Level (adu or electron) from which pixels of ``science`` are saturated. None: SATURATE in its meta; without
        that, the highest value of the frame where several pixels have it.
    check_headers : bool
        Whether the headers must tell of one sensor, and of no dark that is subtracted already.

    Returns
    -------
    DarkScale
        Factor, error and goodness of fit, and the temperature where there is a ``model``; printed, it says what was
        found.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind or lacks a unit, or if there is a ``temperature`` and no ``model``.
    astropy.units.UnitsError
        If units do not fit together.
    ValueError
        If shapes or headers do not fit together, if exposure time, gain or temperature are needed and unknown, if
        ``dark`` is a rate of amplifiers with different gains and ``science`` in adu, or if the factor cannot be told:
        too few hot pixels; stars on too many of them; hot pixels that do not follow one factor; an error above 20 % of
        the factor.

    See Also
    --------
    dark_rate : Makes a rate of dark frames.
    hot_pixel_mask : Tells which hot pixels are proportional.

    Notes
    -----
    Hot pixels are those of the dark, by 8 standard errors and by 5 standard deviations of other pixels nearby. The
    excess of each over the median of its good neighbours (of 24) is measured in both images: sky, glow and the level of
    the bias are the same in pixel and neighbours. Excesses in the science frame are fitted as a factor times those in
    the dark, by an M-estimate [1]_ with Tukey's biweight. Weights are from the scatter of pixels with neighbours alike
    (sky, read noise, crowding), the Poisson noise of the hot pixels' own charge, and the error of the dark.

    Stars and cosmic rays hit hot pixels and others alike. So their effect on the estimate is measured at control
    pixels, 4 to 12 pixels away from the hot ones, and subtracted: an undersampled star looks like a hot pixel, but
    no more often where a hot pixel is than elsewhere. The error includes what they add to the scatter.

    To subtract the dark, multiply it by the factor. The exposure times do the rest::

        scaled = master.multiply(found.factor, handle_meta="first_found")
        result = ccdproc.subtract_dark(science, scaled, exposure_time="EXPTIME", exposure_unit=u.s, scale=True)

    Where both have the same exposure time ``scale=True`` is not needed. The error of the factor is common to all
    pixels, and no part of the result's uncertainty: a pixel with the dark signal S is off by ``S * error / factor``.
    The factor is that of hot pixels. Typical ones may rise more steeply with temperature (on an SBIG STL-1001 by 4.5
    from 0 to 10 deg C, where hot ones rose by 2.4): what they have too much or too little is smooth, and goes out with
    the sky. Where darks of several temperatures are at hand, ``master_dark(..., temperature=)`` treats both.

    References
    ----------
    .. [1] Huber, P. J. and Ronchetti, E. M. 2009, Robust Statistics (Wiley), chapters 3 and 7.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, dark_scale, simulate_dark
    >>> from ccdproc_darks.temperature import DoublingDarkCurrent
    >>> camera = dict(shape=(200, 200), gain=1.5 * u.electron / u.adu, read_noise=8 * u.electron, hot_fraction=0.01)
    >>> rate = 0.05 * u.electron / u.s
    >>> darks = [simulate_dark(exposure=300 * u.s, rate=rate, hot_rate=[2, 50] * u.electron / u.s, rng=seed,
    ...                        bias=500 * u.adu, **camera) for seed in range(5)]
    >>> measured = dark_rate(darks, bias=500 * u.adu)
    >>> science = simulate_dark(exposure=120 * u.s, rate=1.3 * rate, hot_rate=[2.6, 65] * u.electron / u.s, rng=9,
    ...                         bias=500 * u.adu, **camera).subtract(500 * u.adu, handle_meta="first_found")
    >>> model = DoublingDarkCurrent(amplitude=rate, doubling=6 * u.K, reference_temperature=263.15 * u.K)
    >>> found = dark_scale(science, measured, model=model, temperature=-10 * u.deg_C)
    >>> f"{found.factor:.2f}", f"{found.temperature:.1f}"
    ('1.30', '-7.7 deg_C')
    """
    if temperature is not None and model is None:
        raise TypeError("model must be given (dark current against temperature) where there is a temperature")
    if model is not None and not isinstance(model, Model):
        raise TypeError(f"model must be a model of astropy.modeling, got {type(model).__name__}")
    images = science_and_dark(
        science, dark, mask=mask, exposure=exposure, gain=gain, saturation=saturation, check_headers=check_headers
    )
    kelvin = None if model is None else _kelvin_of_dark(temperature, images.celsius)
    found, (hot, usable) = dark_factor(images)
    _check_pixels(hot, usable)
    _check_fit(found)
    result = {name: getattr(found, name) for name in ("factor", "error", "chi_square", "scatter", "pixels")}
    if model is None:
        return DarkScale(**result)
    measured, error = temperature_of_ratio(model, kelvin, found.factor, found.error)
    return DarkScale(**result, temperature=(measured - _KELVIN) * u.deg_C, temperature_error=error * u.K)


def _kelvin_of_dark(temperature, celsius):
    if temperature is not None:
        return checked_kelvin("temperature", temperature)
    if celsius is None:
        raise ValueError(
            "temperature: the meta of dark has neither DKTEMP nor CCD-TEMP, and a model needs the temperature of the "
            "dark; pass temperature as a Quantity in deg_C"
        )
    return celsius + _KELVIN


def _check_pixels(hot, usable):
    """A ValueError if too few hot pixels can be used."""
    if hot < FEWEST_PIXELS:
        raise ValueError(
            f"{hot} unmasked pixels of dark stand out of their neighbours clearly, and {FEWEST_PIXELS} are needed to "
            "tell a factor; pass a longer dark or one of more frames, or mask= (a result of hot_pixel_mask) where the "
            "mask of dark contains its hot pixels"
        )
    if usable < FEWEST_PIXELS:
        raise ValueError(
            f"{usable} of the {hot} hot pixels of dark can be used in science, and {FEWEST_PIXELS} are needed: the "
            "others are masked, saturated, or have too few good neighbours; pass a science frame whose hot pixels are "
            "not masked, or a shorter exposure"
        )


def _check_fit(found):
    """A ValueError if the hot pixels do not tell a factor."""
    told = f"the {found.pixels} hot pixels of dark"
    if not found.factor > 0 or not found.error <= _LARGEST_ERROR * found.factor or not math.isfinite(found.error):
        raise ValueError(
            f"{told} give a factor of {found.factor:.3g} +- {found.error:.2g}, which is not known to "
            f"{100 * _LARGEST_ERROR:.0f} %: they do not stand out in science. See whether both frames are of the same "
            "sensor and orientation, and whether a dark was subtracted from science; else pass a longer exposure"
        )
    if found.crowding > _MOST_CROWDED:
        raise ValueError(
            f"{100 * found.crowding:.0f} % of the other pixels near the hot ones stand out of their neighbours by far "
            "in science: it is too crowded with stars, or cosmic rays, to tell them from hot pixels. Mask them in "
            "science, or pass a less crowded frame"
        )
    if found.rejected > _MOST_REJECTED:
        raise ValueError(
            f"{100 * found.rejected:.0f} % of {told} are far off the factor {found.factor:.3g}: stars lie on them, or "
            "they are not hot in science. Mask the stars in science, pass a less crowded frame, or mask= (a result of "
            "hot_pixel_mask)"
        )
    if found.scatter > _MOST_SCATTER:
        raise ValueError(
            f"{told} do not follow one factor: their own factors scatter by {100 * found.scatter:.0f} % about "
            f"{found.factor:.3g}, far above their noise (chi-square {found.chi_square:.3g}). Mask the stars in "
            "science, pass mask= (a result of hot_pixel_mask), or a dark of a temperature closer to that of science"
        )
    if found.effective < _FEWEST_EFFECTIVE:
        raise ValueError(
            f"{told} tell no more than {found.effective:.1f} equal ones would, as few of them are much hotter than all "
            "others: whether these follow the factor cannot be told. Pass a longer dark or one of more frames"
        )
