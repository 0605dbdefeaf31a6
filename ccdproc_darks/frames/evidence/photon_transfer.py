# Licensed under a 3-clause BSD style license - see LICENSE
"""Gain and read noise that darks show, against those that headers or arguments tell."""

import math
from dataclasses import dataclass, field

import numpy as np
from astropy import units as u

from ..._interface.arguments import GAIN_UNIT
from ...statistics.photon_transfer import equal_frames, fit_transfer, typical_variance
from ..temperatures import sensor_temperature
from .finding import DOUBTFUL, OK, UNKNOWN, WRONG, Finding

__all__ = [
    "PhotonTransfer",
    "known_bias",
    "lack_of_gain",
    "noise_finding",
    "photon_transfer",
    "several_gains",
    "transfer_findings",
]

GAIN, READ_NOISE = "gain", "read noise"
# Standard errors beyond which a value is refuted; part of the gain by which hot pixels of real sensors mislead.
_SIGNIFICANT, _SYSTEMATIC = 5.0, 0.05
# Ratios of found and told beyond which one is doubtful, and wrong. Pixels that vary by themselves make the gain look
# smaller than it is, and nothing makes it look larger.
_DOUBTFUL_GAIN, _WRONG_GAIN, _WRONG_LOW_GAIN = 1.3, 1.5, 0.5
_DOUBTFUL_NOISE, _WRONG_NOISE = 1.25, 1.5
# Variance of frames over the largest that a map and dark electrons explain, from which on the map is doubtful.
_MORE_THAN_MAP = 1.12
# Largest relative error with which a gain is found at all.
_USEFUL = 0.25
# Factor between the signals of equal frames, and between their noise, from which on they have different gains.
_KINDS, _KINDS_NOISE = 1.3, 1.15
# Degrees by which dark current doubles at the fastest.
_DOUBLING = 4.0
# Ratio of the gains of two exposure times from which on they differ.
_TIMES = 1.8
_EACH_ALONE = "Measure each kind alone, or pass check_headers=False if they belong together all the same"
_MOST_NAMES = 20
# Exposures for one that is told, from which on frames may be averages.
_SEVERAL = 1.8
# Smallest variance (frames' unit squared) that digits do not hide; error of the level of a frame (frames' unit).
_DIGITS, _DRIFT = 0.2, 0.5


@dataclass
class PhotonTransfer:
    """What the variance between equal frames tells.

    Attributes
    ----------
    gain, gain_error : float or None
        Gain (electron per unit of the frames) and its standard error; None where the frames cannot tell.
    noise, noise_error : float or None
        Read noise of a single exposure (frames' unit), quantisation included, and its standard error.
    most_noise : float or None
        Noise of a typical pixel (frames' unit), dark electrons included: the read noise is not higher.
    most_dark_variance : float or None
        Largest Poisson variance (frames' unit squared) that dark electrons may have in it, by the gain; None where the
        level of the bias, or the gain, is unknown.
    pixels, frames : int
        Number of warm pixels and of frames that tell the gain.
    is_average : bool
        Whether values lie between whole numbers, and differences of equal frames too, as those of averages do: there
        may be more exposures in them than is known.
    sets : list
        Index into ``group.sets`` and `~ccdproc_darks.statistics.photon_transfer.EqualFrames` of the sets used.
    """

    gain: float | None = None
    gain_error: float | None = None
    noise: float | None = None
    noise_error: float | None = None
    most_noise: float | None = None
    most_dark_variance: float | None = None
    pixels: int = 0
    frames: int = 0
    is_average: bool = False
    sets: list = field(default_factory=list)


