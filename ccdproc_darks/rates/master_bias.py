# Licensed under a 3-clause BSD style license - see LICENSE
"""A master bias from bias frames, by the same steps as a dark rate."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.blocks import Block, BlockJob
from .._compute.workers import Execution, fill_images
from .._interface.arguments import checked_clip, checked_dtype, checked_flag
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header
from ..frames.belonging import check_biases
from ..frames.duplicates import distinct_frames
from ..frames.headers import READ_NOISE_KEYS, FrameSetting, common_setting, frame_settings, known_gain
from ..frames.inputs import Frames, as_frames
from ..frames.reading import Hdu, ImageSection, checked_reading
from ..frames.sections import warn_untrimmed
from .amplifiers import Amplifiers, measure_amplifiers
from .counts import CountingSettings, DeferredSamples, exact_mean_counts, memory_of, quick_mean_counts
from .dark_frames import DarkSet
from .frame_evidence import heed_bias_noise
from .frame_selection import FrameSelection, select_biases
from .lost_samples import warn_lost_samples
from .pixel_noise import PixelNoise, is_map

__all__ = ["master_bias"]

# Scatter of the samples below the median, over the read noise, from which on a pixel is noisier than the others.
_NOISIER = 1.5


def master_bias(
    biases: Frames,
    *,
    gain: FrameSetting = None,
    read_noise: FrameSetting | CCDData = None,
    clip: float | None = 5.0,
    hdu: Hdu = None,
    unit: str | u.UnitBase | None = None,
    overscan: ImageSection = None,
    trim: ImageSection = None,
    amplifiers: Amplifiers = None,
    check_headers: bool = True,
    dtype: npt.DTypeLike = "float32",
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """Mean of bias frames, cleaned of cosmic rays: the :term:`master bias` for ``bias=`` of `dark_rate`.

    Parameters
    ----------
    biases : sequence of `~astropy.nddata.CCDData` or paths, or `ccdproc.ImageFileCollection`
        Bias frames in adu or electron, none of them combined, shape (rows, columns).
    gain : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Gain (electron/adu), or the header key that holds it, as in `dark_rate`.
    read_noise : `~astropy.units.Quantity`, `ccdproc.Keyword`, str or `~astropy.nddata.CCDData`, optional
        Read noise of one frame (electron), or a map of it, as in `dark_rate`: where pixels have telegraph read noise,
        one number takes only their jumps up for cosmic rays, and the mean is too low. None looks for RDNOISE; then
        measures the scatter of three frames or more; then keeps all samples, and gives no uncertainty. A read noise of
        a header that the scatter of the frames refutes is an error, one that is given as an argument a warning.
    hdu, unit, overscan, trim, amplifiers
        See `dark_rate`.
    check_headers : bool
        True: it is an error if headers tell that frames are no bias frames, or not of one camera, binning, region of
        the sensor and setting; or if the frames refute the read noise of headers. False takes them as they are.
    clip, dtype, mem_limit, executor
        See `dark_rate`.
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
        See `dark_rate`.
    ValueError
        If there is no frame, shapes differ, the gain is not known, headers tell that frames do not belong together, or
        the frames refute the read noise of headers.

    Warns
    -----
    ClippingWarning
        If values are cut off below, as where the bias level is too low; if negative ones have wrapped round; if all are
        within 0 and 1.
    DuplicateFrameWarning
        If frames have the same value in every pixel: they are one exposure, and counted once.
    FrameLevelWarning
        If the level of a frame differs from the others', as after a drift of the bias level.
    HeaderWarning
        If the exposure time of a frame is above a second; if a header tells of overscan or edges to trim, see
        `dark_rate`; if the frames let doubt the read noise of headers.
    LightWarning
        If frames have stars, see `dark_rate`.
    MissingInformationWarning
        If files have several detectors, and ``hdu`` is None.
    NoUsablePixelWarning
        If all pixels are masked.
    NoiseWarning
        If the frames refute a read noise that is given as a Quantity.

    See Also
    --------
    dark_rate : Takes the error of the bias from this uncertainty.
    ccdproc.combine : Combines frames in many more ways, and takes a hundred times as long.

    Notes
    -----
    Samples are rejected as in `dark_rate`; in a pixel that scatters more than the others, also below its median, as by
    telegraph read noise, by its own scatter there. Counts above the level of the sensor are taken for electrons, with
    their Poisson noise: a hot pixel collects some even in a bias frame. The uncertainty is ``R / sqrt(N)``, R being the
    read noise and N the number of frames kept in the pixel.

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
    checked_log_entry(add_keyword)
    clip = checked_clip(clip)
    dtype = checked_dtype(dtype, ("float32", "float64"))
    arguments = {
        "biases": biases, "gain": gain, "read_noise": read_noise, "clip": clip, "hdu": hdu, "unit": unit,
        "overscan": overscan, "trim": trim, "amplifiers": amplifiers, "check_headers": check_headers,
        "dtype": dtype.name,
    }  # fmt: skip
    reading = checked_reading(hdu=hdu, unit=unit, overscan=overscan, trim=trim)
    if amplifiers is not None:
        result = measure_amplifiers(
            master_bias, as_frames(biases, "biases", reading), amplifiers, reading, gain=gain, read_noise=read_noise,
            clip=clip, check_headers=check_headers, dtype=dtype, mem_limit=mem_limit, executor=executor,
        )  # fmt: skip
        return logged(result, "DKBIAS", "master_bias", arguments, add_keyword)
    # The report passes the frames it has chosen, with levels measured on all frames.
    chosen = biases if isinstance(biases, FrameSelection) else None
    frames = as_frames(biases, "biases", reading) if chosen is None else chosen.dark_set.frames
    scale = known_gain(gain, frames) if frames[0].unit == u.adu else 1.0
    checked_flag("check_headers", check_headers)
    pixel_noise = None
    if is_map(read_noise):
        pixel_noise = PixelNoise.of_frames(
            read_noise, frames, gain_of_header=gain is None, check_headers=check_headers
        ).for_rejection(clip)
        noise = pixel_noise.typical
    else:
        told = frame_settings("read_noise", read_noise, frames, u.electron, READ_NOISE_KEYS, zero=True)
        noise = common_setting("read_noise", told, frames)
    # Of darks, the noise says nothing of what is told.
    are_biases = not check_headers or check_biases(frames)
    if chosen is None:
        if check_headers:
            warn_untrimmed(frames, reading)
        frames = [frames[index] for index in distinct_frames(frames)]
    selection = chosen or select_biases(frames, scale, execution)
    selection.warn("bias frames")
    heed_bias_noise(frames, scale, noise if are_biases else None, read_noise, check_headers)
    noise = selection.read_noise() if noise is None else noise
    shape, first = frames[0].shape, frames[0]
    data, deviation, mask = np.empty(shape, dtype), np.empty(shape, dtype), np.zeros(shape, dtype=bool)
    job = _BiasJob(selection.dark_set, CountingSettings(selection.reader, noise, clip, pixel_noise))
    fill_images(job, [data, deviation, mask], execution)
    if mask.all():
        warn_lost_samples([selection.dark_set], selection.reader, "no pixel has a sample that can be used")
    entries = {
        "NCOMBINE": (len(frames), "number of frames"),
        "COMBINED": (True, "a master bias"),
        "DKRDNOI": (noise, "[electron] read noise of a frame"),
    }
    header, deviation = safe_header(first.header, entries), None if noise is None else deviation
    result = result_image(data, first.unit, header, mask=mask, deviation=deviation, wcs=first.wcs)
    return logged(result, "DKBIAS", "master_bias", arguments, add_keyword)


