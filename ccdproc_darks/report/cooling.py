# Licensed under a 3-clause BSD style license - see LICENSE
"""Temperature by which frames are grouped: the one that was set, where a cooler keeps it; else that of the sensor."""

from collections import Counter

from ..frames.frame_types import DARK
from ..frames.header_keys import SET_TEMPERATURE_KEYS
from ..frames.temperatures import TEMPERATURE_SPREAD, sensor_temperature
from .group import Unusable

__all__ = ["at_group_temperatures"]


def at_group_temperatures(frames):
    """Frames with their temperature (deg C, or None), and the list of `Unusable`: darks away from the one that was set.

    Where most frames of a camera are away from it, there is no cooler, whatever the header says: then the temperature
    is that of the sensor.
    """
    at, away, told = Counter(), Counter(), []
    for frame in frames:
        header = frame.file.header
        wanted = sensor_temperature({key: header[key] for key in SET_TEMPERATURE_KEYS if key in header})
        sensor = sensor_temperature(header)
        is_away = wanted is not None and abs(sensor - wanted) > TEMPERATURE_SPREAD
        cooler = str(header.get("INSTRUME")), frame.file.shape, wanted
        (away if is_away else at)[cooler] += 1
        told.append((frame, wanted, sensor, is_away, cooler))
    kept, unusable = [], []
    for frame, wanted, sensor, is_away, cooler in told:
        is_cooled = at[cooler] > away[cooler]
        if is_away and is_cooled and frame.kind == DARK:
            reason = f"the sensor was at {sensor:.1f} C, not at the {wanted:g} C that were set"
            unusable.append(Unusable(frame.name, reason))
            continue
        is_set = wanted is not None and (is_cooled or not is_away)
        frame.temperature = wanted if is_set else sensor
        kept.append(frame)
    return kept, unusable
