# Licensed under a 3-clause BSD style license - see LICENSE
"""A simulated frame as a camera gives it: counts with a header."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from astropy.utils.exceptions import AstropyDeprecationWarning

from .._compute.workers import Execution
from .._interface.warnings import warn
from .camera_header import camera_header
from .exposure import expose
from .parameters import header_celsius
from .sensor import Sensor

__all__ = ["checked_execution", "checked_sensor", "frame_of"]


def frame_of(sensor, seconds, entropy, *, moment, pause, temperature, dtype, execution, start=None):
    """One frame as `~astropy.nddata.CCDData`, and the `Moment` at its end; the arguments are those of `expose`."""
    factor = sensor.rate_factor(temperature)
    sensor.expected(seconds, factor)
    data, moment = expose(
        sensor, seconds, entropy, moment=moment, pause=pause, factor=factor, dtype=dtype, execution=execution
    )
    celsius = header_celsius(temperature, sensor.temperature)
    frame = CCDData(data, unit=u.adu)
    frame.meta = camera_header(sensor, seconds, dtype, celsius=celsius, start=start)
    return frame, moment


def checked_sensor(sensor):
    """``sensor`` where it is a `Sensor`; else raise TypeError."""
    if not isinstance(sensor, Sensor):
        raise TypeError(f"sensor must be a Sensor, got {sensor!r}")
    return sensor


def checked_execution(executor, threads):
    """The `Execution` of the arguments ``executor`` and ``threads``; the second is deprecated."""
    if threads is None:
        return Execution(executor)
    if executor is not None:
        raise TypeError("threads must not be given besides executor, which has its own")
    if isinstance(threads, bool) or not isinstance(threads, int | np.integer) or threads < 1:
        raise ValueError(f"threads must be None or a whole number from 1, got {threads!r}")
    warn(
        f"threads={threads} is deprecated: write executor=concurrent.futures.ThreadPoolExecutor({threads}) instead",
        AstropyDeprecationWarning,
    )
    return Execution(ThreadPoolExecutor(int(threads)))
