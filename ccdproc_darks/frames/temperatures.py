# Licensed under a 3-clause BSD style license - see LICENSE
"""Temperature of a sensor as its frames' headers tell it; what tells nothing, or cannot be, is unknown."""

import re
from contextlib import suppress

from .cards import header_value
from .header_keys import SET_TEMPERATURE_KEYS, TEMPERATURE_KEYS

__all__ = ["TEMPERATURE_SPREAD", "group_temperature", "sensor_temperature"]

# Range of sensor temperatures (deg C) that is accepted; a cooler keeps a much smaller one.
TEMPERATURE_SPREAD = 2.0
# What a sensor can have (deg C): from liquid nitrogen, which boils at -196 deg C, to a hot day. Cameras that cannot
# measure their temperature write -273.15, -999, 100 or 999.
_COLDEST, _HOTTEST = -200.0, 80.0
_KELVIN = 273.15
# '-10,5 C', '263.15 K', '12.1 deg C'.
_TEXT = re.compile(
    r"([+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:e[+-]?[0-9]+)?)\s*(?:°|deg(?:rees?)?)?\s*(c|celsius|k|kelvin)?"
)
_IN_KELVIN = re.compile(
    r"[\[(]\s*(?:deg(?:rees?)?\s*)?k(?:elvin)?\s*[\])]|\bin (?:deg(?:rees?)? )?k(?:elvin)?\b|\bkelvin\b"
)


def sensor_temperature(header):
    """Temperature of the sensor (deg C), or None where the header does not tell it.

    Where it tells what the cooler was set to, and nothing else, that is the temperature.
    """
    first = _told(header, TEMPERATURE_KEYS[0])
    return _first(header, TEMPERATURE_KEYS + SET_TEMPERATURE_KEYS) if first is None else first


def group_temperature(header):
    """Temperature by which frames are grouped (deg C), or None: what the cooler was set to, where the sensor was at it.

    The sensor's own one changes from frame to frame. Where it is far from the one set, the camera has no cooler, or
    that did not keep it.
    """
    sensor, kept = sensor_temperature(header), _first(header, SET_TEMPERATURE_KEYS)
    return sensor if kept is None or abs(sensor - kept) > TEMPERATURE_SPREAD else kept


def _first(header, keys):
    """What the first of the keys that tells has, or None."""
    # To ask a header for a key that it does not have takes longer than to list those that it has.
    known = set(header)
    return next((told for told in (_told(header, key) for key in keys if key in known) if told is not None), None)


def _told(header, key):
    """Temperature (deg C) that a key tells, or None."""
    with suppress(ValueError):  # a card that cannot be read, or two of a key, tell nothing
        value = header_value(header, key)
        if isinstance(value, float) and _COLDEST <= value <= _HOTTEST:
            return value
        if value is None or isinstance(value, bool):
            return None
        match = _TEXT.fullmatch(str(value).strip().lower())
        if match is None:
            return None
        number, unit = float(match[1].replace(",", ".")), match[2]
        if unit is None and number > _HOTTEST and hasattr(header, "comments"):
            unit = "k" if _IN_KELVIN.search(header.comments[key].lower()) else None
        celsius = number - _KELVIN if unit and unit.startswith("k") else number
        return celsius if _COLDEST <= celsius <= _HOTTEST else None
    return None