def photon_transfer(group, gain=None):
    """`PhotonTransfer` of a `FrameGroup`; the read noise is that at a ``gain``, or at the one that is found."""
    bias, is_level_known = known_bias(group)
    saturation = group.told.get("saturation")
    top = np.inf if saturation is None else saturation.value
    result = PhotonTransfer(
        is_average=not any(one.is_whole or one.is_whole_less_fractions for one in group.as_written.dark_samples)
    )
    for index, one in enumerate(group.dark_samples):
        number = {group.combined[frame] for frame in one.indices} if group.combined else {1}
        if len(one.values) < 2 or len(number) > 1:
            continue
        found = equal_frames(one.values, bias, min(top, _highest(one.values[0].dtype)), one.masked)
        if found is not None:
            (number,) = number
            found.variances *= number
            found.excess_variances *= number
            result.sets.append((index, found))
    points = [found for _, found in result.sets]
    line = fit_transfer(points) if points else None
    if line is not None and line.slope_error <= _USEFUL * line.slope:
        result.gain, result.gain_error = 1 / line.slope, line.slope_error / line.slope**2
        result.pixels, result.frames = line.pixels, sum(found.frames for found in points)
    _set_noise(result, group, gain or result.gain, is_level_known)
    return result


def known_bias(group):
    """Bias of each pixel of the sample, or of all (frames' unit), and whether its level is known."""
    if group.master is not None and group.master.unit == group.unit:
        return group.master_values, True
    if group.bias_sample is not None:
        return np.mean(group.bias_sample.values, axis=0, dtype=float), True
    if group.level is not None:
        return group.level, True
    return 0.0, group.darks[0].dtype.kind != "u"


def _highest(dtype):
    return np.iinfo(dtype).max if dtype.kind in "iu" else np.inf


def _set_noise(result, group, gain, is_level_known):
    """Read noise: the scatter of bias frames, else of typical pixels without the Poisson noise of their counts."""
    scatters = [typical_variance(found.variances, found.frames - 1) for _, found in result.sets]
    if group.bias_sample is not None and len(group.bias_sample.values) >= 2:
        biases = equal_frames(group.bias_sample.values, masked=group.bias_sample.masked)
        if biases is not None:
            variance = typical_variance(biases.variances, biases.frames - 1)
            if variance > 0:
                result.noise = result.most_noise = math.sqrt(variance)
                result.noise_error = result.noise * 0.01
                return
    if not scatters or np.isnan(scatters).any():
        return
    result.most_noise = math.sqrt(min(scatters))
    counts = _dark_counts(result, group, is_level_known)
    if gain is None or counts is None:
        return
    quietest = int(np.argmin(scatters))
    drift = max(_DRIFT, result.sets[quietest][1].drift)
    result.most_dark_variance = (max(counts[quietest], 0.0) * (1 + 2 * _SYSTEMATIC) + drift) / gain
    best = None
    for variance, level, (_, found) in zip(scatters, counts, result.sets, strict=True):
        # Levels that drift among these frames are not those of the bias.
        error = 0.01 * variance + (max(_DRIFT, found.drift) + 2 * _SYSTEMATIC * abs(level)) / gain
        if best is None or error < best[1]:
            best = variance - max(level, 0.0) / gain, error
    square, error = best
    if square > 2 * error:
        result.noise = math.sqrt(square)
        result.noise_error = error / (2 * result.noise)


def _dark_counts(result, group, is_level_known):
    """Dark counts of a typical pixel of each set (frames' unit), or None where the level of the bias is unknown."""
    if is_level_known:
        return [found.typical for _, found in result.sets]
    if len(group.sets) < 2:
        return None
    middles = [np.median([np.median(values) for values in one.values]) for one in group.dark_samples]
    seconds = np.array([one.seconds for one in group.dark_samples])
    slope = np.polynomial.Polynomial.fit(seconds, middles, 1).convert().coef[-1]
    return [max(float(slope), 0.0) * group.sets[index][0] for index, _ in result.sets]


