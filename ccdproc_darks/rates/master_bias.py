# Licensed under a 3-clause BSD style license - see LICENSE
"""A master bias from bias frames, by the same steps as a dark rate."""

from __future__ import annotations

import warnings
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.nddata import CCDData

from .._arguments import checked_dtype, checked_number
from .._compute.blocks import Block, BlockJob, sample_blocks
from .._compute.workers import THREADS, Execution, fill_images
from .._results import LogEntry, logged, result_image, safe_header
from ..frames.headers import READ_NOISE_KEYS, FrameSetting, common_setting, frame_settings, known_gain
from ..frames.inputs import Frames, as_frames, sample
from ..frames.quality_warnings import outlying_frames
from .bias import Bias
from .counts import CountingSettings, DeferredSamples, exact_mean_counts, memory_of, quick_mean_counts
from .dark_frames import DarkSet, ElectronReader, frame_level_shifts
from .read_noise import measure_scatter, scatter_read_noise

__all__ = ["BiasFrames", "master_bias"]

_CLIP = 5.0
# Pixels that tell the level of a sensor.
_LEVEL_PIXELS = 2**16


def master_bias(
    biases: Frames,
    *,
    gain: FrameSetting = None,
    read_noise: FrameSetting = None,
    clip: float | None = _CLIP,
    dtype: npt.DTypeLike = "float32",
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """
    Mean of bias frames, cleaned of cosmic rays: the :term:`master bias` for ``bias=`` of `dark_rate`.

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
    UserWarning
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
    frames = as_frames(biases, "biases")
    scale = known_gain(gain, frames) if frames[0].unit == u.adu else 1.0
    told = frame_settings("read_noise", read_noise, frames, u.electron, READ_NOISE_KEYS, zero=True)
    the_biases = BiasFrames(frames, scale, execution)
    for index in outlying_frames(the_biases.levels):
        warnings.warn(
            f"{frames[index].label} sits {the_biases.levels[index]:+.1f} {frames[index].unit} from the other bias "
            "frames as a whole, as after a drift of the bias level: better leave it out",
            stacklevel=2,
        )
    the_biases.odd = []
    noise = the_biases.read_noise() if told is None else common_setting("read_noise", told, frames)
    result = the_biases.master(noise, execution, clip=clip, dtype=dtype)
    arguments = {"biases": biases, "gain": gain, "read_noise": read_noise, "clip": clip, "dtype": dtype.name}
    return logged(result, "DKBIAS", "master_bias", arguments, add_keyword)


class BiasFrames:
    """
    Bias frames of one camera.

    Parameters
    ----------
    frames : list
        The frames.
    scale : float
        Electrons per unit of the frames.
    execution : `ccdproc_darks._compute.workers.Execution`
        Whose threads work.

    Attributes
    ----------
    levels : `numpy.ndarray`
        How far each frame sits above the others, in the frames' unit.
    odd : list of int
        Indices of the frames whose level is not the others': left out of the master, where three others remain.
    """

    def __init__(self, frames, scale, execution=THREADS):
        self.frames, self.scale = frames, scale
        # The sensor's one level is taken out, so that what a hot pixel has above it counts as Poisson electrons.
        some = sample(frames[0], sample_blocks(frames[0].shape, _LEVEL_PIXELS)).data
        self._level = float(np.nanmedian(some.astype(float))) * scale
        self._reader = ElectronReader(scale, Bias(level=self._level), None)
        self.levels = np.zeros(len(frames))
        self.levels = frame_level_shifts(self._set(), self._reader, execution) / scale
        odd = outlying_frames(self.levels)
        self.odd = odd if len(frames) - len(odd) >= 3 else []

    def _set(self, leave_out=()):
        kept = [frame for index, frame in enumerate(self.frames) if index not in leave_out]
        shifts = np.delete(self.levels, leave_out) * self.scale
        return DarkSet(kept, 0.0, np.ones(len(kept)), level_shifts=shifts)

    def read_noise(self):
        """Read noise (electron) from the scatter of three frames or more, else None."""
        if len(self.frames) < 3:
            return None
        scatter = measure_scatter(self._set(), self._reader)
        return None if scatter is None else scatter_read_noise(scatter, self.scale, dark_electrons=0.0)

    def master(self, read_noise, execution=THREADS, *, clip=_CLIP, dtype=np.float32):
        """
        The mean of the frames, in their unit, as CCDData with NCOMBINE in its meta.

        Parameters
        ----------
        read_noise : float or None
            electron; None keeps cosmic rays, and gives no uncertainty.
        execution : `ccdproc_darks._compute.workers.Execution`, optional
            Who works.
        clip : float or None
            As of `dark_rate`.
        dtype : `numpy.dtype`
            Of the result.
        """
        dark_set = self._set(self.odd)
        shape, first = dark_set.frames[0].shape, dark_set.frames[0]
        data, deviation, mask = np.empty(shape, dtype), np.empty(shape, dtype), np.zeros(shape, dtype=bool)
        job = _BiasJob(dark_set, CountingSettings(self._reader, read_noise, clip), self._level)
        fill_images(job, [data, deviation, mask], execution)
        header = safe_header(
            first.header,
            {
                "NCOMBINE": (len(dark_set.frames), "number of frames"),
                "COMBINED": (True, "a master bias"),
                "DKRDNOI": (read_noise, "[electron] read noise of a frame"),
            },
        )
        return result_image(
            data, first.unit, header, mask=mask, deviation=None if read_noise is None else deviation, wcs=first.wcs
        )


@dataclass
class _BiasJob(BlockJob):
    """Makes the mean, its standard deviation (unit of the frames) and its mask; ``level`` (electron) was taken out."""

    dark_set: DarkSet
    settings: CountingSettings
    level: float

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return memory_of(self.dark_set.frames) + 8 * 12

    def for_rows(self, rows):
        """The job for some rows alone."""
        return replace(self, dark_set=self.dark_set.for_rows(rows), settings=self.settings.for_rows(rows))

    @contextmanager
    def open_files(self):
        """The job with its files open."""
        with self.dark_set.open_files() as dark_set:
            yield replace(self, dark_set=dark_set)

    def block(self, rows, out=None):
        """The fast pass: what is right for pixels that lost no frame."""
        quick = quick_mean_counts(self.dark_set, rows, self.settings)
        special, deferred = np.flatnonzero(quick.special), None
        if special.size:
            deferred = DeferredSamples(special, [quick.set_aside(special)])
        mean = self._mean(quick.counts)
        return Block([mean, np.broadcast_to(self._deviation(self.dark_set.combined.sum()), mean.shape), None], deferred)

    def exact(self, deferred):
        """The exact way: every sample that has to be left out is left out."""
        (pixels,) = deferred.sets
        found = exact_mean_counts(pixels, self.dark_set, self.settings)
        mean = np.where(found.usable, self._mean(found.counts), np.nan)
        return Block([mean, self._deviation(np.where(found.usable, found.frames, np.nan)), np.isnan(mean)])

    def _deviation(self, frames):
        return (self.settings.read_noise or 0.0) / self.settings.reader.scale / np.sqrt(frames)

    def _mean(self, counts):
        counts += self.level
        counts /= self.settings.reader.scale
        return counts
