# Licensed under a 3-clause BSD style license - see LICENSE
"""The read noise of every pixel, from bias frames or from equal darks."""

from __future__ import annotations

import os
from concurrent.futures import Executor

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.workers import Execution, fill_images
from .._interface.arguments import checked_dtype, checked_flag, checked_number
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header
from .._interface.warnings import MissingInformationWarning, NoiseWarning, warn
from ..frames.belonging import check_biases
from ..frames.duplicates import distinct_frames
from ..frames.evidence.noise_spread import ENOUGH_FRAMES
from ..frames.headers import FrameSetting, check_one_exposure, known_gain
from ..frames.inputs import Frames, as_frames
from ..frames.reading import Hdu, ImageSection, checked_reading
from ..frames.sections import warn_untrimmed
from .amplifiers import Amplifiers, measure_amplifiers
from .bias import combined_number
from .frame_evidence import heed_bias_noise
from .frame_selection import select_biases
from .lost_samples import warn_lost_samples
from .pixel_noise import distribution_of, noise_cards, sampled
from .pixel_scatter import LEAST_SAMPLES, PixelScatterJob
from .prepared_darks import prepare_darks
from .read_noise import measure_scatter, scatter_read_noise

__all__ = ["map_of_darks", "read_noise_map"]

# Usual ``clip``.
_CLIP = 25.0
# Pixels that are enough for a typical scatter, to half a per cent; and for the median read noise.
_FEW, _TYPICAL = 2**15, 2**19
# Fewest frames that tell jumps from normal noise by the shape of a pixel's samples.
_FRAMES_OF_SHAPE = 10
# Lowest ``clip``: telegraph read noise jumps by up to some 15 times the read noise of the others.
_LEAST_CLIP = 10.0
# Largest part of the variance of a typical pixel that dark electrons, or the error of the bias, may have where the
# shape of its samples counts.
_MOST_DARK = 0.1
# Degrees of freedom of a read noise over those of bias frames, below which dark electrons make most of the noise.
_LEAST_DEGREES = 0.25


