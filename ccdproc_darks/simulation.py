# Licensed under a 3-clause BSD style license - see LICENSE
"""Simulated dark frames."""

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from .arguments import ELECTRON_PER_SECOND, GAIN_UNIT, checked_dtype, checked_number, checked_quantity
from .noise import digitised_read_noise

__all__ = ["simulate_dark"]

_ADC_TOP = 65535


def simulate_dark(
    shape=None,
    *,
    exposure,
    rate=0.01 * u.electron / u.s,
    gain=1 * u.electron / u.adu,
    read_noise=0 * u.electron,
    bias=0 * u.adu,
    hot_fraction=0.0,
    hot_rate=None,
    saturation=None,
    rng=None,
    sensor_seed=0,
    dtype="uint16",
    temperature=None,
):
    """
    One simulated dark frame, or a bias frame where ``exposure`` is 0 s.

    Parameters
    ----------
    shape : tuple of int, optional
        Rows and columns. May be left out where ``rate`` is an image.
    exposure : `~astropy.units.Quantity`
        Exposure time.
    rate : `~astropy.units.Quantity` or `~astropy.nddata.CCDData`
        Dark rate (electron/s), one number or an image.
    gain : `~astropy.units.Quantity`
        Gain, in electron/adu.
    read_noise : `~astropy.units.Quantity`
        Read noise before the ADC, in electron.
    bias : `~astropy.units.Quantity` or `~astropy.nddata.CCDData`
        Bias level (adu), one number or an image.
    hot_fraction : float
        Fraction of the pixels that are hot. Which ones, and how hot, depends only on ``shape``,
        ``hot_fraction``, ``hot_rate`` and ``sensor_seed``: the same pixels are hot in every frame of a sensor.
    hot_rate : `~astropy.units.Quantity`, optional
        Dark rate of the hot pixels (electron/s): one number, or two between which they are spread
        evenly in the logarithm. None spreads them from 10 to 10 000 times the median rate
        (0.1 to 100 electron/s where that is zero).
    saturation : `~astropy.units.Quantity`, optional
        Level (adu, with the bias) above which counts are clipped. None: the top of the ADC for
        uint16, no limit for floating point.
    rng : None, int or `numpy.random.Generator`
        Source of the noise, as of `numpy.random.default_rng`.
    sensor_seed : int
        Which sensor: the seed of its hot pixels.
    dtype : {"uint16", "float32", "float64"}
        ``"uint16"`` rounds to whole adu and clips, as an ADC does; floating point does not round.
    temperature : `~astropy.units.Quantity`, optional
        Sensor temperature, for the header alone.

    Returns
    -------
    `~astropy.nddata.CCDData`
        The frame in adu, with the header keys that a camera writes: IMAGETYP, EXPTIME, EXPOSURE,
        EGAIN, RDNOISE, SATURATE, XBINNING, YBINNING, and CCD-TEMP and SET-TEMP where ``temperature`` is given.

    Raises
    ------
    TypeError
        If an argument that needs a unit has none, or no shape is given.
    astropy.units.UnitsError
        If a unit cannot be converted.
    ValueError
        If an argument is negative, not finite or out of range, or shapes differ.

    See Also
    --------
    dark_rate : Measure the dark rate of frames.

    Notes
    -----
    Electrons are Poisson before the gain [1]_:
    ``counts = bias + (Poisson(rate * exposure) + Normal(0, read_noise)) / gain``,
    rounded and clipped by the ADC.

    RDNOISE in the header is the noise as it would be measured on the digitised frames,
    ``sqrt(read_noise**2 + gain**2 / 12)`` for uint16: that is what `dark_rate` expects of a header.

    References
    ----------
    .. [1] EMVA Standard 1288, release 4.0, section 2.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import simulate_dark
    >>> dark = simulate_dark((200, 200), exposure=100 * u.s, rate=0.01 * u.electron / u.s,
    ...                      gain=1.5 * u.electron / u.adu, dtype="float64", rng=1)
    >>> print(f"{dark.data.mean():.2f} {dark.unit}")
    0.67 adu
    """
    seconds = checked_quantity("exposure", exposure, u.s, zero=True)
    electrons_per_adu = checked_quantity("gain", gain, GAIN_UNIT)
    noise = checked_quantity("read_noise", read_noise, u.electron, zero=True)
    hot_fraction = checked_number("hot_fraction", hot_fraction, maximum=1.0, inclusive=True)
    rate = _image("rate", rate, ELECTRON_PER_SECOND)
    bias = _image("bias", bias, u.adu)
    shape = _frame_shape(shape, rate, bias)
    dtype = checked_dtype(dtype, ("uint16", "float32", "float64"))
    ceiling = _ceiling(saturation, dtype, bias)
    if temperature is not None:
        temperature = _celsius(temperature)
    rng = np.random.default_rng(rng)

    expected = np.broadcast_to(rate, shape) * seconds
    if hot_fraction > 0:
        hot, rates = _hot_pixels(shape, hot_fraction, hot_rate, rate, sensor_seed)
        expected = expected.copy()
        expected.flat[hot] = rates * seconds
    counts = rng.poisson(expected).astype(float)
    if noise > 0:
        counts += rng.normal(0, noise, shape)
    counts /= electrons_per_adu
    counts += bias
    if dtype.kind == "u":
        np.rint(counts, out=counts)
        np.clip(counts, 0, ceiling, out=counts)
    elif ceiling is not None:
        np.minimum(counts, ceiling, out=counts)

    frame = CCDData(counts.astype(dtype), unit=u.adu)
    measured_noise = digitised_read_noise(noise, electrons_per_adu) if dtype.kind == "u" else noise
    frame.meta = _camera_header(seconds, electrons_per_adu, measured_noise, ceiling, temperature)
    return frame


