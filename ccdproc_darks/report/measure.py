# Licensed under a 3-clause BSD style license - see LICENSE
"""The measurement of one group of frames: rates, comparison and mask."""

import os
import warnings
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from .._interface.warnings import (
    DarkWarning,
    FrameLevelWarning,
    HeaderWarning,
    NoiseWarning,
    NoUsablePixelWarning,
    TemperatureWarning,
)
from ..comparison.compare_dark_rates import compare_dark_rates
from ..comparison.comparer import DOUBTFUL_WIDTH
from ..comparison.dark_scatter import LEAST_FRAMES, dark_scatter
from ..comparison.proportionality_limit import proportionality_limit
from ..frames.temperatures import TEMPERATURE_SPREAD
from ..masks.hot_pixel_mask import hot_pixel_mask
from ..rates.dark_rate import dark_rate
from ..rates.frame_selection import select_biases, select_frames
from ..rates.master_bias import master_bias
from .camera import camera_of
from .check_group import check_group, with_results
from .frame_checks import Settings
from .frame_options import AS_FOUND, FrameOptions
from .group import Group, Unusable
from .lost_files import take_out_blamed, take_out_lost
from .settled_levels import settle_levels
from .trimmed_group import TrimmedGroup, trimmed_group

__all__ = ["BRIGHT", "Measured", "Options", "Pair", "measure_group", "steps"]

# electron/s between which rates are well measured and not saturated, for the ratio of two exposures.
BRIGHT = (8.0, 64.0)
# Times that a group is measured, if some of its files cannot be used.
_MOST_TRIALS = 3


@dataclass
class Options:
    """What the user may tell: Quantities or None, as of `dark_rate` and `hot_pixel_mask`; a gain may be "measured"."""

    gain: u.Quantity | Literal["measured"] | None = None
    read_noise: u.Quantity | None = None
    saturation: u.Quantity | None = None
    threshold: u.Quantity | None = None
    false_positives: float = 1.0
    fdr: float | None = None
    tolerance: float = 0.1
    null: str = "theoretical"
    overscan: str | None = None  # as of `trimmed_group`
    trim: str | None = None
    executor: Executor | None = None
    mem_limit: u.Quantity | int | None = None
    frames: FrameOptions = AS_FOUND

    @property
    def work(self):
        """Arguments that tell who works, and within what memory."""
        return {"executor": self.executor, "mem_limit": self.mem_limit}


@dataclass
class Pair:
    """One exposure time against the longest."""

    short: float  # exposure time (s)
    long: float  # the longest (s)
    offset: float  # common offset (electron)
    width: float | None  # of the significance
    ratio: float | None  # median of short over long rate, of the pixels whose long rate is between the limits `BRIGHT`
    ratio_pixels: int  # their number


@dataclass
class Measured:
    """All that came of a group."""

    group: Group
    exposures: list  # pairs of exposure time (s) and list of the frames used
    trimmed: TrimmedGroup | None = None  # what is cut off the frames
    rates: dict = field(default_factory=dict)  # of each exposure time; without a bias, good for differences only
    rate: object = None  # CCDData, from all exposures
    mask: object = None  # CCDData of `hot_pixel_mask`
    significance: object = None  # CCDData of `compare_dark_rates`, or None
    bias: object = None  # CCDData of the master bias, or None
    pairs: list = field(default_factory=list)  # `Pair` of each exposure time with the longest
    scatter: dict = field(default_factory=dict)  # `dark_scatter` of each exposure time of which there are enough frames
    limit: object = None  # `ProportionalityLimit`, or None
    findings: list = field(default_factory=list)  # `Finding` of each check of the frames
    notes: list = field(default_factory=list)  # sentences: what a person should worry about
    unusable: list = field(default_factory=list)  # `Unusable`: frames of the group that were left out
    noise_source: str = ""  # where the read noise is from, in words
    camera: object = None  # `Camera`: gain and read noise, and where they are from
    bias_noise: float | None = None  # read noise (electron) of the bias frames, whether it was used or not
    without_bias: bool = False  # whether the bias was subtracted from the darks already
    truth: object = None  # `Truth`: comparison with the truth, where that is known

    @property
    def has_bias(self):
        """Whether the bias is known: there were bias frames, or it was subtracted already."""
        return self.bias is not None or self.without_bias

    @property
    def pair(self):
        """The short and the long exposure time that pictures show, or None where there is one only.

        The longest; and of those at most half as long, or else of all others, that of the most total exposure.
        """
        times = [seconds for seconds, _ in self.exposures]
        if len(times) < 2:
            return None
        totals = {seconds: seconds * len(frames) for seconds, frames in self.exposures[:-1]}
        shorter = [seconds for seconds in totals if seconds <= times[-1] / 2] or list(totals)
        return max(shorter, key=lambda seconds: (totals[seconds], seconds)), times[-1]