def read_noise_map(
    biases: Frames,
    *,
    gain: FrameSetting = None,
    bias: CCDData | str | os.PathLike[str] | u.Quantity | None = None,
    exposure: FrameSetting = None,
    saturation: FrameSetting = None,
    clip: float | None = _CLIP,
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
    """Read noise of every pixel, with its error, for ``read_noise=`` of `dark_rate`.

    On CMOS sensors each pixel has its own amplifier, and its own read noise. Give twenty bias frames or more; or, where
    there are few, equal darks and ``bias``.

    Parameters
    ----------
    biases : sequence of `~astropy.nddata.CCDData` or paths, or `ccdproc.ImageFileCollection`
        Bias frames in adu or electron, none of them combined, shape (rows, columns): three or more. With ``bias``,
        darks of one exposure time.
    gain : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Gain (electron/adu), or the header key that holds it, as in `dark_rate`.
    bias : `~astropy.nddata.CCDData`, path or `~astropy.units.Quantity`, optional
        None: the frames are bias frames. A :term:`master bias` of other frames, or a bias level (adu or electron): they
        are darks, and the Poisson variance of their dark electrons is taken off. Of a level, the pattern of the bias is
        taken for dark electrons: a pattern of some electrons leaves few degrees of freedom.
    exposure, saturation
        See `dark_rate`; only with ``bias``.
    clip : float, optional
        A sample that lies this many times the typical scatter above all others of its pixel is a cosmic ray, and is
        left out. None keeps all. A lower ``clip`` takes jumps of telegraph read noise for cosmic rays.
    hdu, unit, overscan, trim, amplifiers
        See `dark_rate`.
    check_headers : bool
        True: it is an error if headers tell that frames are no bias frames (or, with ``bias``, no darks), or not of one
        camera, binning, region of the sensor and setting. False takes them as they are.
    dtype, mem_limit, executor
        See `dark_rate`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKRNMAP where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Read noise (electron), quantisation noise included: the scatter of each pixel among its frames, shape (rows,
        columns). Its `~astropy.nddata.StdDevUncertainty` is the standard error. Masked, and NaN, where fewer than three
        samples are usable, or dark current drowns the read noise. ``meta`` has DKSTAT = "read noise", NCOMBINE
        (frames), DKRDNOI (median read noise, electron), DKRNFREE (degrees of freedom), DKRNSPR (spread of the pixels'
        read noise, a fraction of it, without the errors of the map), DKRNTEL (fraction of the pixels whose noise is
        mostly telegraph read noise; left out where fewer than ten frames, or darks of many electrons, do not tell),
        DKLOST (pixels that lost some of their frames), and the distribution of the read noise (DKRND00, DKRND01...).

    Raises
    ------
    TypeError, astropy.units.UnitsError, OSError
        See `dark_rate`.
    ValueError
        If there are fewer than three frames, or combined ones; if shapes differ, the gain is not known, headers tell
        that frames do not belong together, or darks have several exposure times.

    Warns
    -----
    BiasWarning
        Of darks: if the bias is subtracted already, or is another camera's, see `dark_rate`.
    ClippingWarning
        If values are cut off below, as where the bias level is too low; if negative ones have wrapped round; if all are
        within 0 and 1.
    DuplicateFrameWarning
        If frames have the same value in every pixel: they are one exposure, and counted once.
    FrameLevelWarning
        If the level of a frame differs from the others', as after a drift of the bias level.
    HeaderWarning
        If the exposure time of a frame is above a second; if a header tells of overscan or edges to trim, see
        `dark_rate`.
    LightWarning
        If frames have stars, see `dark_rate`.
    MissingInformationWarning
        If there are fewer than twenty frames; if files have several detectors, and ``hdu`` is None.
    NoUsablePixelWarning
        If all pixels are masked.
    NoiseWarning
        Of darks: if they scatter by much more than their own uncertainties; if their dark electrons make more noise
        than the reading.
    TemperatureWarning
        Of darks: if they, or they and the bias, were taken at different sensor temperatures.

    See Also
    --------
    dark_rate : Takes the map as ``read_noise``.
    master_bias : The mean of the same frames.

    Notes
    -----
    The read noise of a pixel is ``s``, with ``s^2 = sum (x - mean)^2 / (N - 1)`` over its N samples x, after the shifts
    of the level of whole frames are taken off. Its standard error is ``s / sqrt(2 nu)``, nu being the degrees of
    freedom, N - 1 of bias frames: 16 % of 20 frames, 10 % of 50. Of darks with d t dark electrons it is
    ``s^2 = sum (x - mean)^2 / (N - 1) - d t``, and nu is smaller, about ``(N - 1) (s^2 / (s^2 + d t))^2``. Functions
    that take the map know from the distribution over the sensor what read noise a pixel of such a scatter may have.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import read_noise_map, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=1000 * u.adu)
    >>> biases = [simulate_dark((100, 100), exposure=0 * u.s, rng=seed, **camera) for seed in range(20)]
    >>> noise = read_noise_map(biases)
    >>> print(f"{noise.meta['DKRDNOI']:.1f} {noise.unit}, to {noise.uncertainty.array.mean():.1f}")
    9.9 electron, to 1.6
    """
    execution = Execution(executor, mem_limit)
    checked_log_entry(add_keyword)
    clip = None if clip is None else _checked_clip(clip)
    dtype = checked_dtype(dtype, ("float32", "float64"))
    checked_flag("check_headers", check_headers)
    arguments = {
        "biases": biases, "gain": gain, "bias": bias, "exposure": exposure, "saturation": saturation, "clip": clip,
        "hdu": hdu, "unit": unit, "overscan": overscan, "trim": trim, "amplifiers": amplifiers,
        "check_headers": check_headers, "dtype": dtype.name,
    }  # fmt: skip
    reading = checked_reading(hdu=hdu, unit=unit, overscan=overscan, trim=trim)
    options = {"gain": gain, "bias": bias, "exposure": exposure, "saturation": saturation}
    if bias is None and not (exposure is None and saturation is None):
        name = "saturation" if exposure is None else "exposure"
        raise ValueError(f"{name} is of darks: pass bias too (a master bias, or its level), or leave out {name}")
    frames = as_frames(biases, "biases", reading)
    if amplifiers is not None:
        result = measure_amplifiers(
            read_noise_map, frames, amplifiers, reading, **options, clip=clip, check_headers=check_headers, dtype=dtype,
            mem_limit=mem_limit, executor=executor,
        )  # fmt: skip
        return logged(result, "DKRNMAP", "read_noise_map", arguments, add_keyword)
    _check_single(frames)
    job = _job_of_biases(frames, gain, check_headers, reading, execution) if bias is None else None
    job = job or _job_of_darks(frames, options, check_headers, reading, execution)
    frames, job.clip = job.dark_set.frames, clip
    if len(frames) < ENOUGH_FRAMES:
        warn(
            f"{len(frames)} frames tell the read noise of a pixel to {100 / np.sqrt(2 * (len(frames) - 1)):.0f} % "
            f"only, and hardly a rare jump of it: {ENOUGH_FRAMES} {'bias frames' if bias is None else 'darks'} or "
            "more are better",
            MissingInformationWarning,
        )
    result = _measured(job, dtype, execution)
    degrees = result.meta.get("DKRNFREE", np.inf)
    if bias is not None and degrees < _LEAST_DEGREES * (len(frames) - 1):
        warn(
            f"the Poisson noise of the dark electrons hides the read noise: {len(frames)} darks tell it no better than "
            f"{degrees + 1:.0f} bias frames would. Pass bias frames, or darks of a shorter exposure time",
            NoiseWarning,
        )
    return logged(result, "DKRNMAP", "read_noise_map", arguments, add_keyword)


def _checked_clip(clip):
    number = checked_number("clip", clip)
    if number < _LEAST_CLIP:
        raise ValueError(
            f"clip must be {_LEAST_CLIP:g} or more, or None to keep all samples, got {clip!r}: a lower one takes jumps "
            "of telegraph read noise for cosmic rays, and noisy pixels look quiet"
        )
    return number


def _check_single(frames):
    for frame in frames:
        number = combined_number(frame)
        if number > 1:
            raise ValueError(
                f"biases must be single frames, and NCOMBINE in the header of {frame.label} is {number}: a mean no "
                "longer shows how frames scatter"
            )


def _check_number(frames):
    if len(frames) < LEAST_SAMPLES:
        raise ValueError(
            f"biases must be {LEAST_SAMPLES} frames or more ({ENOUGH_FRAMES} or more are better), got {len(frames)}: "
            "fewer do not tell how a pixel scatters"
        )


def _job_of_biases(frames, gain, check_headers, reading, execution):
    scale = known_gain(gain, frames) if frames[0].unit == u.adu else 1.0
    if check_headers:
        try:
            check_biases(frames)
        except ValueError as error:
            raise ValueError(f"{error}. Of equal darks, pass bias too") from None
        warn_untrimmed(frames, reading)
    frames = [frames[index] for index in distinct_frames(frames)]
    _check_number(frames)
    selection = select_biases(frames, scale, execution)
    selection.warn("bias frames")
    heed_bias_noise(frames, scale, None, None, check_headers)
    dark_set, reader = selection.dark_set, selection.reader
    return PixelScatterJob(dark_set, reader, _typical(measure_scatter(dark_set, reader, _FEW), reader), None)


def _job_of_darks(frames, options, check_headers, reading, execution):
    prepared = prepare_darks(
        frames, **options, read_noise=None, n_combined=None, offset=None, check_headers=check_headers,
        execution=execution, reading=reading,
    )  # fmt: skip
    check_one_exposure([dark_set.seconds for dark_set in prepared.dark_sets])
    (dark_set,) = prepared.dark_sets
    _check_number(dark_set.frames)
    return _job_of_set(dark_set, prepared.reader, prepared.bias_error)


def map_of_darks(dark_set, reader, bias_error, execution):
    """`read_noise_map` of a `DarkSet` whose level shifts are known, of its ``reader`` and the error of the bias."""
    job = _job_of_set(dark_set, reader, bias_error)
    job.clip = _CLIP
    return _measured(job, np.dtype("float32"), execution)


def _job_of_set(dark_set, reader, bias_error):
    scatter = measure_scatter(dark_set, reader, _FEW)
    sigma = _typical(scatter, reader) if scatter is None else scatter_read_noise(scatter, reader.scale)
    if reader.bias.frame is None and scatter is not None:
        # Of one level for all pixels, the pattern of the bias is left in the counts that are taken for dark electrons.
        bias_error = np.hypot(bias_error, scatter.pattern)
    return PixelScatterJob(dark_set, reader, _typical(scatter, reader), None, (sigma, bias_error))


def _typical(scatter, reader):
    """Scatter of a typical pixel (electron), that of rounding at least."""
    return float(np.sqrt(max(0.0 if scatter is None else scatter.variance, reader.scale**2 / 12)))


def _measured(job, dtype, execution):
    """The map (CCDData) that a `PixelScatterJob` measures."""
    first = job.dark_set.frames[0]
    noise, error, kurtosis = np.empty(first.shape, dtype), np.empty(first.shape, dtype), np.empty(first.shape, "f4")
    mask = np.zeros(first.shape, dtype=bool)
    lost = fill_images(job, [noise, error, kurtosis, mask], execution.besides(kurtosis.nbytes))
    kurtosis = sampled(kurtosis)
    entries = {
        "DKSTAT": ("read noise", "read noise of each pixel"),
        "NCOMBINE": (len(job.dark_set.frames), "number of frames"),
        "DKGAIN": (None if first.unit == u.electron else job.reader.scale, "[electron/adu] gain used"),
        "DKLOST": (lost, "pixels that lost some of their frames"),
    }
    if mask.all():
        found = "that can be used" if job.dark_noise is None else "with more noise than that of their dark electrons"
        warn_lost_samples([job.dark_set], job.reader, f"no pixel has {LEAST_SAMPLES} samples {found}")
    else:
        # An odd step does not take the same columns of each row.
        some = slice(None, None, 1 if noise.size < 2 * _TYPICAL else noise.size // _TYPICAL | 1)
        known = noise.ravel()[some][~mask.ravel()[some]]
        middle = float(np.median(known if known.size else noise[~mask]))
        shows_shape = len(job.dark_set.frames) >= _FRAMES_OF_SHAPE
        if job.dark_noise is not None:
            sigma, bias_error = job.dark_noise
            shows_shape &= min(sigma**2, job.typical**2 - bias_error**2) > (1 - _MOST_DARK) * job.typical**2
        distribution = distribution_of(noise, error, kurtosis if shows_shape else None, len(job.dark_set.frames))
        entries |= {
            "DKRDNOI": (middle, "[electron] median read noise of the pixels"),
            "DKRNFREE": (distribution.degrees, "degrees of freedom of a read noise"),
            "DKRNSPR": (distribution.spread, "spread of the read noise, a fraction of it"),
            "DKRNTEL": (_telegraph_fraction(distribution) if shows_shape else None, "fraction of telegraph read noise"),
        } | noise_cards(distribution)
    header = safe_header(first.header, entries)
    return result_image(noise, u.electron, header, mask=mask, deviation=error, wcs=first.wcs)


def _telegraph_fraction(distribution):
    """Fraction of the pixels in which jumps make more than half of the noise: small ones are hardly told from none."""
    return float(distribution.jump_shares[distribution.jump_variances > 2].sum())
