# Licensed under a 3-clause BSD style license - see LICENSE
"""Gain and read noise of a camera, measured from its dark frames."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import GAIN_UNIT, checked_flag, checked_quantity
from .._interface.shown_object import ShownObject
from .._interface.warnings import MissingInformationWarning, warn
from ..frames.belonging import check_biases, check_darks
from ..frames.duplicates import distinct_frames
from ..frames.evidence.finding import WRONG, Told
from ..frames.evidence.frame_group import FrameGroup
from ..frames.evidence.photon_transfer import lack_of_gain, photon_transfer, several_gains
from ..frames.headers import SATURATION_KEYS, FrameSetting, common_setting, exposures, frame_settings
from ..frames.inputs import Frames, as_frames
from ..frames.reading import Hdu, ImageSection, checked_reading
from ..frames.sections import warn_untrimmed
from .bias import bias_frame, combined_number, combined_numbers

__all__ = ["MeasuredGain", "bias_of_group", "measure_gain"]

# Relative error of the gain above which more pixels are read, and how many.
_PRECISE, _MANY = 0.05, 2**20


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MeasuredGain(ShownObject):
    """Result of `measure_gain`.

    Attributes
    ----------
    gain, gain_error : `~astropy.units.Quantity`
        Gain (electron/adu) and its standard error.
    read_noise, read_noise_error : `~astropy.units.Quantity`
        :term:`Read noise` of one exposure (electron), quantisation noise included, and its standard error, to which
        that of the gain belongs. NaN where the level of the bias is not known.
    noise : `~astropy.units.Quantity`
        Noise of a typical pixel (electron); the read noise is not higher. It includes dark current where there are no
        bias frames.
    pixels, frames : int
        Number of warm pixels, and of darks, from which the gain is.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import measure_gain, simulate_dark
    >>> camera = dict(shape=(300, 300), gain=1.5 * u.electron / u.adu, bias=1000 * u.adu, hot_fraction=0.02)
    >>> darks = [simulate_dark(exposure=300 * u.s, rng=seed, **camera) for seed in range(10)]
    >>> found = measure_gain(darks)
    >>> print(f"{found.gain:.2f} +- {found.gain_error:.2f}, {found.frames} darks")
    1.54 electron / adu +- 0.07 electron / adu, 10 darks
    """

    gain: u.Quantity
    gain_error: u.Quantity
    read_noise: u.Quantity
    read_noise_error: u.Quantity
    noise: u.Quantity
    pixels: int
    frames: int

    def __str__(self) -> str:
        """The result in a sentence or two."""
        gain, error = self.gain.to_value(GAIN_UNIT), self.gain_error.to_value(GAIN_UNIT)
        noise, noise_error = (value.to_value(u.electron) for value in (self.read_noise, self.read_noise_error))
        text = (
            f"The gain is {gain:.3g} +- {error:.2g} {GAIN_UNIT}, from {self.pixels} warm pixels in {self.frames} darks."
        )
        if math.isnan(noise):
            return (
                f"{text} The read noise is {self.noise.to_value(u.electron):.3g} electron at most, the noise of a "
                "typical pixel; bias frames tell how much of that is dark current."
            )
        return f"{text} The read noise is {noise:.3g} +- {noise_error:.2g} electron."


def measure_gain(
    darks: Frames,
    *,
    bias: Frames | u.Quantity | None = None,
    exposure: FrameSetting = None,
    saturation: FrameSetting = None,
    n_combined: int | None = None,
    hdu: Hdu = None,
    unit: str | u.UnitBase | None = None,
    overscan: ImageSection = None,
    trim: ImageSection = None,
    check_headers: bool = True,
) -> MeasuredGain:
    """Gain and read noise of a camera, from dark frames alone: photon transfer on dark current.

    Neither needs to be in a header.

    Parameters
    ----------
    darks : sequence of `~astropy.nddata.CCDData` or paths, or `ccdproc.ImageFileCollection`
        Dark frames in adu, shape (rows, columns): two or more of one exposure time, and more of others if there are.
    bias : sequence of bias frames, `~astropy.nddata.CCDData`, path or `~astropy.units.Quantity`, optional
        Two single bias frames or more, from whose scatter the read noise is; or a :term:`master bias`; or the bias
        level (adu). None: for the gain no level is needed. The read noise is then found from darks of two exposure
        times, or from frames whose bias is subtracted already.
    exposure : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        See `dark_rate`.
    saturation : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Level (adu) from which a sample is saturated. None looks for SATURATE. The brightest quarter of the range is
        not used in any case.
    n_combined : int, optional
        Number of exposures that each dark is the mean of. None: NCOMBINE in its meta, else 1.
    hdu, unit, overscan, trim
        Which image of files is read, its unit, its overscan and the part that is measured; see `dark_rate`.
    check_headers : bool
        See `dark_rate`.

    Returns
    -------
    MeasuredGain
        Gain, read noise and their errors; printed, it says what was found.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind or lacks a unit.
    astropy.units.UnitsError
        If a unit is wrong, or darks or bias are in electron.
    ValueError
        If there are no two frames of one exposure time, or too few pixels with enough dark electrons; if equal frames
        have different gains; if frames do not fit together; see also `dark_rate`.
    OSError
        If a file is absent, empty, truncated or not FITS.

    Warns
    -----
    BiasWarning
        If a header says that the bias is subtracted from darks already, and ``bias`` is given.
    DuplicateFrameWarning
        If frames have the same value in every pixel: they are one exposure, and counted once.
    HeaderWarning
        If bias frames have a long exposure time; if a header tells of overscan or edges to trim, see `dark_rate`.
    MissingInformationWarning
        If darks are combined, by header or digits, and the number of exposures in them is unknown; if files
        have several detectors, and ``hdu`` is None.

    See Also
    --------
    dark_rate : Takes ``gain=`` and ``read_noise=``.

    Notes
    -----
    Dark electrons are Poisson distributed: of two pixels, that with ``m`` more counts (adu) has a variance that is
    larger by ``m / g``, g being the gain [1]_ [2]_. The slope is fitted to the pixels that are warm or hot, against the
    typical ones of the same frames, so that the level of the bias does not matter. Pixels that vary by more than
    Poisson noise, and cosmic rays, are cut off. Of frames that are averages the variance is multiplied by their number;
    medians, or averages of an unknown number, give a wrong gain.

    The errors are of the noise alone. Hot pixels of a real sensor vary by themselves, so that two sets of frames may
    differ by some per cent more.

    References
    ----------
    .. [1] Janesick, J. R. 2007, Photon Transfer (SPIE Press), chapter 5.
    .. [2] EMVA Standard 1288, release 4.0, section 6.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import measure_gain, simulate_dark
    >>> camera = dict(shape=(300, 300), gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron,
    ...               bias=1000 * u.adu, hot_fraction=0.02)
    >>> darks = [simulate_dark(exposure=300 * u.s, rng=seed, **camera) for seed in range(10)]
    >>> biases = [simulate_dark(exposure=0 * u.s, rng=seed, **camera) for seed in range(20, 30)]
    >>> for frame in darks + biases:
    ...     del frame.meta["EGAIN"], frame.meta["RDNOISE"]
    >>> found = measure_gain(darks, bias=biases)
    >>> print(str(found).partition(". ")[0])
    The gain is 1.57 +- 0.051 electron / adu, from 1275 warm pixels in 10 darks
    """
    reading = checked_reading(hdu=hdu, unit=unit, overscan=overscan, trim=trim)
    frames = as_frames(darks, reading=reading)
    if frames[0].unit != u.adu:
        raise u.UnitsError(f"darks must be in adu: {frames[0].label} is in {frames[0].unit}, its gain already applied")
    seconds, combined = exposures(exposure, frames), combined_numbers(n_combined, frames)
    levels = frame_settings("saturation", saturation, frames, u.adu, SATURATION_KEYS)
    level = common_setting("saturation", levels, frames)
    if checked_flag("check_headers", check_headers):
        check_darks(frames, subtracts_bias=bias is not None)
        warn_untrimmed(frames, reading)
    kept = distinct_frames(frames, seconds, combined)
    frames, seconds, combined = ([each[index] for index in kept] for each in (frames, seconds, combined))
    group = FrameGroup(frames, seconds, combined=combined, **bias_of_group(bias, frames, reading, check_headers))
    if level is not None:
        group.told["saturation"] = Told(level, "argument")
    found = photon_transfer(group)
    if found.gain is None or found.gain_error > _PRECISE * found.gain:
        group.sample_again(_MANY)
        found = photon_transfer(group)
    kinds = several_gains(group, found)
    if kinds is not None and kinds.verdict == WRONG:
        raise ValueError(f"darks: {kinds.sentence}")
    if found.gain is None:
        raise ValueError(f"the frames cannot tell the gain: {lack_of_gain(found)}")
    if n_combined is None:
        _warn_averages(frames, found.is_average)
    noise = math.nan if found.noise is None else found.noise * found.gain
    relative = math.nan if found.noise is None else math.hypot(
        found.gain_error / found.gain, found.noise_error / found.noise
    )  # fmt: skip
    return MeasuredGain(
        gain=found.gain * GAIN_UNIT,
        gain_error=found.gain_error * GAIN_UNIT,
        read_noise=noise * u.electron,
        read_noise_error=noise * relative * u.electron,
        noise=(math.nan if found.most_noise is None else found.most_noise * found.gain) * u.electron,
        pixels=found.pixels,
        frames=found.frames,
    )


def _warn_averages(frames, is_average):
    """Warn if frames are averages, by header or digits, and no header tells of how many exposures."""
    untold = [frame for frame in frames if "NCOMBINE" not in frame.header]
    shows = "has values between whole numbers, as means of exposures have"
    marked = next((frame for frame in untold if frame.header.get("combined")), None)
    if marked is None and not (is_average and untold):
        return
    frame = untold[0] if marked is None else marked
    warn(
        f"{frame.label} {shows if marked is None else 'is combined'}, and nothing tells of how many exposures: taken "
        "as 1. The gain of means of N exposures comes out N times too high; pass n_combined, or write NCOMBINE into "
        "their headers",
        MissingInformationWarning,
    )


def bias_of_group(bias, darks, reading, check_headers):
    """Fields of a `FrameGroup` that a bias of any kind becomes, in the unit of the darks."""
    unit = darks[0].unit
    if bias is None:
        return {}
    if isinstance(bias, u.Quantity):
        return {"level": checked_quantity("bias", bias, unit, zero=True)}
    is_one = isinstance(bias, CCDData | str | os.PathLike)
    frames = [bias_frame(bias, reading)] if is_one else as_frames(bias, "bias", reading)
    for frame in frames:
        if frame.shape != darks[0].shape:
            raise ValueError(f"{frame.label} has the shape {frame.shape}, the darks have {darks[0].shape}")
        if frame.unit != unit:
            raise u.UnitsError(f"bias must be in {unit}, as the darks are: {frame.label} is in {frame.unit}")
        if not is_one and combined_number(frame) > 1:
            raise ValueError(
                f"bias must be single bias frames, or one master bias: {frame.label} is the mean of "
                f"{combined_number(frame)} exposures (NCOMBINE in its header)"
            )
    if is_one:
        return {"master": frames[0]}
    if check_headers:
        check_biases(frames)
    return {"biases": [frames[index] for index in distinct_frames(frames)]}
