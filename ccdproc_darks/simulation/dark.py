# Licensed under a 3-clause BSD style license - see LICENSE
"""One simulated dark or bias frame."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND, checked_dtype, checked_quantity
from .defects import HotPixels
from .exposure import Moment
from .frame import checked_execution, frame_of
from .parameters import DTYPES, checked_fraction, checked_image, checked_seed
from .sensor import Sensor
from .streams import entropy_of

__all__ = ["simulate_dark"]


def simulate_dark(
    sensor: Sensor | tuple[int, int] | None = None,
    *,
    exposure: u.Quantity,
    shape: tuple[int, int] | None = None,
    rate: u.Quantity | CCDData | None = None,
    gain: u.Quantity | None = None,
    read_noise: u.Quantity | None = None,
    bias: u.Quantity | CCDData | None = None,
    hot_fraction: float = 0.0,
    hot_rate: u.Quantity | None = None,
    saturation: u.Quantity | None = None,
    rng: int | np.random.Generator | None = None,
    sensor_seed: int | None = None,
    dtype: npt.DTypeLike = "uint16",
    temperature: u.Quantity | None = None,
    executor: Executor | None = None,
    threads: int | None = None,
) -> CCDData:
    """One simulated dark frame, or a bias frame where ``exposure`` is 0 s.

    Parameters
    ----------
    sensor : Sensor or tuple of int, optional
        The sensor. A tuple is the rows and columns of a simple sensor, which the other arguments describe.
    exposure : `~astropy.units.Quantity`
        Exposure time.
    shape : tuple of int, optional
        Rows and columns of a simple sensor, where ``sensor`` does not give them. Not needed where ``rate`` or ``bias``
        is an image.
    rate : `~astropy.units.Quantity` or `~astropy.nddata.CCDData`, optional
        Dark rate (electron/s), one number or an image. None: 0.01 electron/s.
    gain : `~astropy.units.Quantity`, optional
        Gain (electron/adu). None: 1 electron/adu.
    read_noise : `~astropy.units.Quantity`, optional
        Read noise before the ADC (electron). None: 0 electron.
    bias : `~astropy.units.Quantity` or `~astropy.nddata.CCDData`, optional
        Bias level (adu), one number or an image. None: 0 adu.
    hot_fraction : float
        Fraction of the pixels that are hot. The same pixels are hot in every frame of a sensor: they depend only on
        ``shape``, ``hot_fraction``, ``hot_rate`` (or the median rate) and ``sensor_seed``.
    hot_rate : `~astropy.units.Quantity`, optional
        Dark rate of the hot pixels (electron/s): one number, or the lowest and the highest of rates that are spread
        evenly in their logarithm. None: from 10 to 10 000 times the median rate, or from 0.1 to 100 electron/s where
        that is zero.
    saturation : `~astropy.units.Quantity`, optional
        Level (adu, with the bias) above which counts are clipped. None: 65535 adu for uint16, no limit for floating
        point.
    rng : None, int or `numpy.random.Generator`
        Source of the noise, as for `numpy.random.default_rng`.
    sensor_seed : int, optional
        Seed of the hot pixels of a simple sensor. None: 0.
    dtype : {"uint16", "float32", "float64"}
        Type of the counts. ``"uint16"`` rounds to whole adu and clips, as an ADC does; floating point does not round.
        With the same ``rng``, the read noise of ``"float64"`` is another than that of the other two.
    temperature : `~astropy.units.Quantity`, optional
        Temperature of the sensor. The rates of a `Sensor` with a ``temperature_model`` change with it; for a simple
        sensor it is only written into the header.
    executor : `concurrent.futures.Executor`, optional
        Who does the work: a pool of threads. None: a thread for each core. Parts of a frame are not sent to other
        processes: with any other executor (of processes, of a cluster) one thread of this process works. The frame is
        the same, bit by bit.
    threads : int, optional
        Number of threads.

        .. deprecated:: 0.1
           Write ``executor=concurrent.futures.ThreadPoolExecutor(threads)`` instead.

    Returns
    -------
    `~astropy.nddata.CCDData`
        The frame (adu), with the header keys that a camera writes: IMAGETYP, EXPTIME, EXPOSURE, EGAIN, RDNOISE,
        SATURATE, XBINNING, YBINNING, INSTRUME; XPIXSZ and YPIXSZ where the pixel size is known; CCD-TEMP and SET-TEMP
        where the temperature is known.

    Raises
    ------
    TypeError
        If an argument that needs a unit has none, if no shape is given, or if arguments describe a simple sensor
        although ``sensor`` is a `Sensor`.
    astropy.units.UnitsError
        If a unit cannot be converted.
    ValueError
        If an argument is negative, not finite or out of range, or shapes differ.

    See Also
    --------
    Sensor : A sensor with all its properties, and the truth about it.
    DarkSequence : Many frames of one sensor.
    dark_rate : Measures the dark rate of frames.

    Notes
    -----
    Electrons are Poisson before the gain [1]_:
    ``counts = bias + (Poisson(rate * exposure) + Normal(0, read_noise)) / gain``,
    rounded and clipped by the ADC. The same arguments with a seed as ``rng`` give the same frame on every machine,
    whoever does the work.

    RDNOISE in the header is the read noise as measured on digitised frames, ``sqrt(read_noise**2 + gain**2 / 12)`` for
    uint16, as `dark_rate` expects it.

    References
    ----------
    .. [1] EMVA Standard 1288, release 4.0, section 2.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import simulate_dark
    >>> dark = simulate_dark((200, 200), exposure=100 * u.s, rate=0.01 * u.electron / u.s,
    ...                      gain=1.5 * u.electron / u.adu, dtype="float64", rng=0)
    >>> print(f"{dark.data.mean():.2f} {dark.unit}")
    0.67 adu

    A frame of a `Sensor`, which knows the true rates:

    >>> from ccdproc_darks import sensor_preset
    >>> sensor = sensor_preset("low-noise-cmos", shape=(200, 200), seed=1)
    >>> dark = simulate_dark(sensor, exposure=100 * u.s, rng=1)
    >>> truth = sensor.true_rate()
    """
    simple = {"rate": rate, "gain": gain, "read_noise": read_noise, "bias": bias, "saturation": saturation}
    simple = {name: value for name, value in simple.items() if value is not None}
    seconds = checked_quantity("exposure", exposure, u.s, zero=True)
    dtype = checked_dtype(dtype, DTYPES)
    execution = checked_execution(executor, threads)
    if isinstance(sensor, Sensor):
        _refuse(shape=shape, hot_fraction=hot_fraction or None, hot_rate=hot_rate, sensor_seed=sensor_seed, **simple)
    else:
        if isinstance(sensor, str):
            raise TypeError(
                f"sensor must be a Sensor or (rows, columns), got {sensor!r}; try sensor_preset({sensor!r})"
            )
        if sensor is not None:
            if shape is not None:
                raise TypeError(f"shape must be given once, got {sensor!r} and {shape!r}")
            shape = sensor
        seed = 0 if sensor_seed is None else checked_seed("sensor_seed", sensor_seed)
        defects = _hot_pixels(hot_fraction, hot_rate, rate)
        simple |= {} if shape is None else {"shape": shape}
        sensor = Sensor(seed=seed, defects=defects, temperature=temperature, **simple)
    entropy = entropy_of(rng)
    frame, _ = frame_of(
        sensor, seconds, entropy, moment=Moment(), pause=0.0, temperature=temperature, dtype=dtype, execution=execution
    )
    return frame


def _refuse(**options):
    """Raise TypeError where an option of a simple sensor is given besides a Sensor."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise TypeError(f"{', '.join(given)} must not be given besides a sensor, which has its own")


def _hot_pixels(fraction, hot_rate, rate):
    """The hot pixels of a simple sensor, with rates that are spread evenly in their logarithm."""
    fraction = checked_fraction("hot_fraction", fraction)
    if hot_rate is None:
        rates = np.array(0.01) if rate is None else checked_image("rate", rate, ELECTRON_PER_SECOND)
        typical = float(np.median(rates)) or 0.01
        limits = np.array([10 * typical, 1e4 * typical])
    else:
        limits = np.atleast_1d(checked_quantity("hot_rate", hot_rate, ELECTRON_PER_SECOND, scalar=False))
        if limits.size not in (1, 2):
            raise ValueError(f"hot_rate must be one number or a lowest and a highest, got {limits.size} numbers")
    if fraction == 0:
        return ()
    low, high = limits.min() * ELECTRON_PER_SECOND, limits.max() * ELECTRON_PER_SECOND
    return (HotPixels(fraction=fraction, above=low, maximum=high, slope=0),)