def _celsius(temperature):
    if not isinstance(temperature, u.Quantity) or temperature.unit.physical_type != "temperature":
        raise TypeError(f"temperature must be a Quantity in deg_C or K, got {temperature!r}")
    return float(temperature.to_value(u.deg_C, equivalencies=u.temperature()))


def _image(name, value, unit):
    """One number or an image as a float array in ``unit``; neither negative nor NaN."""
    if isinstance(value, CCDData):
        value = u.Quantity(value.data, value.unit)
    number = checked_quantity(name, value, unit, zero=True, scalar=False)
    if number.ndim not in (0, 2):
        raise ValueError(f"{name} must be one number or a 2-D image, got an array of shape {number.shape}")
    return number


def _frame_shape(shape, *images):
    shapes = {image.shape for image in images if image.ndim == 2}
    if shape is not None:
        try:
            shape = tuple(int(side) for side in shape)
        except (TypeError, ValueError):
            raise TypeError(f"shape must be (rows, columns), got {shape!r}") from None
        if len(shape) != 2 or min(shape) < 1:
            raise ValueError(f"shape must be two positive whole numbers (rows, columns), got {shape}")
        shapes.add(shape)
    if not shapes:
        raise TypeError("shape must be given as (rows, columns) where neither rate nor bias is an image")
    if len(shapes) > 1:
        raise ValueError(f"shape, rate and bias must have one shape, got {sorted(shapes)}")
    return shapes.pop()


def _ceiling(saturation, dtype, bias):
    if saturation is None:
        return _ADC_TOP if dtype.kind == "u" else None
    level = checked_quantity("saturation", saturation, u.adu)
    if level <= bias.min():
        raise ValueError(f"saturation must be above the bias level, got {saturation} with a bias of {bias.min():g} adu")
    if dtype.kind == "u" and level > _ADC_TOP:
        raise ValueError(f"saturation must not be above {_ADC_TOP} adu, the top of a uint16 ADC, got {saturation}")
    return level


def _hot_pixels(shape, fraction, hot_rate, rate, sensor_seed):
    """Flat indices of the sensor's hot pixels, and their rates."""
    sensor = np.random.default_rng(sensor_seed)
    pixels = shape[0] * shape[1]
    hot = sensor.choice(pixels, size=round(fraction * pixels), replace=False)
    if hot_rate is None:
        typical = float(np.median(rate)) or 0.01
        low, high = 10 * typical, 1e4 * typical
    else:
        limits = checked_quantity("hot_rate", hot_rate, ELECTRON_PER_SECOND, scalar=False)
        if limits.size > 2:
            raise ValueError(f"hot_rate must be one number or a lowest and a highest, got {limits.size} numbers")
        low, high = limits.min(), limits.max()
    return hot, np.exp(sensor.uniform(np.log(low), np.log(high), hot.size))


def _camera_header(seconds, gain, read_noise, ceiling, temperature):
    header = fits.Header()
    header["IMAGETYP"] = ("Dark Frame" if seconds > 0 else "Bias Frame", "type of image")
    header["EXPTIME"] = (seconds, "[s] exposure time")
    header["EXPOSURE"] = (seconds, "[s] exposure time")
    header["EGAIN"] = (gain, "[electron/adu] gain")
    header["RDNOISE"] = (read_noise, "[electron] read noise of a digitised frame")
    header["XBINNING"] = (1, "binning along columns")
    header["YBINNING"] = (1, "binning along rows")
    header["INSTRUME"] = ("ccdproc_darks simulation", "camera")
    if ceiling is not None:
        header["SATURATE"] = (ceiling, "[adu] counts are clipped here")
    if temperature is not None:
        header["CCD-TEMP"] = (temperature, "[deg C] sensor temperature")
        header["SET-TEMP"] = (temperature, "[deg C] sensor temperature asked for")
    return header
