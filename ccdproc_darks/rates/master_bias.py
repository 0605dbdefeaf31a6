# Licensed under a 3-clause BSD style license - see LICENSE
"""A master bias from bias frames, by the same steps as a dark rate."""

from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from astropy import units as u

from .._arguments import checked_dtype, checked_number
from .._compute.workers import Execution, fill_images
from .._results import logged, result_image, safe_header
from ..frames.headers import READ_NOISE_KEYS, common_setting, frame_settings, known_gain
from ..frames.inputs import as_frames
from .counts import CountingSettings, Waiting, exact_mean_counts, memory_of, quick_mean_counts
from .dark_frames import DarkSet
from .frame_selection import FrameSelection, select_biases

__all__ = ["master_bias"]


def master_bias(
    biases,
    *,
    gain=None,
    read_noise=None,
    clip=5.0,
    dtype="float32",
    mem_limit=None,
    executor=None,
    add_keyword=True,
):
    """
    Mean of bias frames, cleaned of cosmic rays, for ``bias=`` of `dark_rate`.

    Parameters
    ----------
    biases : sequence of `~astropy.nddata.CCDData` or paths, or `ccdproc.ImageFileCollection`
        Bias frames in adu or electron, none of them combined, shape (rows, columns).
    gain : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        As of `dark_rate`.
    read_noise : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        As of `dark_rate`. None looks for RDNOISE; then takes the scatter of three frames or more; then keeps all
        samples, and gives no uncertainty.
    clip, dtype, mem_limit, executor
        As of `dark_rate`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKBIAS where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        The master bias, in the frames' unit, shape (rows, columns), with a `~astropy.nddata.StdDevUncertainty`; masked,
        and NaN, where no frame has a usable sample. ``meta`` has NCOMBINE (frames) and DKRDNOI (read noise, electron).

    Raises
    ------
    TypeError, astropy.units.UnitsError, OSError
        As of `dark_rate`.
    ValueError
        If there is no frame, shapes differ, or the gain is not known.

    Warns
    -----
    FrameLevelWarning
        If a frame sits away from the others as a whole.

    See Also
    --------
    dark_rate : Whose error from the bias this uncertainty tells.
    ccdproc.combine : Combines frames in many more ways, and takes a hundred times as long.

    Notes
    -----
    A sample is rejected as of `dark_rate`. What a pixel has above the level of the sensor is taken for electrons, with
    their Poisson noise: a hot pixel collects some even in a bias frame. The uncertainty is ``R / sqrt(N)``, with the N
    frames that survived in the pixel.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import master_bias, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=1000 * u.adu)
    >>> biases = [simulate_dark((100, 100), exposure=0 * u.s, rng=seed, **camera) for seed in range(20)]
    >>> bias = master_bias(biases)
    >>> print(f"{bias.data.mean():.1f} {bias.unit} of {bias.meta['NCOMBINE']} frames")
    1000.0 adu of 20 frames
    """
    execution = Execution(executor, mem_limit)
    if clip is not None:
        clip = checked_number("clip", clip)
    dtype = checked_dtype(dtype, ("float32", "float64"))
    # The report gives frames that it has chosen; their level, and that of the sensor, are those of all of them.
    chosen = biases if isinstance(biases, FrameSelection) else None
    frames = as_frames(biases, "biases") if chosen is None else chosen.dark_set.frames
    scale = known_gain(gain, frames) if frames[0].unit == u.adu else 1.0
    told = frame_settings("read_noise", read_noise, frames, u.electron, READ_NOISE_KEYS, zero=True)
    selection = chosen or select_biases(frames, scale, execution)
    selection.warn("bias frames")
    noise = selection.read_noise() if told is None else common_setting("read_noise", told, frames)
    shape, first = frames[0].shape, frames[0]
    data, deviation, mask = np.empty(shape, dtype), np.empty(shape, dtype), np.zeros(shape, dtype=bool)
    job = _BiasJob(selection.dark_set, selection.shifts, CountingSettings(selection.reader, noise, clip))
    fill_images(job, [data, deviation, mask], execution)
    header = safe_header(
        first.header,
        {
            "NCOMBINE": (len(frames), "number of frames"),
            "COMBINED": (True, "a master bias"),
            "DKRDNOI": (noise, "[electron] read noise of a frame"),
        },
    )
    result = result_image(
        data, first.unit, header, mask=mask, deviation=None if noise is None else deviation, wcs=first.wcs
    )
    arguments = {"biases": biases, "gain": gain, "read_noise": read_noise, "clip": clip, "dtype": dtype.name}
    return logged(result, "DKBIAS", "master_bias", arguments, add_keyword)


@dataclass
class _BiasJob:
    """Makes a mean, its standard deviation and mask of some rows, in the unit of the frames."""

    dark_set: DarkSet
    levels: np.ndarray
    rules: CountingSettings
    _waiting: Waiting = field(default_factory=Waiting)

    def memory(self):
        """Bytes that a block takes while it is worked on, for each pixel."""
        return memory_of(self.dark_set.frames) + 8 * 12

    def for_rows(self, rows):
        """What it takes to do some rows; it can be sent to another process."""
        return replace(self, dark_set=self.dark_set.for_rows(rows), rules=self.rules.for_rows(rows), _waiting=Waiting())

    @contextmanager
    def open_files(self):
        """The same with its files open."""
        with self.dark_set.open_files() as dark_set:
            yield replace(self, dark_set=dark_set)

    def rows(self, block, out=None):
        """Mean, its standard deviation and mask of some rows; and the pixels to `exact`."""
        found = quick_mean_counts(self.dark_set, self.levels, block, self.rules)
        lost = np.flatnonzero(found.special)
        if lost.size:
            self._waiting.add(found.picked(lost))
        mean = self._mean(found.counts).reshape(block.stop - block.start, -1)
        return [mean, np.broadcast_to(self._noise / np.sqrt(found.number), mean.shape), None], lost

    def exact(self, rows, pixels):
        """The same of the next pixels that `rows` has told of."""
        found = exact_mean_counts(self._waiting.take(pixels.size), self.dark_set.combined, self.levels, self.rules)
        number = np.where(found.frames > 0, found.frames, np.nan)
        mean = np.where(found.frames > 0, self._mean(found.counts), np.nan)
        return mean, self._noise / np.sqrt(number), np.isnan(mean)

    @property
    def _noise(self):
        return (self.rules.read_noise or 0.0) / self.rules.reader.scale

    def _mean(self, counts):
        counts += self.rules.reader.bias.level
        counts /= self.rules.reader.scale
        return counts
