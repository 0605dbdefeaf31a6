# Licensed under a 3-clause BSD style license - see LICENSE
"""A sequence of bias and dark frames of one sensor, and how it is written into a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.nddata import CCDData
from astropy.time import Time, TimeDelta

from .._interface.arguments import checked_dtype, checked_quantity
from .._interface.disk.new_folder import named_errors, new_folder
from .._interface.disk.signals import uninterrupted
from .._interface.shown_object import ShownObject
from .exposure import Moment
from .frame import checked_execution, checked_sensor, frame_of
from .parameters import DTYPES
from .sensor import Sensor
from .streams import entropy_of

__all__ = ["DarkSequence"]

_START = "2026-01-01T00:00:00"
# Of a sequence without end nothing would be told.
_MOST_FRAMES, _MOST_RUNS = 10**9, 10**5
# Runs of equal frames that are shown.
_MOST_SHOWN = 12


class DarkSequence(ShownObject):
    """Simulated frames of one sensor, taken one after the other.

    A loop over the sequence draws one frame at a time; each loop gives the same frames. ``list(sequence)`` holds all
    of them in memory, and `DarkSequence.write` writes them into a folder. From one frame to the next the bias drifts,
    and telegraph pixels go on switching.

    Parameters
    ----------
    sensor : Sensor
        The sensor.
    exposures : iterable
        Exposure times (`~astropy.units.Quantity`), or pairs (number of frames, exposure time), in the order in which
        the frames are taken. An exposure time of 0 s is a bias frame.
    rng : None, int or `numpy.random.Generator`
        Source of the noise, as for `numpy.random.default_rng`.
    temperature : `~astropy.units.Quantity`, optional
        Temperature of the sensor. None: its own. Any other needs a sensor with a ``temperature_model``.
    readout : `~astropy.units.Quantity`
        Time between the end of a frame and the start of the next.
    start : str or `~astropy.time.Time`
        Start of the first frame (UTC), for the headers.
    dtype, executor, threads
        As for `simulate_dark`; ``threads`` is deprecated.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If an argument has no unit, one that cannot be converted, or is out of range.

    See Also
    --------
    simulate_dark : One frame.

    References
    ----------
    .. [1] https://www.astropy.org/ccd-reduction-and-photometry-guide/v/dev/notebooks/03-01-Dark-current-The-ideal-case.html

    Examples
    --------
    The CCD guide's ideal dark current [1]_: the same ten pixels in twenty images of 100 s. The electrons are Poisson
    before the gain:

    >>> import numpy as np
    >>> from astropy import units as u
    >>> from ccdproc_darks import DarkSequence, Sensor
    >>> sensor = Sensor(shape=(200, 200), rate=0.01 * u.electron / u.s, gain=1.5 * u.electron / u.adu)
    >>> darks = DarkSequence(sensor, [(20, 100 * u.s)], rng=1, dtype="float64")
    >>> images = np.array([dark.data for dark in darks])
    >>> pixels = images[:, 50, 50:60]
    >>> pixels.shape
    (20, 10)

    Each value is a whole number of electrons over the gain; the average over the images is close to 0.667 adu:

    >>> print(np.unique((pixels * 1.5).round(6)))
    [0. 1. 2. 3. 4.]
    >>> average = images.mean(axis=0)
    >>> print(f"{average.mean():.3f} +- {average.std():.3f} adu")
    0.666 +- 0.150 adu
    """

    def __init__(
        self,
        sensor: Sensor,
        exposures: u.Quantity | Iterable[u.Quantity | tuple[int, u.Quantity]],
        *,
        rng: int | np.random.Generator | None = None,
        temperature: u.Quantity | None = None,
        readout: u.Quantity = 1 * u.s,
        start: str | Time = _START,
        dtype: npt.DTypeLike = "uint16",
        executor: Executor | None = None,
        threads: int | None = None,
    ) -> None:
        self.sensor = checked_sensor(sensor)
        self._runs = _plan(exposures)
        self._dtype = checked_dtype(dtype, DTYPES)
        self._pause = checked_quantity("readout", readout, u.s, zero=True)
        self._start = _checked_start(start)
        self._temperature = temperature
        sensor.expected(max((seconds for _, seconds in self._runs), default=0.0), sensor.rate_factor(temperature))
        sensor.response.ceiling(self._dtype)
        self._execution = checked_execution(executor, threads)
        # Drawn once, so that each loop gives the same frames.
        self._entropy = entropy_of(rng)

    def _shown_fields(self):
        exposures = [f"{number} x {seconds:g} s" for number, seconds in self._runs]
        if len(exposures) > _MOST_SHOWN:
            exposures[_MOST_SHOWN - 1 : -1] = ["..."]
        return [
            ("frames", len(self)), ("exposures", exposures), ("start", self._start.isot), ("sensor", self.sensor)
        ]  # fmt: skip

    def __len__(self) -> int:
        return sum(number for number, _ in self._runs)

    def __iter__(self) -> Iterator[CCDData]:
        moment, elapsed = Moment(), 0.0
        exposures = (seconds for number, seconds in self._runs for _ in range(number))
        for number, seconds in enumerate(exposures):
            frame, moment = frame_of(
                self.sensor,
                seconds,
                (*self._entropy, number),
                moment=moment,
                pause=self._pause,
                temperature=self._temperature,
                dtype=self._dtype,
                execution=self._execution,
                start=self._start + TimeDelta(elapsed, format="sec"),
            )
            elapsed += seconds + self._pause
            yield frame

    def write(
        self, folder: str | os.PathLike[str], *, progress: Callable[[Iterator], Iterable[CCDData]] | None = None
    ) -> list[Path]:
        """Write the frames into a new folder, and the truth into its sub-folder ``truth``.

        The truth is ``flags.fits`` (`Sensor.true_flags`), ``read_noise.fits`` (`Sensor.true_read_noise`), ``rate.fits``
        (`Sensor.true_rate`) and, for each exposure time, the mean rate over it, such as ``rate_90s.fits``.

        Parameters
        ----------
        folder : path-like
            The folder, new or empty. Where something fails, it is not made.
        progress : callable, optional
            Function that gets the iterator over the frames and returns an iterator over the same, such as `tqdm.tqdm`.

        Returns
        -------
        list of `~pathlib.Path`
            Paths of the frames.

        Raises
        ------
        OSError
            At once, if ``folder`` exists and is not empty, cannot be made, or is being written by another process. In
            the end, if somebody else made it in the meantime; the error tells where the frames are then.

        Examples
        --------
        >>> import tempfile
        >>> from astropy import units as u
        >>> from ccdproc_darks import DarkSequence, Sensor
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sequence = DarkSequence(Sensor(shape=(20, 20)), [(2, 0 * u.s), (2, 90 * u.s)], rng=1)
        ...     print([path.name for path in sequence.write(folder + "/night")])
        ['bias_0001.fits', 'bias_0002.fits', 'dark_90s_0001.fits', 'dark_90s_0002.fits']
        """
        folder = Path(folder)
        counts: dict[float, int] = {}
        names = []
        with new_folder(folder) as new:
            with named_errors(folder):
                (new / "truth").mkdir()
            for frame in progress(iter(self)) if progress else self:
                seconds = frame.meta["EXPTIME"]
                counts[seconds] = counts.get(seconds, 0) + 1
                kind = f"dark_{seconds:.10g}s" if seconds > 0 else "bias"
                names.append(f"{kind}_{counts[seconds]:04d}.fits")
                # astropy makes a temporary file, which it would leave behind.
                with named_errors(folder), uninterrupted():
                    frame.write(new / names[-1])
            with named_errors(folder):
                self._write_truth(new / "truth")
        return [folder / name for name in names]

    def _write_truth(self, folder):
        """Write the true flags, read noises and rates."""
        sensor, options = self.sensor, {"temperature": self._temperature}
        sensor.true_flags(**options).write(folder / "flags.fits")
        sensor.true_read_noise(dtype=self._dtype).write(folder / "read_noise.fits")
        sensor.true_rate(**options).write(folder / "rate.fits")
        for seconds in sorted({seconds for _, seconds in self._runs if seconds > 0}):
            sensor.true_rate(exposure=seconds * u.s, **options).write(folder / f"rate_{seconds:.10g}s.fits")


def _checked_start(start):
    """A start time as an astropy Time in UTC."""
    if isinstance(start, Time):
        return start.utc
    try:
        return Time(start, scale="utc")
    except Exception:  # astropy tries many forms, each with errors of its own
        raise ValueError(f"start must be a date such as {_START!r} or an astropy Time, got {start!r}") from None


def _plan(exposures):
    """List of pairs: the number of frames, and their exposure time (s)."""
    runs, frames = [], 0
    if isinstance(exposures, u.Quantity):
        exposures = np.atleast_1d(exposures)
    if not isinstance(exposures, Iterable):
        raise TypeError(f"exposures must be exposure times or pairs (number, exposure time), got {exposures!r}")
    for item in exposures:
        number, exposure = item if isinstance(item, tuple | list) and len(item) == 2 else (1, item)
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise ValueError(f"exposures must have whole numbers of frames from 1, got {number!r}")
        frames += int(number)
        if frames > _MOST_FRAMES or len(runs) >= _MOST_RUNS:
            raise ValueError(
                f"exposures must be of {_MOST_FRAMES:g} frames at most, in {_MOST_RUNS:g} items at most: write equal "
                "ones as (number, exposure time)"
            )
        runs.append((int(number), checked_quantity("exposures", exposure, u.s, zero=True)))
    return runs
