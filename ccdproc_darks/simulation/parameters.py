# Licensed under a 3-clause BSD style license - see LICENSE
"""Checks of the parameters of a sensor and of its defects, and copies of them that nobody else can change."""

import dataclasses

import numpy as np
from astropy import units as u
from astropy.modeling import Model
from astropy.nddata import CCDData

from .._interface.arguments import checked_number, checked_quantity, numpy_images
from ..temperature import checked_kelvin

__all__ = [
    "DTYPES",
    "MOST",
    "checked_fraction",
    "checked_fractions",
    "checked_image",
    "checked_kind",
    "checked_range",
    "checked_seed",
    "checked_shape",
    "header_celsius",
    "keep_copies",
    "kelvin_of",
]

# Types of the counts of a frame.
DTYPES = ("uint16", "float32", "float64")
# Highest number of electrons, rate and exposure time. Above it, float64 does not hold every whole number.
MOST = 1e15
# More pixels than any sensor has; one array of them as float64 takes 8 GiB.
_MOST_PIXELS = 2**30


def keep_copies(instance):
    """Replace the Quantities, images and models in the fields of a frozen dataclass by copies."""
    for field in dataclasses.fields(instance):
        value = getattr(instance, field.name)
        if isinstance(value, u.Quantity | CCDData | Model):
            # A frozen dataclass is set so.
            object.__setattr__(instance, field.name, value.copy())


def checked_fraction(name, value):
    """A fraction from 0 to 1 as a float; it may be given as a Quantity in percent."""
    if isinstance(value, u.Quantity) and value.isscalar and value.unit.is_equivalent(u.dimensionless_unscaled):
        value = value.to_value(u.dimensionless_unscaled)
    return checked_number(name, value, maximum=1.0, inclusive=True)


def checked_fractions(name, value):
    """One fraction from 0 to 1, or a lowest and a highest, as a tuple of floats."""
    parts = tuple(value) if isinstance(value, tuple | list) else (value,)
    if len(parts) not in (1, 2):
        raise ValueError(f"{name} must be one number or a lowest and a highest, got {value!r}")
    parts = tuple(checked_fraction(name, part) for part in parts)
    if parts[0] > parts[-1]:
        raise ValueError(f"{name} must have its lowest number first, got {value!r}")
    return parts


def checked_range(name, value, unit, least=0.0):
    """A parameter that is one number, or a lowest and a highest number, as a Quantity in ``unit``."""
    if isinstance(value, list | tuple) and value and all(isinstance(part, u.Quantity) for part in value):
        value = u.Quantity(value)
    values = np.atleast_1d(checked_quantity(name, value, unit, scalar=False))
    if values.ndim != 1 or values.size not in (1, 2):
        raise ValueError(f"{name} must be one number or a lowest and a highest, got an array of shape {values.shape}")
    if values[0] > values[-1]:
        raise ValueError(f"{name} must have its lowest number first, got {value}")
    if values[0] < least or values[-1] > MOST:
        raise ValueError(f"{name} must be from {least:g} to {MOST:g} {unit}, got {value}")
    return values * unit


def checked_image(name, value, unit):
    """One number or an image as a float array in ``unit``; negative, non-finite and masked pixels are refused."""
    if isinstance(value, CCDData):
        (value,) = numpy_images([value], [name])
        masked = 0 if value.mask is None else int(np.count_nonzero(np.broadcast_to(value.mask, value.shape)))
        if masked:
            raise ValueError(f"{name} must have no masked pixels, got {masked}: fill them first")
        value = u.Quantity(value.data, value.unit)
    if isinstance(value, u.Quantity) and value.ndim == 2:
        for what, bad in (("finite", ~np.isfinite(value.value)), ("zero or positive", value.value < 0)):
            if bad.any():
                raise ValueError(
                    f"{name} must be {what} (a Quantity in {unit}), got {np.count_nonzero(bad)} of {bad.size} pixels "
                    f"that are not, {value[bad][0]} the first of them"
                )
    number = checked_quantity(name, value, unit, zero=True, scalar=False)
    if number.ndim not in (0, 2) or number.size == 0:
        raise ValueError(f"{name} must be one number or a 2-D image, got an array of shape {number.shape}")
    if number.max() > MOST:
        raise ValueError(f"{name} must be up to {MOST:g} {unit}, got {number.max():g}")
    # Not the user's own array, which may change.
    return number.copy()


def checked_shape(shape, *images):
    """Rows and columns of a sensor: those of ``shape`` and of its 2-D ``images``, which must agree."""
    shapes = {image.shape for image in images if image.ndim == 2}
    if shape is not None:
        try:
            given = tuple(int(side) for side in shape)
        except (TypeError, ValueError):
            raise TypeError(f"shape must be (rows, columns), got {shape!r}") from None
        if len(given) != 2 or min(given) < 1 or given != tuple(shape):
            raise ValueError(f"shape must be two positive whole numbers (rows, columns), got {shape}")
        if given[0] * given[1] > _MOST_PIXELS:
            raise ValueError(f"shape must be of {_MOST_PIXELS} pixels at most, got {shape}")
        shapes.add(given)
    if not shapes:
        raise TypeError("shape must be given as (rows, columns) where neither rate nor bias is an image")
    if len(shapes) > 1:
        raise ValueError(f"shape, rate and bias must have one shape, got {sorted(shapes)}")
    return shapes.pop()


def checked_kind(name, value, kind):
    """Raise TypeError where ``value`` is neither None nor of the class ``kind``."""
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} must be None or a {kind.__name__}, got {value!r}")


def checked_seed(name, seed):
    """The seed of a sensor: a whole number that is not negative."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {seed!r}")
    if seed < 0:
        raise ValueError(f"{name} must not be negative, got {seed}")
    return int(seed)


def kelvin_of(name, temperature):
    """A temperature in deg_C or K as a plain number in K."""
    if not isinstance(temperature, u.Quantity) or temperature.unit.physical_type != "temperature":
        raise TypeError(f"{name} must be a Quantity in deg_C or K, got {temperature!r}")
    return checked_kelvin(name, temperature)


def header_celsius(temperature, own):
    """Temperature (deg C, as headers have it) of a frame, where None stands for the sensor's own; None if unknown."""
    temperature = own if temperature is None else temperature
    return None if temperature is None else round(kelvin_of("temperature", temperature) - 273.15, 6)