def transfer_findings(group):
    """`Finding` of the checks "gain" and "read noise" of a `FrameGroup`, one each."""
    told = group.told.get("gain")
    if group.unit != u.adu:
        known = 1.0
    else:
        known = None if told is None else told.value
    transfer = photon_transfer(group, known)
    several = several_gains(group, transfer)
    if several is not None:
        text = "the frames cannot tell the read noise, as the darks are of two kinds"
        return [several, Finding(READ_NOISE, UNKNOWN, text)]
    gain = _gain_finding(group, transfer, told, known)
    if gain.verdict == WRONG and transfer.gain is not None:
        known = transfer.gain
        transfer = photon_transfer(group, known)
    return [gain, _noise_finding(group, transfer, known or transfer.gain)]


def noise_finding(group, gain):
    """`Finding` of the check "read noise" of a `FrameGroup`, at a ``gain`` (electron per unit of the frames)."""
    return _noise_finding(group, photon_transfer(group, gain), gain)


def _gain_finding(group, transfer, told, known):
    quantity = None if told is None else told.value * GAIN_UNIT
    if transfer.gain is None:
        return Finding(GAIN, UNKNOWN, f"the frames cannot tell the gain: {lack_of_gain(transfer)}", None, quantity)
    found = transfer.gain * GAIN_UNIT
    measured = f"{transfer.gain:.3g} +- {max(transfer.gain_error, _SYSTEMATIC * transfer.gain):.1g}"
    seen = (
        f"the variance between equal frames grows by {1 / transfer.gain:.3g} {group.unit}^2 for each {group.unit} of "
        "dark counts"
    )
    if known is None:
        return Finding(GAIN, OK, f"no header tells the gain; {seen}: it is {measured} electron/adu", found, None)
    ratio = transfer.gain / known
    sigmas = abs(math.log(ratio)) / math.hypot(transfer.gain_error / transfer.gain, _SYSTEMATIC)
    if group.unit != u.adu:
        if 1 / _WRONG_GAIN < ratio < _WRONG_GAIN or sigmas < _SIGNIFICANT or (transfer.is_average and ratio > 1):
            confirms = 1 / _DOUBTFUL_GAIN < ratio < _DOUBTFUL_GAIN
            text = "as their noise confirms" if confirms else "which their noise does not refute"
            return Finding(GAIN, OK, f"the frames are in electron, {text}", None, quantity)
        text = (
            f"the frames are said to be in electron, but {seen}: one electron of theirs is {measured} electrons. Give "
            "the frames in adu, with the right gain"
        )
        return Finding(GAIN, DOUBTFUL, text, None, quantity)
    if sigmas < _SIGNIFICANT or 1 / _DOUBTFUL_GAIN < ratio < _DOUBTFUL_GAIN:
        return Finding(GAIN, OK, f"{seen}: the gain is {measured} electron/adu, as told", found, quantity)
    who = "the gain is given as" if told.is_given else f"the gain by {told.source} is"
    text = f"{who} {known:.4g} electron/adu, but {seen}: it is {measured} electron/adu"
    if transfer.is_average and ratio > 1:
        text = f"{text}, or the frames are averages of about {ratio:.2g} times as many exposures as is told"
        return Finding(GAIN, UNKNOWN, text, found, quantity)
    verdict = WRONG if ratio > _WRONG_GAIN or ratio < _WRONG_LOW_GAIN else DOUBTFUL
    for steps in (4, 16):
        if 0.8 < ratio * steps < 1.25:
            text += f" (a gain per step of an ADC whose digits are shifted is {steps} times too high)"
    way = "" if told.is_given else ", or correct the header; check_headers=False takes it as it is"
    text += f". Pass gain={transfer.gain:.3g} * u.electron / u.adu{way}{_averages(ratio)}"
    return Finding(GAIN, verdict, text, found, quantity)


def _averages(ratio):
    """What else makes frames so many times less noisy: averages that are rounded to whole numbers do not look it."""
    if ratio < _SEVERAL:
        return ""
    return f"; or n_combined, if the frames are averages of about {ratio:.2g} times as many exposures as is told"


def lack_of_gain(transfer):
    """What frames lack that do not tell their gain."""
    if not transfer.sets:
        return "that needs two frames or more of one exposure time"
    return "there are too few pixels with enough dark electrons; longer exposures, or more frames, have them"