@dataclass
class _BiasJob(BlockJob):
    """Mean of the frames, its standard deviation (both in the frames' unit), and its mask."""

    dark_set: DarkSet
    settings: CountingSettings

    def memory(self):
        return memory_of(self.dark_set.frames) + 8 * 12

    def for_rows(self, rows):
        return replace(self, dark_set=self.dark_set.for_rows(rows), settings=self.settings.for_rows(rows))

    @contextmanager
    def open_files(self):
        with self.dark_set.open_files() as dark_set:
            yield replace(self, dark_set=dark_set)

    def block(self, rows, out=None):
        quick = quick_mean_counts(self.dark_set, rows, self.settings)
        special, deferred = np.flatnonzero(quick.special), None
        if special.size:
            deferred = DeferredSamples(special, [quick.set_aside(special)])
        mean, noise = self._mean(quick.counts), self.settings.read_noise
        if self.settings.pixel_noise is not None:
            noise = np.sqrt(self.settings.pixel_noise.rows(rows)[1].ravel())
        deviation = self._deviation(noise, self.dark_set.combined.sum())
        return Block([mean, np.broadcast_to(deviation, mean.shape), None], deferred)

    def exact(self, deferred):
        (pixels,) = deferred.sets
        read_noise, noise = self.settings.read_noise, self.settings.noise_of(deferred.pixels)
        if noise is None and read_noise is not None:
            noise = read_noise, self._noise_of_samples(pixels, read_noise)
        found = exact_mean_counts(pixels, self.dark_set, self.settings, noise)
        mean = np.where(found.usable, self._mean(found.counts), np.nan)
        frames = np.where(found.usable, found.frames, np.nan)
        return Block(
            [mean, self._deviation(self.settings.read_noise if noise is None else noise[0], frames), np.isnan(mean)]
        )

    def _noise_of_samples(self, pixels, noise):
        """Read noise (electron) by which a sample of each pixel is rejected: the sensor's, or the pixel's own.

        Cosmic rays only raise samples: where those below the median scatter far more than the read noise, so do those
        above it, as of telegraph read noise. To reject these alone would leave a mean that is too low. Of an even
        number of samples the median is the lower of the two in the middle: the upper of two may be the ray.
        """
        own = np.full(pixels.special.size, noise)
        samples = pixels.samples * self.settings.reader.scale - self.dark_set.level_shifts[:, None]
        if pixels.bad is not None:
            samples[pixels.bad] = np.nan
        # Samples that are not a number come last.
        samples[~np.isfinite(samples)] = np.nan
        samples.sort(axis=0)
        half = np.maximum(np.isfinite(samples).sum(axis=0) - 1, 0) // 2
        below = np.where(np.arange(len(samples))[:, None] < half, samples[half, np.arange(half.size)] - samples, 0.0)
        scatter = np.sqrt(np.square(below).sum(axis=0) / np.maximum(half, 1))
        own[pixels.special] = np.where(scatter > _NOISIER * noise, scatter, noise)
        return own

    def _deviation(self, noise, frames):
        return (0.0 if noise is None else noise) / self.settings.reader.scale / np.sqrt(frames)

    def _mean(self, counts):
        counts += self.settings.reader.bias.level
        counts /= self.settings.reader.scale
        return counts
