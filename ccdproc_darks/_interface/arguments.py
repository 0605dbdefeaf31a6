# Licensed under a 3-clause BSD style license - see LICENSE
"""Checks of the public functions' arguments: Quantities in, plain floats out; images as numpy arrays."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, VarianceUncertainty

from .warnings import DarkWarning, warn

__all__ = [
    "ELECTRON_PER_SECOND",
    "GAIN_UNIT",
    "SAME_EXPOSURE",
    "checked_choice",
    "checked_clip",
    "checked_count",
    "checked_dtype",
    "checked_flag",
    "checked_number",
    "checked_quantity",
    "numpy_images",
    "unit_name",
]

ELECTRON_PER_SECOND = u.electron / u.s
GAIN_UNIT = u.electron / u.adu

# Exposure times that differ by less than this fraction are equal: a camera's clock writes 30.001 s.
SAME_EXPOSURE = 1e-3
# Numbers beyond these are no measurement, whatever their unit; within them no result overflows.
_LEAST, _MOST = 1e-15, 1e15
# Below it, one good sample in forty is a "cosmic ray", and rates are too low.
_LEAST_CLIP = 2.0


def checked_quantity(name, value, unit, *, zero=False, negative=False, scalar=True, equivalencies=()):
    """Value of a Quantity in ``unit``: one number as a float, or an array of float if not ``scalar``.

    It must be positive, from 1e-15 to 1e15; ``zero`` allows zero and less than 1e-15 too, and ``negative`` both signs.

    Raises
    ------
    TypeError
        If ``value`` has no unit, is complex, or is an array where it must be one number.
    astropy.units.UnitsError
        If its unit cannot be converted, with the equivalencies (`astropy.units`).
    ValueError
        If it is not finite, out of range, or negative or zero where it must not be.
    """
    expected = f"a Quantity in {unit}"
    if not isinstance(value, u.Quantity):
        plain = isinstance(value, int | float) and name.isidentifier()
        hint = f"; write {name}={value!r} * u.Unit('{unit}')" if plain else ""
        raise TypeError(f"{name} must be {expected}, got {_shown(value)} without a unit{hint}")
    if scalar and not value.isscalar:
        raise TypeError(f"{name} must be one number ({expected}), got an array of shape {value.shape}")
    try:
        number = value.to_value(unit, equivalencies=list(equivalencies))
    except u.UnitConversionError:
        raise u.UnitsError(f"{name} must be {expected}, got {_shown(value)}") from None
    if np.iscomplexobj(number):
        raise TypeError(f"{name} must be real ({expected}), got {_shown(value)}")
    number = np.asarray(number, dtype=float)
    if not np.isfinite(number).all():
        raise ValueError(f"{name} must be finite, got {_shown(value)}")
    if not negative and ((number < 0).any() or (not zero and (number == 0).any())):
        wanted = "zero or positive" if zero else "positive"
        raise ValueError(f"{name} must be {wanted} ({expected}), got {_shown(value)}")
    if (np.abs(number) > _MOST).any():
        raise ValueError(f"{name} must be up to {_MOST:g} {unit}, got {_shown(value)}")
    if not negative and not zero and (number < _LEAST).any():
        raise ValueError(f"{name} must be {_LEAST:g} {unit} or more, got {_shown(value)}")
    return float(number) if scalar else number


def checked_number(name, value, *, minimum=0.0, maximum=np.inf, inclusive=False):
    """``value`` as a float between ``minimum`` and ``maximum``, or equal to one where ``inclusive``; else an error."""
    try:
        if isinstance(value, str | bool) or np.ndim(value) or np.asarray(value).dtype.kind == "b":
            raise TypeError
        number = float(value)
    except OverflowError:
        number = np.inf
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a plain number, got {_shown(value)}") from None
    inside = minimum <= number <= maximum if inclusive else minimum < number < maximum
    if not inside:
        between = f"from {minimum:g} to {maximum:g}" if inclusive else f"between {minimum:g} and {maximum:g}"
        wanted = f"finite and above {minimum:g}" if np.isinf(maximum) else between
        raise ValueError(f"{name} must be {wanted}, got {_shown(value)}")
    if abs(number) > _MOST or 0 < abs(number) < _LEAST:
        raise ValueError(f"{name} must be from {_LEAST:g} to {_MOST:g}, got {value!r}")
    return number


def checked_count(name, value, most=10**15):
    """``value`` as an int, if it is a whole number from 1 to ``most``; else an error."""
    number = checked_number(name, value)
    if number < 1 or number != int(number):
        raise ValueError(f"{name} must be a whole number from 1, got {value!r}")
    if number > most:
        raise ValueError(f"{name} must be up to {most:g}, got {value!r}")
    return int(number)


def checked_clip(clip):
    """``clip``, sigmas above which a sample is rejected, as a float; None where none is."""
    if clip is None:
        return None
    number = checked_number("clip", clip)
    if number < _LEAST_CLIP:
        raise ValueError(
            f"clip must be {_LEAST_CLIP:g} or more, or None to keep all samples, got {clip!r}: a lower one rejects "
            "good samples, one in forty or more of them, and rates come out too low"
        )
    return number


def checked_choice(name, value, choices):
    """``value``, if it is one of ``choices``; else a ValueError that lists them."""
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {_shown(value)}")
    return value


def checked_flag(name, value):
    """``value`` if it is True or False; else a TypeError."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return value


