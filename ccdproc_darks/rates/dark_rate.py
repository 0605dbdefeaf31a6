# Licensed under a 3-clause BSD style license - see LICENSE
"""The dark rate of every pixel."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from typing import Literal

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.blocks import sample_blocks
from .._compute.workers import Execution, fill_images
from .._interface.arguments import ELECTRON_PER_SECOND, checked_choice, checked_clip, checked_dtype
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header
from .._interface.warnings import BiasWarning, MissingInformationWarning, warn
from ..frames.headers import FrameSetting
from ..frames.inputs import Frames, as_frames
from ..frames.reading import Hdu, ImageSection, checked_reading
from ..statistics.rate_distribution import sensor_rate_distribution
from .amplifiers import Amplifiers, measure_amplifiers
from .counts import CountingSettings
from .lost_samples import warn_lost_samples
from .own_map import with_own_map
from .pixel_noise import noise_cards
from .prepared_darks import prepare_darks
from .rate_job import RateJob
from .rate_meta import RateMeta
from .typical_rate import level_error

__all__ = ["dark_rate"]

# Fewest pixels for a typical value; rows, and columns, that are enough to find its sign.
_TYPICAL_PIXELS, _FEW = 100, 200
# Pixels that are enough for the distribution of rates.
_SAMPLE = 2**16


def dark_rate(
    darks: Frames,
    *,
    gain: FrameSetting = None,
    read_noise: FrameSetting | CCDData = None,
    bias: CCDData | str | os.PathLike[str] | u.Quantity | None = None,
    exposure: FrameSetting = None,
    saturation: FrameSetting = None,
    n_combined: int | None = None,
    clip: float | None = 5.0,
    offset: Literal["pixel"] | None = None,
    optical_black: u.Quantity | None = None,
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
        Where no header tells it, `measure_gain` finds it from the frames. A gain of a header that the frames refute is
        an error, one that is given as a Quantity a warning.
    read_noise : `~astropy.units.Quantity`, `ccdproc.Keyword`, str or `~astropy.nddata.CCDData`, optional
        :term:`Read noise` of one frame (electron) *as measured on digitised frames*, so that it includes the
        quantisation noise. Or that of each pixel, as of CMOS sensors: the result of `read_noise_map`, or any image in
        electron, whose uncertainty is the standard error of the read noise (none: it is exact); masked pixels have that
        of the sensor. A map of the shape of the raw frames is trimmed as they are. None looks for RDNOISE; then takes
        the frames' own uncertainties; then estimates it from the scatter of three equal exposures or more; then takes
        the noise of the bias frames, where ``bias`` is a result of `ccdproc.combine` with NCOMBINE; then gives no
        uncertainty, and warns. A read noise of a header that the scatter of equal frames refutes is an error, one that
        is given as an argument a warning. Where twenty equal darks or more show that pixels differ, the map is made of
        them, unless a Quantity is given.
    bias : `~astropy.nddata.CCDData`, path or `~astropy.units.Quantity`, optional
        :term:`Master bias`, or bias level, in adu or electron, whatever the unit of the frames is: the gain converts
        it. None: the frames are already bias-subtracted. With ``overscan``, a master bias is one without its overscan,
        too, or as large as the raw frames, and then loses it as they do.
    exposure : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Exposure time of the frames (one, or one a frame). None looks for EXPTIME, EXPOSURE, and keys of single cameras.
        A unit in the comment of the card, as in ``[ms] exposure time``, is read; without one it is s.
    saturation : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Level (adu or electron) from which a sample of the given frames is saturated; it includes bias and overscan, if
        they are still in them. None looks for SATURATE; then takes the level at which the frames show that pixels
        saturate, by the ADC or by a full well below it; then none. A level found below the one that is told is used
        instead, with a warning. Unsigned integers at their highest value are always saturated: 65535, or 65520 where 12
        bits are shifted into 16.
    n_combined : int, optional
        Number of exposures that each frame is the mean of. None: NCOMBINE in its meta, else 1.
    clip : float or None
        Sigmas above which a sample is rejected as a cosmic ray: the normal deviate that is as unlikely as so high a
        sample among equal exposures, by read noise and Poisson statistics; 2 or more. None keeps all.
    offset : {None, "pixel"}
        ``"pixel"`` gives every pixel an unknown offset, for frames without a bias: the rate is then the slope over two
        exposure times or more.
    optical_black : `~astropy.units.Quantity`, optional
        Dark rate of a typical pixel (electron/s), of a camera that subtracts its own :term:`optical black`: levels are
        shifted so that the typical pixel has it. None: the rate that the variance of equal frames shows, with a
        warning, where they show that the optical black is subtracted; 0 electron/s leaves levels as they are.
    hdu : int, str or tuple, optional
        Image in files of several, of darks and bias: the number of an HDU, its EXTNAME, or a pair of EXTNAME and
        EXTVER. None: the first 2-D image.
    unit : "adu", "electron" or `~astropy.units.Unit`, optional
        Unit of darks in files, whatever their BUNIT is; and of a master bias in a file whose BUNIT is neither. None:
        BUNIT, else adu.
    overscan : str or `ccdproc.Keyword`, optional
        Overscan of raw frames: a FITS section such as ``"[1:32, :]"``, or the header key that has it, such as
        ``"BIASSEC"``. Its mean in each row (of an overscan of rows: in each column) is taken off, as by
        `ccdproc.subtract_overscan`. The bias level goes with it, but not a pattern, which needs ``bias``. Give
        ``trim`` with it.
    trim : str or `ccdproc.Keyword`, optional
        Part of the image that is measured, as by `ccdproc.trim_image`: a FITS section such as ``"[33:544, 1:512]"``, or
        a header key such as ``"TRIMSEC"``. None: all of it.
    amplifiers : sequence of `Amplifier` or str, optional
        Amplifiers, or FITS sections, that read a part of the image each, with gains and read noises of their own: each
        is measured by itself, and the result is one image. Pixels of none are masked.
    check_headers : bool
        True: it is an error if headers tell that frames and bias do not belong together, by camera, binning, region of
        the sensor, setting, type of frame, or the exposure time of the bias; or if the frames refute the gain or read
        noise of headers. False takes them, and a saturation level that is told, as they are.
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
        noise and its source), DKBIASER, DKBIASID (error and checksum of the bias), DKSATUR, DKSATSRC (saturation level
        and its source: 'argument', 'header', 'ADC' or 'found'), DKSATUNI ('electron' where that level is not in adu),
        DKTEMP, DKLOST (pixels that lost some of their frames),
        DKLEVERR (error of the level, which all pixels have in common, electron), DKRNNUM (darks of which the map of
        read noise was made, where none was given),
        DKBLACK (``optical_black``, where it was added; electron/s), DKVERS. With ``amplifiers``, DKAMPS is their number
        and DKASECA, DKASECB... their sections; DKGAIN, DKRDNOI and DKBIASER are the means of DKGAINA, DKRDNA, DKBIASA
        and so on.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind or lacks a unit.
    astropy.units.UnitsError
        If a unit is wrong.
    ValueError
        If something needed is missing, negative, zero or not finite, if frames do not fit together, if headers tell
        that they do not belong together or contradict themselves, if the frames refute headers or have two gains, if
        the bias is one of the darks, or if ``mem_limit`` is too small for a few rows of them.
    OSError
        If a file is absent, empty, truncated or not FITS.

    Warns
    -----
    BiasWarning
        If frames look raw and no bias is given; if a bias seems to be still in them, or subtracted twice, or a header
        says that it is subtracted already; if it lies at another level than darks of two exposure times or more do at
        zero exposure; if the camera seems to subtract its own :term:`optical black`.
    ClippingWarning
        If values are cut off below, as where the bias level is too low; if negative ones have wrapped round; if all are
        within 0 and 1; if ``saturation`` is above the level at which pixels saturate.
    DuplicateFrameWarning
        If frames have the same value in every pixel: they are one exposure, and counted once.
    FrameLevelWarning
        If the level of a frame differs from that of equal frames, as after a drift of the bias level.
    HeaderWarning
        If a header tells of overscan or edges to trim, and neither ``overscan`` nor ``trim`` is given; if EXPTIME is
        above a day, or a tenth of it had not passed when the next exposure began, by DATE-OBS; if the exposure time of
        a bias is above 1 % of the shortest dark's (above 10 % it is an error); if the frames let doubt the gain or the
        read noise of headers; if the digits have steps of more than 1, as of 12 bits in 16, and EGAIN may be per step
        of the ADC; if SATURATE is above the level at which pixels saturate, or less than a third of what pixels read.
    LightWarning
        If light seems to have fallen on frames: two frames or more of one exposure time have stars in common, or look
        like flats; or one of three or more has stars, and a higher level.
    MissingInformationWarning
        If the read noise is unknown, so that there is no uncertainty; if the number of exposures in a combined frame or
        bias is unknown (its pixels may tell it); if the error of the bias is unknown; if files have several detectors,
        and ``hdu`` is None.
    NoUsablePixelWarning
        If all pixels are masked; the samples that are not finite, masked and saturated are counted.
    NoiseWarning
        If equal frames scatter by much more than their own uncertainties; if the frames refute a gain or read noise
        that is given as a Quantity; if read noise differs from pixel to pixel, so that one will not do, and the frames
        are too few, or have too many dark electrons, to tell that of each; if a map of read noise is not of this
        sensor: pixels that it calls noisy do not scatter more in four equal darks or more.
    TemperatureWarning
        If the frames, or frames and bias, were taken at different sensor temperatures.

    See Also
    --------
    compare_dark_rates : Whether the rate is the same at every exposure time.
    hot_pixel_mask : Which pixels are hot, and which must not be used.
    master_dark : The dark of any exposure time, from rates.
    as_dark_rate : Makes a rate of your own one of these.

    Notes
    -----
    A rate is no dark: `ccdproc.subtract_dark` and ``ccdproc.ccd_process(dark_frame=...)`` want counts, and fail with a
    KeyError ('EXPTIME') or a UnitsError. Give them ``master_dark(rate, exposure=...)``.

    A frame of exposure time t, in a pixel of rate d, has the variance ``V = d t + R**2`` (electron^2), R being the read
    noise. The rate from N such frames, after the subtraction of a bias of error ``s_b`` (electron), has the variance
    ``Var(d) = (V / N + s_b**2) / t**2`` (EMVA Standard 1288, release 4.0, section 2; Howell, Handbook of CCD Astronomy,
    section 4.4). The variance reported uses ``max(d, 0)``. Several exposure times are fitted by generalised least
    squares with the covariance ``diag(V_i / N_i) + s_b**2``. Its V_i come from the fitted counts; where these are
    mostly noise, from the mean rate of the pixels with equal counts.

    The mean of n columns of :term:`overscan`, taken off a row, adds ``R**2 / n`` to the variance of each of its pixels.
    A read noise from the scatter of frames includes that; one that is given does not.

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
    checked_log_entry(add_keyword)
    checked_choice("offset", offset, (None, "pixel"))
    clip = checked_clip(clip)
    dtype = checked_dtype(dtype, ("float32", "float64"))
    reading = checked_reading(hdu=hdu, unit=unit, overscan=overscan, trim=trim)
    arguments = {
        "darks": darks, "gain": gain, "read_noise": read_noise, "bias": bias, "exposure": exposure,
        "saturation": saturation, "n_combined": n_combined, "clip": clip, "offset": offset,
        "optical_black": optical_black, "hdu": hdu, "unit": unit, "overscan": overscan,
        "trim": trim, "amplifiers": amplifiers, "check_headers": check_headers,
        "dtype": dtype.name,
    }  # fmt: skip
    if amplifiers is not None:
        result = measure_amplifiers(
            dark_rate, as_frames(darks, reading=reading), amplifiers, reading, gain=gain, read_noise=read_noise,
            bias=bias, exposure=exposure, saturation=saturation, n_combined=n_combined, clip=clip, offset=offset,
            optical_black=optical_black, check_headers=check_headers, dtype=dtype, mem_limit=mem_limit,
            executor=executor,
        )  # fmt: skip
        return logged(result, "DKRATE", "dark_rate", arguments, add_keyword)
    prepared = prepare_darks(
        darks, gain=gain, read_noise=read_noise, bias=bias, exposure=exposure, saturation=saturation,
        n_combined=n_combined, offset=offset, optical_black=optical_black, check_headers=check_headers,
        execution=execution, reading=reading,
    )  # fmt: skip
    prepared = with_own_map(prepared, read_noise, offset, execution)
    frames, dark_sets, source, shape = prepared.frames, prepared.dark_sets, prepared.source, prepared.shape
    noise = None if prepared.pixel_noise is None else prepared.pixel_noise.for_rejection(clip)
    settings = CountingSettings(prepared.reader, prepared.noise, clip, noise)
    job = RateJob(dark_sets, settings, prepared.bias_error, free_offset=offset == "pixel", dtype=dtype)
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
    if mask.all():
        warn_lost_samples(dark_sets, prepared.reader, "no pixel has a sample that can be used")

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
            saturation=prepared.saturation.level,
            saturation_source=prepared.saturation.source,
            saturation_unit="electron" if frames[0].unit == u.electron else "adu",
            temperature=prepared.temperature,
            offset=offset or "none",
            incomplete=incomplete,
            optical_black=prepared.optical_black,
            level_error=level_error(dark_sets, prepared.bias, free_offset=offset == "pixel"),
        ).entries()
        | {"DKRNNUM": (prepared.map_frames, "darks that the read noise map is from")}
        | ({} if noise is None else noise_cards(noise.distribution)),
    )
    known = None if source == "none" else deviation
    result = result_image(data, ELECTRON_PER_SECOND, header, mask=mask, deviation=known, wcs=frames[0].wcs)
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
