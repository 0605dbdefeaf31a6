# Licensed under a 3-clause BSD style license - see LICENSE
"""How objects of this package show themselves: on one line of a terminal, and as a small table in a notebook."""

import dataclasses
from html import escape

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import Table

__all__ = ["ShownObject", "in_words"]

# Numbers of an array that are shown; digits of a number.
_MOST, _DIGITS = 4, 6


class ShownObject:
    """Base of a dataclass that shows its fields, without those that have their default values.

    A class that is no dataclass, or shows something else, has a method ``_shown_fields``. Where a class has a
    ``__str__`` of its own, its sentence is above the table.
    """

    def __repr__(self):
        fields = ", ".join(f"{name}={in_words(value)}" for name, value in self._shown_fields())
        return f"{type(self).__name__}({fields})"

    def _repr_html_(self):
        """Table of the fields, for notebooks."""
        sentence = f"<p>{escape(str(self))}</p>" if type(self).__str__ is not object.__str__ else ""
        rows = "".join(
            f'<tr><th style="text-align: left">{escape(name.replace("_", " "))}</th>'
            f'<td style="text-align: left">{_html(value)}</td></tr>'
            for name, value in self._shown_fields()
        )
        return f"<p><strong>{type(self).__name__}</strong></p>{sentence}<table>{rows}</table>"

    def _shown_fields(self):
        """Pairs of name and value."""
        return _fields(self)


def _html(value):
    """A value in a cell of a table: one line for each item of a list of objects, and no quotation marks."""
    if isinstance(value, ShownObject):
        return value._repr_html_()
    if isinstance(value, list | tuple) and any(isinstance(one, str) or dataclasses.is_dataclass(one) for one in value):
        return "<br>".join(map(_html, value))
    return escape(value if isinstance(value, str) else in_words(value))


def _fields(item):
    found = []
    for one in dataclasses.fields(item):
        value = getattr(item, one.name)
        if not one.repr or value is None or (one.default is not dataclasses.MISSING and _is_same(value, one.default)):
            continue
        found.append((one.name, value))
    return found


def _is_same(value, other):
    if value is other:
        return True
    if isinstance(value, u.Quantity) and isinstance(other, u.Quantity):
        return value.isscalar and value.unit.is_equivalent(other.unit) and value == other
    return isinstance(value, bool | int | float | str | tuple) and type(value) is type(other) and value == other


def in_words(value):
    """A value as people write it: a quantity with its unit, an image or a table by its size.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks._interface.shown_object import in_words
    >>> print(in_words(0.1 * u.electron / u.s), in_words([1, 6e4] * u.electron), in_words((10, 90 * u.s)))
    0.1 electron / s [1, 60000] electron (10, 90 s)
    """
    if isinstance(value, CCDData):
        unit = "" if value.unit in (None, u.dimensionless_unscaled) else f" in {value.unit}"
        return f"<image of {' x '.join(map(str, value.shape))} pixels{unit}>"
    if isinstance(value, Table):
        return f"<table of {len(value)} rows>"
    if isinstance(value, u.Quantity):
        return f"{in_words(value.value)} {value.unit}".strip()
    if isinstance(value, np.ndarray) and value.ndim:
        if value.size > _MOST or value.ndim > 1:
            return f"<array of {' x '.join(map(str, value.shape))}>"
        return f"[{', '.join(map(in_words, value))}]"
    if isinstance(value, float | np.floating):
        return f"{value:.{_DIGITS}g}"
    if isinstance(value, np.generic | np.ndarray):
        return in_words(value.item())
    if isinstance(value, tuple):
        return f"({', '.join(map(in_words, value))}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"[{', '.join(map(in_words, value))}]"
    if dataclasses.is_dataclass(value) and not isinstance(value, type | ShownObject):
        return f"{type(value).__name__}({', '.join(f'{name}={in_words(one)}' for name, one in _fields(value))})"
    return repr(value)
