# Licensed under a 3-clause BSD style license - see LICENSE
"""The dark rate of every pixel."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.blocks import sample_blocks
from .._compute.workers import Execution, fill_images
from .._interface.arguments import ELECTRON_PER_SECOND, checked_choice, checked_dtype, checked_number
from .._interface.results import LogEntry, logged, result_image, safe_header
from .._interface.warnings import BiasWarning, MissingInformationWarning, warn
from ..frames.duplicates import distinct_frames
from ..frames.headers import (
    SATURATION_KEYS,
    FrameSetting,
    common_setting,
    equal_exposures,
    exposures,
    frame_settings,
    known_gain,
)
from ..frames.inputs import Frames, as_frames
from ..statistics.rate_distribution import sensor_rate_distribution
from .bias import Bias, as_bias, combined_number
from .counts import CountingSettings
from .dark_frames import DarkSet, ElectronReader
from .frame_selection import FrameSelection, mean_temperature, warn_temperatures
from .rate_images import RateMeta
from .rate_job import RateJob
from .read_noise import given_noise, measured_noise

__all__ = ["PreparedDarks", "dark_rate", "prepare_darks"]

# Fewest pixels for a typical value; rows, and columns, that are enough to find its sign.
_TYPICAL_PIXELS, _FEW = 100, 200
# Pixels that are enough for the distribution of rates.
_SAMPLE = 2**16


def dark_rate(
    darks: Frames,
    *,
    gain: FrameSetting = None,
    read_noise: FrameSetting = None,
    bias: CCDData | str | os.PathLike[str] | u.Quantity | None = None,
    exposure: FrameSetting = None,
    saturation: FrameSetting = None,
    n_combined: int | None = None,
    clip: float | None = 5.0,
    offset: Literal["pixel"] | None = None,
    dtype: npt.DTypeLike = "float32",
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """Dark rate of every pixel, with its uncertainty.

    With one exposure time, the rate is that of the mean of the frames; with several, it is a fit of counts proportional
    to exposure time.

    Parameters
    ----------
    darks : `~astropy.nddata.CCDData`, path, sequence of these, or `ccdproc.ImageFileCollection`
        Dark frames in adu or electron, all of one shape, (rows, columns). One CCDData may already be a
        combined dark. A FITS file without BUNIT is in adu.
    gain : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Gain (electron/adu), or the header key that holds it. None looks for EGAIN. Not needed for frames in electron.
    read_noise : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        :term:`Read noise` of one frame (electron) *as measured on digitised frames*, so that it includes the
        quantisation noise. None looks for RDNOISE; then takes the frames' own uncertainties; then estimates it
        from the scatter of three equal exposures or more; then takes the noise of the bias frames, where ``bias`` is a
        result of `ccdproc.combine` with NCOMBINE; then gives no uncertainty, and warns.
    bias : `~astropy.nddata.CCDData`, path or `~astropy.units.Quantity`, optional
        :term:`Master bias`, or bias level (adu or electron). None: the frames are already bias-subtracted.
    exposure : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Exposure time of the frames (one, or one a frame). None looks for EXPTIME, then EXPOSURE.
    saturation : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Level (adu or electron) from which a sample of the given frames is saturated; it includes the bias, if that is
        still in them. None looks for SATURATE. Unsigned integers at their highest value are always saturated.
    n_combined : int, optional
        Number of exposures that each frame is the mean of. None: NCOMBINE in its meta, else 1.
    clip : float or None
        Sigmas above which a sample is rejected as a cosmic ray: the normal deviate that is as unlikely as so high a
        sample among equal exposures, by read noise and Poisson statistics. None keeps all.
    offset : {None, "pixel"}
        ``"pixel"`` gives every pixel an unknown offset, for frames without a bias: the rate is then the slope over two
        exposure times or more.
    dtype : {"float32", "float64"}
        Precision of the result. Sums are always accumulated in float64.
    mem_limit : `~astropy.units.Quantity` or int, optional
        Bytes by which the memory of this process may grow beyond the result. None: some tens of megabytes for each
        thread, whatever the number of frames.
    executor : `concurrent.futures.Executor`, optional
        A pool of threads or processes, ``dask.distributed.Client.get_executor()``, or
        ``mpi4py.futures.MPIPoolExecutor()``. Workers read their rows of the files themselves. None: a thread for each
        core. The result is the same, bit by bit.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKRATE where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Rate (electron/s) of shape (rows, columns), with `~astropy.nddata.StdDevUncertainty`. ``mask`` is True where
        there is no usable sample. Where every sample is saturated, the value is the :term:`lower limit` and the
        uncertainty NaN; any other masked pixel is NaN in both. ``meta`` is the first frame's with what a later step
        needs: DKEXPMIN, DKEXPMAX, DKNEXP, DKTOTAL (exposure times), NCOMBINE (frames), DKGAIN, DKRDNOI, DKNOISE (read
        noise and its source), DKBIASER, DKBIASID (error and checksum of the bias), DKSATUR, DKTEMP, DKLOST (pixels that
        lost some of their frames), DKVERS.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind or lacks a unit.
    astropy.units.UnitsError
        If a unit is wrong.
    ValueError
        If something needed is missing, negative, zero or not finite, if frames do not fit together, or if
        ``mem_limit`` is too small for a few rows of them.
    OSError
        If a file is absent, empty, truncated or not FITS.

    Warns
    -----
    BiasWarning
        If frames look raw and no bias is given; if a bias seems to be still in them, or subtracted twice.
    DuplicateFrameWarning
        If frames have the same value in every pixel: they are one exposure, and counted once.
    FrameLevelWarning
        If the level of a frame differs from that of equal frames, as after a drift of the bias level.
    MissingInformationWarning
        If the read noise is unknown, so that there is no uncertainty; if the number of exposures in a combined frame or
        bias is unknown; if the error of the bias is unknown.
    NoiseWarning
        If equal frames scatter by much more than their own uncertainties.
    TemperatureWarning
        If the frames were taken at different sensor temperatures.

    See Also
    --------
    compare_dark_rates : Whether the rate is the same at every exposure time.
    hot_pixel_mask : Which pixels are hot, and which must not be used.

    Notes
    -----
    A frame of exposure time t, in a pixel of rate d, has the variance ``V = d t + R**2`` (electron^2), R being the read
    noise. The rate from N such frames, after the subtraction of a bias of error ``s_b`` (electron), has the variance
    ``Var(d) = (V / N + s_b**2) / t**2`` (EMVA Standard 1288, release 4.0, section 2; Howell, Handbook of CCD Astronomy,
    section 4.4). The variance reported uses ``max(d, 0)``. Several exposure times are fitted by generalised least
    squares with the covariance ``diag(V_i / N_i) + s_b**2``. Its V_i come from the fitted counts; where these are
    mostly noise, from the mean rate of the pixels with equal counts.

    The error of a master bias is one number for the sensor: the robust mean of its uncertainty where it has one, else
    ``R / sqrt(NCOMBINE)``. The uncertainty by `ccdproc.combine` is scatter / sqrt(N) with ddof 0; it is corrected for
    ddof where NCOMBINE tells N.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=1000 * u.adu)
    >>> darks = [simulate_dark((100, 100), exposure=1000 * u.s, rng=seed, **camera) for seed in range(10)]
    >>> rate = dark_rate(darks, bias=1000 * u.adu)
    >>> print(f"{rate.data.mean():.3f} {rate.unit}")
    0.010 electron / s
    >>> print(f"{rate.uncertainty.array.mean():.4f}")
    0.0033
    """
    execution = Execution(executor, mem_limit)
    checked_choice("offset", offset, (None, "pixel"))
    if clip is not None:
        clip = checked_number("clip", clip)
    dtype = checked_dtype(dtype, ("float32", "float64"))
    prepared = prepare_darks(
        darks, gain=gain, read_noise=read_noise, bias=bias, exposure=exposure, saturation=saturation,
        n_combined=n_combined, offset=offset, execution=execution,
    )  # fmt: skip
    frames, dark_sets, source, shape = prepared.frames, prepared.dark_sets, prepared.source, prepared.shape
    job = RateJob(
        dark_sets, CountingSettings(prepared.reader, prepared.noise, clip), prepared.bias_error,
        free_offset=offset == "pixel", dtype=dtype,
    )  # fmt: skip
    job.rate_distribution = _rate_distribution(job)
    data, deviation, mask = np.empty(shape, dtype), np.empty(shape, dtype), np.zeros(shape, dtype=bool)
    incomplete = fill_images(job, [data, deviation, mask], execution)
    if source == "none":
        warn(
            "no read noise (argument or RDNOISE in the header), no uncertainty of the frames, and fewer than three "
            "frames of one exposure time to estimate it from: the result has no uncertainty",
            MissingInformationWarning,
        )
    else:
        _warn_sign(data, deviation)

    header = safe_header(
        frames[0].header,
        RateMeta(
            shortest=dark_sets[0].seconds,
            longest=dark_sets[-1].seconds,
            exposures=len(dark_sets),
            total=float(sum(dark_set.seconds * dark_set.combined.sum() for dark_set in dark_sets)),
            frames=int(sum(dark_set.combined.sum() for dark_set in dark_sets)),
            bias_error=prepared.bias_error,
            bias_identity=prepared.bias.identity,
            gain=prepared.gain,
            read_noise=prepared.noise,
            noise_source=source,
            saturation=prepared.saturation,
            temperature=mean_temperature(frames),
            offset=offset or "none",
            incomplete=incomplete,
        ).entries(),
    )
    known = None if source == "none" else deviation
    result = result_image(data, ELECTRON_PER_SECOND, header, mask=mask, deviation=known, wcs=frames[0].wcs)
    arguments = {
        "darks": darks, "gain": gain, "read_noise": read_noise, "bias": bias, "exposure": exposure,
        "saturation": saturation, "n_combined": n_combined, "clip": clip, "offset": offset, "dtype": dtype.name,
    }  # fmt: skip
    return logged(result, "DKRATE", "dark_rate", arguments, add_keyword)


def _rate_distribution(job):
    """`RateDistribution` for the weights of a `RateJob`; None with one exposure time or without a read noise."""
    if len(job.dark_sets) == 1 or job.settings.read_noise is None:
        return None
    counts = job.sample_of_counts(sample_blocks(job.dark_sets[0].frames[0].shape, _SAMPLE))
    offsets = np.zeros(len(job.dark_sets))
    return sensor_rate_distribution([counts], job.seconds, job.numbers, job.shared, offsets, job.free_offset)


def _warn_sign(data, deviation):
    """Warn if the typical rate is far below zero: the bias was subtracted twice, or is the wrong one."""
    if data.size < _TYPICAL_PIXELS:
        return
    few = tuple(slice(None, None, 1 + number // _FEW) for number in data.shape)
    rate, sigma = (image[few][np.isfinite(image[few])] for image in (data, deviation))
    if rate.size and sigma.size and np.median(rate) < -5 * np.median(sigma) < 0:
        warn(
            f"the median rate is {np.median(rate):.4g} electron/s, far below zero: was the bias subtracted twice, or "
            "is it another camera's?",
            BiasWarning,
        )


@dataclass
class PreparedDarks:
    """Dark frames with their settings.

    Attributes
    ----------
    frames : list
        All frames.
    dark_sets : list of `ccdproc_darks.rates.dark_frames.DarkSet`
        The frames by exposure time, the shortest first.
    reader : `ccdproc_darks.rates.dark_frames.ElectronReader`
        Reads rows of a set as electrons.
    bias : `ccdproc_darks.rates.bias.Bias`
        Bias that the reader subtracts.
    bias_error : float
        Error of the bias (electron).
    noise : float or None
        Read noise of a frame (electron).
    source : str
        Source of the noise, see `ccdproc_darks.rates.rate_images.RateMeta`.
    gain, saturation : float or None
        Gain (electron/adu); saturation level (the frames' unit).
    """

    frames: list
    dark_sets: list
    reader: ElectronReader
    bias: Bias
    bias_error: float
    noise: float | None
    source: str
    gain: float | None
    saturation: float | None

    @property
    def shape(self):
        """Rows and columns."""
        return self.frames[0].shape


def prepare_darks(darks, *, gain, read_noise, bias, exposure, saturation, n_combined, offset, execution):
    """`PreparedDarks` from the arguments of `dark_rate`; threads of the `Execution` read samples of them."""
    frames = as_frames(darks)
    gain = known_gain(gain, frames)
    saturation = _saturation(saturation, frames, gain)
    seconds, combined = exposures(exposure, frames), _combined(n_combined, frames)
    noise, source = given_noise(read_noise, frames)
    kept = distinct_frames(frames, seconds, combined)
    frames, seconds, combined = ([each[index] for index in kept] for each in (frames, seconds, combined))
    dark_sets = _dark_sets(frames, seconds, combined)
    if offset == "pixel" and len(dark_sets) < 2:
        raise ValueError(
            f"offset='pixel' needs frames of two exposure times or more, got only {dark_sets[0].seconds:g} s"
        )
    the_bias = Bias() if offset == "pixel" and bias is None else as_bias(bias, frames, gain)
    warn_temperatures(frames)
    scale = gain if frames[0].unit == u.adu else 1.0
    reader = ElectronReader(scale, the_bias, saturation, own_noise=source == "uncertainty")
    for dark_set in dark_sets:
        selection = FrameSelection.of(dark_set, reader, execution)
        selection.warn(f"frames of {dark_set.seconds:g} s", ", and shifts all rates")
    if source in ("none", "uncertainty"):
        noise, source = measured_noise(dark_sets, reader, source, offset)
        reader.own_noise = source == "uncertainty"
    error = the_bias.error(noise)
    return PreparedDarks(frames, dark_sets, reader, the_bias, error, noise, source, gain, saturation)


def _saturation(saturation, frames, gain):
    """Saturation level in the frames' unit, or None."""
    unit, dtype = frames[0].unit, frames[0].dtype
    convert = [(u.adu, u.electron, lambda x: x * gain, lambda x: x / gain)] if gain else []
    # A header's SATURATE is in adu; frames in electron of unknown gain cannot be compared with it.
    keys = SATURATION_KEYS if unit == u.adu or gain else ()
    levels = frame_settings("saturation", saturation, frames, unit, keys, header_unit=u.adu, equivalencies=convert)
    level = common_setting("saturation", levels, frames)
    if dtype.kind == "u":
        top = float(np.iinfo(dtype).max)
        level = top if level is None else min(level, top)
    return level


def _combined(n_combined, frames):
    if n_combined is None:
        return [combined_number(frame, "n_combined") for frame in frames]
    number = checked_number("n_combined", n_combined)
    if number < 1 or number != int(number):
        raise ValueError(f"n_combined must be a whole number from 1, got {n_combined!r}")
    return [int(number)] * len(frames)


def _dark_sets(frames, seconds, combined):
    """Frames by exposure time, the shortest first."""
    return [
        DarkSet(
            [frames[index] for index in group],
            float(np.mean([seconds[index] for index in group])),
            np.array([combined[index] for index in group], dtype=float),
        )
        for group in equal_exposures(seconds)
    ]