def _noise_finding(group, transfer, gain):
    told = group.told.get("read_noise")
    quantity = None if told is None else told.value * u.electron
    if gain is None or transfer.most_noise is None:
        lack = "that needs the gain" if gain is None else _lack_of_noise(transfer)
        return Finding(READ_NOISE, UNKNOWN, f"the frames cannot tell the read noise: {lack}", None, quantity)
    most, seen = transfer.most_noise * gain, "equal frames"
    if group.bias_sample is not None and len(group.bias_sample.values) >= 2:
        seen = "bias frames"
    found = None if transfer.noise is None else transfer.noise * gain
    value = None if found is None else found * u.electron
    if told is None:
        if found is None:
            text = f"the frames cannot tell the read noise: equal frames scatter by {most:.3g} electron, of which the "
            return Finding(READ_NOISE, UNKNOWN, f"{text}dark current is an unknown part: give bias frames", None, None)
        return Finding(READ_NOISE, OK, f"no header tells the read noise; {seen} show {found:.3g} electron", value, None)
    if transfer.most_noise**2 < _DIGITS:
        text = f"the frames cannot tell the read noise: it is below one step of the digits ({gain:.3g} electron)"
        return Finding(READ_NOISE, UNKNOWN, text, None, quantity)
    # The most that the read noise can be tells where it is told too high, whatever the level of the bias is.
    is_most = found is None or found < told.value
    reference, error = (most, 0.02 * most) if is_most else (found, transfer.noise_error * gain)
    ratio = reference / told.value if told.value > 0 else math.inf
    sigmas = abs(reference**2 - told.value**2) / max(2 * reference * error, 1e-12)
    dark = None if transfer.most_dark_variance is None else transfer.most_dark_variance * gain**2
    if (
        told.source == "map"
        and dark is not None
        and (is_most or sigmas < _SIGNIFICANT)
        and most**2 > _MORE_THAN_MAP * (told.value**2 + dark)
    ):
        text = (
            f"{seen} scatter by {most:.3g} electron, and by the map's typical read noise of {told.value:.4g} "
            f"electron and the dark electrons it would be {math.sqrt(told.value**2 + dark):.3g} at most. The map "
            "is of another camera, gain or mode. Pass one of bias frames of this camera and setting "
            "(read_noise_map)"
        )
        return Finding(READ_NOISE, DOUBTFUL, text, None, quantity)
    if is_most and ratio > 1:
        text = f"{seen} scatter by {most:.3g} electron, dark current included, which does not refute what is told"
        return Finding(READ_NOISE, OK, text, None, quantity)
    if sigmas < _SIGNIFICANT or 1 / _DOUBTFUL_NOISE < ratio < _DOUBTFUL_NOISE:
        return Finding(READ_NOISE, OK, f"{seen} show {reference:.3g} electron, as told", value, quantity)
    who = "the read noise is given as" if told.is_given else f"the read noise by {told.source} is"
    who = "the typical read noise of the map is" if told.source == "map" else who
    shown = f"at most {reference:.3g}" if found is None else f"{found:.3g}"
    text = f"{who} {told.value:.4g} electron, but {seen} show {shown} electron"
    if transfer.is_average and ratio < 1:
        text += f", or the frames are averages of about {1 / ratio**2:.2g} times as many exposures as is told"
        return Finding(READ_NOISE, UNKNOWN, text, value, quantity)
    way = "" if told.is_given else ", or correct the header; check_headers=False takes it as it is"
    remedy = f"Pass read_noise={reference if found is None else found:.3g} * u.electron{way}"
    if told.source == "map":
        remedy = (
            "The map is of another camera, gain or mode. Pass one of bias frames of this camera and "
            "setting (read_noise_map)"
        )
    text += f". {remedy}{_averages(1 / ratio**2)}"
    verdict = WRONG if not 1 / _WRONG_NOISE < ratio < _WRONG_NOISE else DOUBTFUL
    return Finding(READ_NOISE, verdict, text, value, quantity)