def checked_dtype(dtype, names):
    """``dtype`` as a `numpy.dtype`, if it is one of ``names``; else a ValueError."""
    try:
        # numpy takes None for float64.
        checked = None if dtype is None else np.dtype(dtype)
    except TypeError:
        checked = None
    if checked is None or checked.name not in names or not checked.isnative:
        *others, last = map(repr, names)
        raise ValueError(f"dtype must be {', '.join(others)} or {last}, got {dtype!r}")
    return checked


def numpy_images(images, labels):
    """List of ``images``, each CCDData with numpy arrays as data, mask and uncertainty; other items are not changed.

    Arrays of another library (dask, any of the array API) are converted, with one warning for all images, or refused
    with a TypeError; both name an image by its label. The mask of a masked array (`numpy.ma`, `astropy.utils.masked`)
    is added to the mask of the image. A mask of integers is bad where they are not zero.
    """
    converted = {}
    images = [
        _numpy_image(image, label, converted) if isinstance(image, CCDData) else image
        for image, label in zip(images, labels, strict=True)
    ]
    if converted:
        label, kind = next(iter(converted.items()))
        others = f" (and {len(converted) - 1} more)" if len(converted) > 1 else ""
        warn(
            f"{label}{others}: an array of the type {kind} is converted to a numpy array, all of it in memory",
            DarkWarning,
        )
    return images


def _numpy_image(image, label, converted):
    """``image``, or a new CCDData where it has other arrays; the dict ``converted`` gets their type, by label."""
    uncertainty = image.uncertainty
    parts = {"data": image.data, "mask": image.mask, "uncertainty": None if uncertainty is None else uncertainty.array}
    plain = {name: _numpy_array(part, f"{label}.{name}", label, converted) for name, part in parts.items()}
    _check_parts(plain, label)
    if plain["mask"] is not None and plain["mask"].dtype != bool:
        plain["mask"] = plain["mask"] != 0
    factor = 1.0 if uncertainty is None else _uncertainty_factor(uncertainty, image.unit, f"{label}.uncertainty")
    if factor != 1.0:
        plain["uncertainty"] = plain["uncertainty"] * factor
    masks = [part.mask for part in plain.values() if hasattr(part, "mask")]
    if not masks and all(plain[name] is parts[name] for name in parts):
        return image
    data, mask, deviation = (None if part is None else np.asarray(part) for part in plain.values())
    for another in masks:
        mask = another if mask is None else mask | another
    mask = None if mask is None else np.broadcast_to(mask, data.shape)
    result = CCDData(data, unit=image.unit, mask=mask, meta=image.meta, wcs=image.wcs)
    if deviation is not None:
        unit = None if uncertainty.unit is None else _uncertainty_unit(uncertainty, image.unit)
        result.uncertainty = type(uncertainty)(deviation, unit=unit, copy=False)
    return result


