# Licensed under a 3-clause BSD style license - see LICENSE
"""Parameters of a sensor and of its defects: checked, and kept as copies that nobody else can change."""

import dataclasses

import numpy as np
from astropy import units as u
from astropy.modeling import Model
from astropy.nddata import CCDData

from .._arguments import checked_number, checked_quantity

__all__ = ["MOST", "checked_fraction", "checked_image", "checked_range", "keep_copies"]

# Of electrons, rates and seconds: beyond, whole numbers of electrons are no longer exact.
MOST = 1e15


def keep_copies(instance):
    """Replace what can be changed from outside, in the fields of a frozen dataclass, by copies."""
    for field in dataclasses.fields(instance):
        value = getattr(instance, field.name)
        if isinstance(value, u.Quantity | CCDData | Model):
            # A frozen dataclass is set so.
            object.__setattr__(instance, field.name, value.copy())


def checked_fraction(name, value):
    """A fraction from 0 to 1 as a float; a percentage is one, too."""
    if isinstance(value, u.Quantity) and value.isscalar and value.unit.is_equivalent(u.dimensionless_unscaled):
        value = value.to_value(u.dimensionless_unscaled)
    return checked_number(name, value, maximum=1.0, inclusive=True)


def checked_range(name, value, unit, least=0.0):
    """A parameter that is one number, or a lowest and a highest, as a Quantity in ``unit``."""
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
    """One number or an image as a float array in ``unit``; neither negative, NaN nor masked."""
    if isinstance(value, CCDData):
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