def steps(group):
    """Number of steps that `measure_group` announces."""
    return len(group.exposures) + 5


def measure_group(group, options, step=lambda text: None, known_noise=None):
    """Measure a group and return the `Measured`; ValueError, which says why, if nothing can be measured.

    ``step`` is called with a text before each step. ``known_noise`` is the read noise of the same camera, a Quantity,
    for a group that cannot tell its own. Files that vanish or change meanwhile, or of which an error tells, are taken
    out of the group, which is then measured again, at most twice.
    """
    cut = trimmed_group(group, options.overscan, options.trim)
    group, lost = cut.group, []
    for trial in range(_MOST_TRIALS):
        reason = None
        try:
            result = _measure_group(cut, options, step, known_noise)
        except (OSError, ValueError, u.UnitsError) as error:
            reason = error
        found = take_out_lost(group, read=isinstance(reason, OSError)) or take_out_blamed(group, str(reason))
        if not found and reason is None:
            result.unusable += lost
            return result
        lost += found
        told = "; ".join(f"{item.name}: {item.reason}" for item in lost)
        if not found or trial == _MOST_TRIALS - 1:
            raise reason or OSError(told)
        if not group.darks:
            raise ValueError(told)


def _measure_group(cut, options, step, known_noise):
    group = cut.group
    result = Measured(group, group.exposures, cut, notes=[*group.notes, *cut.notes])
    frames = [frame.file for frame in group.darks]
    result.camera = camera_of(group, options)
    result.notes += result.camera.notes
    gain = result.camera.gain
    scale = gain.value if frames[0].unit == u.adu else 1.0
    step("checks")
    settings = Settings(options.gain, options.read_noise, saturation=options.saturation)
    findings = check_group(result.group, settings, has_results=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _measure_rates(result, options, gain, scale, known_noise, step, caught)
    # Levels that drift are told of in words of the page, and not once for every rate.
    told = [warning for warning in caught if issubclass(warning.category, DarkWarning)]
    texts = {str(warning.message) for warning in told if not issubclass(warning.category, FrameLevelWarning)}
    texts = {text for text in texts if result.camera.is_new(text)}
    result.notes += sorted(f"{_with_names(text, group)}." for text in texts)
    _compare(result, options, step)
    rates = list(result.rates.values()) if result.has_bias else [result.rate]
    findings = with_results(findings, rates, result.mask, result.has_bias)
    left_out = [item.name for item in result.unusable]
    result.findings = [replace(one, sentence=_as_left_out(one.sentence, left_out)) for one in findings]
    return result


def _as_left_out(sentence, names):
    """A sentence that advises to leave out frames, where this was done."""
    for name in names:
        if name in sentence:
            sentence = sentence.replace(": better leave it out", ": it is left out")
    return sentence


def _with_names(text, group):
    """A text in which files are named as on the page: without their folder."""
    for frame in (*group.darks, *group.biases, *([group.master] if group.master else [])):
        text = text.replace(frame.file.label, frame.name)
    return text.replace(os.path.join(group.darks[0].file.path.parent, ""), "").replace("bias[0]", "the master bias")


def _measure_rates(result, options, gain, scale, known_noise, step, caught):
    """Set the master bias, and the rates and the scatter of all exposure times; ``caught`` has the warnings so far."""
    files = [frame.file for frame in result.group.darks]
    checked = {"check_headers": options.frames.check_headers}
    common = {"gain": gain, "saturation": options.saturation, **result.trimmed.sections, **options.work, **checked}
    common["exposure"] = options.frames.exposure
    step("bias")
    read_noise, result.noise_source = result.camera.read_noise, result.camera.noise_source
    if result.group.biases:
        read_noise = _take_bias(result, gain, scale, read_noise, options.work | checked)
        bias, offset = result.bias, None
    elif result.group.master:
        result.bias, offset = _master(result.group.master), None
        bias = result.bias
    elif options.frames.without_bias:
        result.without_bias, bias, offset = True, 0 * files[0].unit, None
        result.notes.append("The bias was subtracted from the darks already (--bias none): no bias is taken away.")
    else:
        if len(result.exposures) < 2:
            told = "".join(f". {note}" for note in result.group.notes).rstrip(".")
            raise ValueError(
                "no bias frames, and darks of one exposure time only: a bias cannot be told from dark current"
                f"{told}; --bias gives bias frames from another folder"
            )
        drift = scale / (result.exposures[-1][0] - result.exposures[0][0])
        result.notes.append(
            "There are no bias frames. The rate is the slope of the counts over exposure time, every pixel with an "
            "unknown offset of its own; a rate at a single exposure time cannot be had. A drift of the bias level by "
            f"1 {files[0].unit} between the exposure times shifts all slopes by {drift:.2g} electron/s."
        )
        bias, offset = None, "pixel"
    if read_noise is None and known_noise is not None:
        read_noise, result.noise_source = known_noise, "the same camera in another group"
    result.exposures = [(seconds, _used(result, same, seconds, scale)) for seconds, same in result.exposures]

    common |= settle_levels(result, gain, read_noise)

    step("all exposure times")
    used = [frame for _, same in result.exposures for frame in same]
    result.rate = dark_rate(_files(used), bias=bias, offset=offset, read_noise=read_noise, **common)
    if result.rate.mask.all():
        raise ValueError(next(str(one.message) for one in caught if issubclass(one.category, NoUsablePixelWarning)))
    if read_noise is None and "DKRDNOI" in result.rate.meta:
        read_noise = result.rate.meta["DKRDNOI"] * u.electron
        result.noise_source = "the scatter of equal darks"
    common |= {"bias": _bias_level(result) if bias is None else bias, "read_noise": read_noise}
    saturation = {key: result.rate.meta[key] for key in ("DKSATUR", "DKSATSRC") if key in result.rate.meta}
    if saturation.get("DKSATSRC") == "found":
        # Rates of all exposure times have the level that all frames show.
        common["saturation"] = saturation["DKSATUR"] * files[0].unit
    with warnings.catch_warnings():
        # Said of all exposure times already.
        for category in (HeaderWarning, NoiseWarning, TemperatureWarning):
            warnings.simplefilter("ignore", category)
        for seconds, same in result.exposures:
            step(f"{seconds:g} s")
            alone = len(result.exposures) == 1
            result.rates[seconds] = result.rate if alone else dark_rate(_files(same), **common)
            result.rates[seconds].meta.update(saturation)
        if read_noise is not None:
            enough = [(seconds, same) for seconds, same in result.exposures if len(same) >= LEAST_FRAMES]
            result.scatter = {seconds: dark_scatter(_files(same), **common) for seconds, same in enough}


def _used(result, darks, seconds, scale):
    """Those of equal darks that belong together."""
    selection = select_frames([frame.file for frame in darks], scale)
    _tell_outlying(result, darks, selection, f"{seconds:g} s darks")
    return [frame for index, frame in enumerate(darks) if index not in selection.left_out]


def _files(frames):
    # Not their paths: headers were changed where the user tells otherwise.
    return [frame.file for frame in frames]


def _master(frame):
    """A master bias as CCDData."""
    file = frame.file
    rows = file.rows(slice(None))
    uncertainty = None if rows.deviation is None else StdDevUncertainty(rows.deviation)
    image = CCDData(
        rows.values, unit=file.unit, mask=rows.mask, uncertainty=uncertainty, meta=file.header, wcs=file.wcs
    )
    image.meta.setdefault("NCOMBINE", max(frame.combined, 1))
    return image


def _take_bias(result, gain, scale, read_noise, work):
    """Set the master bias; the read noise, from the bias frames where nothing else tells."""
    biases = result.group.biases
    selection = select_biases([frame.file for frame in biases], scale)
    measured = selection.read_noise()
    if measured is not None:
        result.bias_noise = measured
        if read_noise is None:
            read_noise, result.noise_source = measured * u.electron, "the scatter of the bias frames"
    _tell_outlying(result, biases, selection, "bias frames")
    if len(biases) < 3:
        few = "is only one bias frame" if len(biases) == 1 else "are only two bias frames"
        result.notes.append(f"There {few}: the error of the bias limits the rates.")
    result.bias = master_bias(selection.chosen(), gain=gain, read_noise=read_noise, add_keyword=None, **work)
    known = [bias.temperature for bias in biases if bias.temperature is not None]
    if known and max(known) - min(known) > TEMPERATURE_SPREAD:
        # Else that of the first.
        result.bias.meta["CCD-TEMP"] = sum(known) / len(known)
    return read_noise


def _tell_outlying(result, frames, selection, equals):
    """Tell which frames do not belong to their equals, and whether they are left out or used all the same."""
    for index in selection.outlying:
        name = frames[index].name
        text = f"level {selection.levels[index]:+.1f} {frames[index].file.unit} from the other {equals}"
        if index in selection.left_out:
            result.unusable.append(Unusable(name, text))
        else:
            result.notes.append(f"{name} has a {text}; it is used all the same.")


def _bias_level(result):
    """One bias level for the sensor, as a Quantity: where the darks' median counts meet zero exposure."""
    medians = []
    for seconds, same in result.exposures:
        values = [float(np.median(frame.file.rows(slice(None)).values)) for frame in same]
        medians.append((seconds, np.median(values)))
    seconds, counts = np.array(medians).T
    return max(float(np.polynomial.Polynomial.fit(seconds, counts, 1)(0.0)), 0.0) * result.group.darks[0].file.unit


def _compare(result, options, step):
    names = ("threshold", "false_positives", "fdr", "tolerance", "null")
    limits = {name: getattr(options, name) for name in names} | options.work
    limits["scatter"] = list(result.scatter.values())
    rates = list(result.rates.values())
    offset = "common" if result.has_bias else "pixel"
    missing = None
    if any(rate.uncertainty is None for rate in rates):
        if options.threshold is None:
            raise ValueError(
                "no read noise and no way to estimate it, so no threshold for hot pixels: give --read-noise"
            )
        missing = "Without a read noise (--read-noise) the exposure times cannot be compared."
    elif len(rates) < (2 if result.has_bias else 3):
        needed = "two exposure times" if result.has_bias else "three exposure times, or two and bias frames,"
        missing = f"Proportionality was not tested: that needs darks of {needed} or more."
    if missing is not None:
        result.notes.append(missing)
        step("mask")
        result.mask = hot_pixel_mask(result.rate, **limits)
        return
    single = [seconds for seconds, frames in result.exposures if len(frames) == 1]
    if single:
        listed = ", ".join(f"{seconds:g}" for seconds in single)
        result.notes.append(
            f"There is a single frame of {listed} s: a cosmic ray in it cannot be told from a pixel that is not "
            "proportional, and is flagged NONLINEAR."
        )
    step("comparison")
    with warnings.catch_warnings():
        # Said once, and in words of the page.
        warnings.simplefilter("ignore", NoiseWarning)
        result.significance = compare_dark_rates(
            *rates, statistic="significance", offset=offset, null=options.null, **options.work
        )
        step("mask")
        result.mask = hot_pixel_mask(*rates, offset=offset, **limits)
        if result.has_bias:
            result.pairs = [_pair(result, seconds, options.work) for seconds, _ in result.exposures[:-1]]
    width = result.significance.meta.get("DKWIDTH")
    if width is not None and width > DOUBTFUL_WIDTH and options.null == "theoretical":
        result.notes.append(
            f"Good pixels depart {width:.2f} times wider from proportionality than the noise model says: the read "
            "noise is too low, or the frames drift. More good pixels than asked for are flagged NONLINEAR "
            "(--null empirical takes that width for the right one)."
        )
    if result.has_bias:
        result.limit = proportionality_limit(*rates, tolerance=options.tolerance)


def _pair(result, seconds, work):
    long = max(result.rates)
    short_rate, long_rate = result.rates[seconds], result.rates[long]
    compared = result.significance
    if len(result.rates) > 2:
        compared = compare_dark_rates(short_rate, long_rate, statistic="significance", **work)
    meta = compared.meta
    with np.errstate(invalid="ignore"):
        bright = (long_rate.data > BRIGHT[0]) & (long_rate.data < BRIGHT[1]) & ~long_rate.mask & ~short_rate.mask
    number = int(bright.sum())
    ratio = None
    if number:
        ratio = float(np.median((short_rate.data[bright] - meta["DKOFF1"] / seconds) / long_rate.data[bright]))
    return Pair(seconds, long, meta["DKOFF1"], meta.get("DKWIDTH"), ratio, number)