def _check_parts(parts, label):
    """Raise an error where data, mask or uncertainty (numpy arrays or None) are of a wrong type or shape."""
    shape = np.shape(parts["data"])
    if 0 in shape:
        raise ValueError(f"{label} must be an image with one pixel or more, got the shape {shape}")
    wanted = {
        "data": ("iuf", "numbers"),
        "mask": ("biu", "bool, True where a pixel is bad"),
        "uncertainty": ("iuf", "numbers"),
    }
    for name, part in parts.items():
        if part is None:
            continue
        kinds, what = wanted[name]
        if part.dtype.kind not in kinds:
            raise TypeError(f"{label}.{name} must be an array of {what}, got one of {part.dtype}")
        if part.shape not in (shape, ()):
            raise ValueError(f"{label}.{name} must have the shape of the data, {shape}, got {part.shape}")
    deviation, mask = parts["uncertainty"], parts["mask"]
    # Ignores NaN, and takes no memory.
    if deviation is not None and np.fmin.reduce(deviation, axis=None) < 0:
        # One that is infinite cannot be used, whatever its sign.
        negative = (deviation < 0) & np.isfinite(deviation)
        negative = negative if mask is None else negative & ~mask.astype(bool)
        if negative.any():
            raise ValueError(
                f"{label}.uncertainty must be zero or positive, got {np.count_nonzero(negative)} pixels that are "
                "negative; mask them, or give an image without an uncertainty"
            )


_POWERS = {StdDevUncertainty: 1, VarianceUncertainty: 2, InverseVariance: -2}


def _uncertainty_unit(uncertainty, unit):
    return unit ** next(power for kind, power in _POWERS.items() if isinstance(uncertainty, kind))


def _uncertainty_factor(uncertainty, unit, name):
    """Factor that brings an uncertainty of an image in ``unit`` to that unit, or a power of it."""
    if not isinstance(uncertainty, tuple(_POWERS)):
        kinds = ", ".join(kind.__name__ for kind in _POWERS)
        raise TypeError(f"{name} must be one of {kinds}, got {type(uncertainty).__name__}")
    wanted = _uncertainty_unit(uncertainty, unit)
    if uncertainty.unit is None or uncertainty.unit == wanted:
        return 1.0
    try:
        return uncertainty.unit.to(wanted)
    except u.UnitConversionError:
        raise u.UnitsError(f"{name} is in {unit_name(uncertainty.unit)}, expected {wanted}") from None


def _numpy_array(values, name, label, converted):
    """``values`` as a numpy array; masked ones as an array of a class with a mask."""
    if isinstance(values, u.Quantity):
        raise TypeError(f"{name} must be a plain array, its unit in {label}.unit, got a Quantity in {values.unit}")
    if values is None or isinstance(values, np.ndarray | np.generic):
        return values
    kind = f"{type(values).__module__}.{type(values).__qualname__}"
    if hasattr(values, "dtype"):
        converted.setdefault(label, kind)
    # numpy.asarray of a dask array loses the mask of a masked one.
    values = values.compute() if hasattr(values, "compute") else values
    try:
        array = np.asanyarray(values)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"numpy makes an array of {array.dtype} of it")
    except (TypeError, ValueError, RuntimeError) as error:
        # Libraries raise these where an array is on another device, or must not be copied unasked.
        raise TypeError(
            f"{name} must be a numpy array or one that numpy.asarray converts, got {kind}: {error}"
        ) from error
    return array


def unit_name(unit):
    """Name of a unit for messages; "no unit" for None and for a dimensionless one."""
    return str(unit or "") or "no unit"


def _shown(value):
    if isinstance(value, u.Quantity):
        return str(value) if value.isscalar else f"an array in {unit_name(value.unit)}"
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