def _lack_of_noise(transfer):
    return "most pixels vary by more than noise" if transfer.sets else "that needs two equal frames that vary"


def several_gains(group, transfer):
    """`Finding` where darks are of two gains, or None. What is told of the gain does not matter."""
    for index, found in transfer.sets:
        if found.scales is None or found.scales.min() <= 0:
            continue
        order = np.argsort(found.scales)
        steps = np.diff(np.log(found.scales[order]))
        cut = int(np.argmax(steps)) + 1
        if steps[cut - 1] < math.log(_KINDS):
            continue
        low, high = order[:cut], order[cut:]
        factor = found.scales[high].mean() / found.scales[low].mean()
        noise = found.noise[high].mean() / found.noise[low].mean()
        frames = [group.darks[frame] for frame in group.dark_samples[index].indices]
        names = [_named(frames, some) for some in (high, low)]
        text = f"in {names[0]}, hot pixels are {factor:.3g} times as bright as in {names[1]}"
        warm, cold = (_celsius([frames[each] for each in some]) for some in (high, low))
        if None not in (warm, cold) and factor < 2 ** ((warm - cold) / _DOUBLING):
            text += f": the first were taken at {warm:.1f} deg C, and the others at {cold:.1f} deg C. {_EACH_ALONE}"
            return Finding(GAIN, DOUBTFUL, text)
        if noise > _KINDS_NOISE and not _is_of_dark_current(group, transfer, found, low, high, factor):
            text += f", and the noise is {noise:.3g} times as high: they have two gains. {_EACH_ALONE}"
            return Finding(GAIN, WRONG, text)
        text += f": they have two gains, temperatures or exposure times. {_EACH_ALONE}"
        return Finding(GAIN, DOUBTFUL, text)
    return _gains_of_times(group, transfer)


def _celsius(frames):
    """Mean temperature of the sensor (deg C), or None."""
    told = [sensor_temperature(frame.header) for frame in frames]
    return None if None in told else float(np.mean(told))


def _is_of_dark_current(group, transfer, found, low, high, factor):
    """Whether the dark electrons by which some frames are above the others explain their noise.

    A higher gain raises all by one factor at most. Of two frames, the noise is that from pixel to pixel, which has the
    scatter of the dark rates in it.
    """
    quiet, loud = (found.noise[some].mean() for some in (low, high))
    if loud > _KINDS_NOISE * factor * quiet:
        return True
    gain = group.scale or transfer.gain
    if gain is None:
        return False
    rise = max(found.levels[high].mean() - found.levels[low].mean(), 0.0)
    return loud**2 < (_KINDS_NOISE * quiet) ** 2 + rise / gain


def _gains_of_times(group, transfer):
    """`Finding` where the exposure times have two gains, or None."""
    if len(transfer.sets) < 2:
        return None
    (quiet, first), (loud, second) = (
        choose(transfer.sets, key=lambda one: np.median(one[1].noise)) for choose in (min, max)
    )
    noise = np.median(second.noise) / np.median(first.noise)
    if noise < math.sqrt(_TIMES):
        return None
    low, high = fit_transfer([first]), fit_transfer([second])
    if low is None or high is None:
        return None
    factor = high.slope / low.slope
    error = math.hypot(_SYSTEMATIC, high.slope_error / high.slope, low.slope_error / low.slope)
    # Dark current makes noise too, and hot pixels that vary by themselves do so more in longer exposures.
    if factor < _TIMES or math.log(factor) < _SIGNIFICANT * error or noise < math.sqrt(factor):
        return None
    times = [group.sets[index][0] for index in (quiet, loud)]
    return Finding(
        GAIN, WRONG,
        f"the frames of {times[1]:g} s have a gain {factor:.3g} times smaller than those of {times[0]:g} s, by the "
        f"variance of their warm pixels, and {noise:.3g} times as high a noise (adu). {_EACH_ALONE}",
    )  # fmt: skip


def _named(frames, some):
    names = [frames[index].label for index in sorted(some)]
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
