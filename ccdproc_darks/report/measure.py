# Licensed under a 3-clause BSD style license - see LICENSE
"""The measurement of one group of frames: checks, rates, comparison and mask."""

import warnings
from dataclasses import replace

from astropy import units as u

from .._interface.warnings import DarkWarning, FrameLevelWarning, TemperatureWarning
from ..frames.evidence.finding import DOUBTFUL, OK, UNKNOWN, WRONG, Finding
from ..frames.evidence.map_scatter import OF_ANOTHER
from .camera import camera_of
from .check_group import check_group, with_results, without_folder
from .group_comparison import compare_group
from .group_rates import measure_rates
from .lost_files import take_out_blamed, take_out_lost
from .measured import Measured
from .result_finding import NOT_BELIEVED
from .settings import Settings
from .trimmed_group import trimmed_group

__all__ = ["is_done", "measure_group"]

# Times that a group is measured, if some of its files cannot be used.
_MOST_TRIALS = 3


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
    step("camera")
    result.camera = camera_of(group, options)
    result.notes += result.camera.notes
    result.settled |= result.camera.settled
    gain = result.camera.gain
    scale = gain.value if group.darks[0].file.unit == u.adu else 1.0
    step("checks")
    findings = check_group(group, Settings.of(options), has_results=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        measure_rates(result, options, gain, scale, known_noise, step, caught)
    # Levels that drift are told of in words of the page, and not once for every rate.
    told = [warning for warning in caught if issubclass(warning.category, DarkWarning)]
    # Nor are temperatures, where the check of them tells.
    elsewhere = [FrameLevelWarning] + [TemperatureWarning] * any(
        one.check == "temperature" and one.is_doubt for one in findings
    )
    texts = {str(warning.message) for warning in told if not issubclass(warning.category, tuple(elsewhere))}
    texts = {text for text in texts if result.camera.is_new(text)}
    if of_another := next((text for text in texts if text.startswith(OF_ANOTHER)), None):
        texts.discard(of_another)
        result.settled.pop("read noise", None)
        wrong = {"verdict": WRONG, "sentence": _with_names(of_another, group)}
        findings = [replace(one, **wrong) if one.check == "read noise" else one for one in findings]
    result.settled = {check: _with_names(sentence, group) for check, sentence in result.settled.items()}
    result.notes += [f"{sentence}." for sentence in result.settled.values()]
    result.notes += sorted(f"{_with_names(text, group)}." for text in texts)
    doubts = compare_group(result, options, step)
    if result.needs_map:
        doubts.append(Finding("result", DOUBTFUL, NOT_BELIEVED))
    if "DKTYPERR" in result.mask.meta:
        # Times that do not agree make it larger: the mask tells the same as the table.
        result.mask.meta["DKTYPERR"] = result.typical_rates["all"][1]
        if result.error_factor > 1:
            result.mask.meta["DKTYPFAC"] = result.error_factor, "DKTYPERR is so many times larger"
    rates = list(result.rates.values()) if result.has_bias else [result.rate]
    findings = with_results(findings, rates, result.mask, result.has_bias, doubts)
    left_out = [item.name for item in result.unusable]
    result.findings = [_as_done(finding, result.settled, left_out) for finding in findings]
    result.settled |= {one.check: one.sentence for one in result.findings if one.check == "frames" and is_done(one)}
    return result


def is_done(finding):
    """Whether all frames that a doubtful finding tells of have been left out: each part of its sentence says so."""
    return finding.verdict == DOUBTFUL and all("left out" in part for part in finding.sentence.split(". "))


def _as_done(finding, settled, left_out):
    """A finding that says what was done, where it advises to do it."""
    if finding.check in settled:
        verdict = DOUBTFUL if finding.verdict in (OK, UNKNOWN) else finding.verdict
        return replace(finding, verdict=verdict, sentence=settled[finding.check])
    return replace(finding, sentence=_as_left_out(finding.sentence, left_out))


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
    return without_folder(text, group).replace("bias[0]", "the master bias")
