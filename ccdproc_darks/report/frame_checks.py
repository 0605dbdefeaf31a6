# Licensed under a 3-clause BSD style license - see LICENSE
"""All checks of some frames, one after the other: what is wrong becomes a finding, and the others go on without it."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from astropy import units as u

from .._interface.arguments import GAIN_UNIT
from .._interface.warnings import (
    BiasWarning,
    DuplicateFrameWarning,
    FrameLevelWarning,
    LightWarning,
    NoiseWarning,
    NoUsablePixelWarning,
    TemperatureWarning,
    collected,
)
from ..frames.belonging import check_bias, check_biases, check_darks
from ..frames.cards import header_number
from ..frames.duplicates import check_not_a_dark, distinct_frames, earlier_copies
from ..frames.evidence.finding import DOUBTFUL, OK, UNKNOWN, WRONG, Finding, Told, told_by
from ..frames.evidence.frame_group import FrameGroup
from ..frames.evidence.noise_spread import FEWEST_FRAMES, noise_spread
from ..frames.evidence.photon_transfer import photon_transfer
from ..frames.evidence.pixel_findings import pixel_findings
from ..frames.exposure_time import exposure_doubts
from ..frames.headers import (
    GAIN_KEYS,
    READ_NOISE_KEYS,
    SAME_SETTING,
    SATURATION_KEYS,
    common_setting,
    exposures,
    frame_settings,
)
from ..frames.inputs import sample
from ..rates.frame_selection import mean_temperature, select_biases, select_frames, warn_temperatures
from .gain_told import with_gain_told
from .result_finding import NOT_BELIEVED, result_findings
from .sampled_result import sampled_result
from .settings import Settings
from .verdict import counted, doubts, joined

__all__ = ["CHECKS", "FrameChecks"]

#: Names of the checks, in the order of the table.
CHECKS = (
    "frames", "duplicates", "exposure", "temperature", "combined", "digits", "scale", "saturation", "clipping", "gain",
    "read noise", "bias", "optical black", "light", "result",
)  # fmt: skip

# The check that a warning belongs to, where it is not that of the step which warns.
_CHECK_OF = {
    DuplicateFrameWarning: "duplicates",
    FrameLevelWarning: "frames",
    LightWarning: "light",
    TemperatureWarning: "temperature",
    NoUsablePixelWarning: "result",
}
# Checks that tell of levels, and of the noise: what results show of these is not told once more.
_OF_LEVELS, _OF_NOISE = ("bias", "optical black"), ("gain", "read noise")
# Frames that a sentence names, where the same is wrong in many.
_NAMED = 3


@dataclass
class FrameChecks:
    """Checks of darks and their bias.

    Attributes
    ----------
    darks : list
        Frames (`ccdproc_darks.frames.inputs.MemoryFrame` or `ccdproc_darks.frames.file_frame.FileFrame`).
    settings : `Settings`
        What the user tells.
    biases : list
        Single bias frames.
    master : frame or None
        Master bias.
    level : float or None
        Bias level (the frames' unit).
    looks_at_result : bool
        Whether rates and mask of a sample are made, and looked at.
    findings : list of `Finding`
        What was found so far.
    """

    darks: list
    settings: Settings
    biases: list = field(default_factory=list)
    master: object = None
    level: float | None = None
    looks_at_result: bool = True
    findings: list = field(default_factory=list)

    def run(self):
        """Run all checks; returns a list with one `Finding` of each, in the order of `CHECKS`."""
        given = len(self.darks), len(self.biases) + (self.master is not None)
        seconds = self._seconds()
        takes_bias = bool(self.biases or self.master is not None or self.level)
        if self.settings.check_headers:
            self.darks = self._belonging(self.darks, partial(check_darks, subtracts_bias=takes_bias))
            self.biases = self._belonging(self.biases, check_biases)
        self._check_duplicates(seconds)
        self._check_temperatures()
        why_unknown, are_looked_at = "the frames cannot tell", False
        if not self.darks:
            why_unknown = "not looked at: no darks are left"
        elif any(dark not in seconds for dark in self.darks):
            why_unknown = "not looked at: exposure times are not known"
        else:
            self._check_bias(min(seconds[dark] for dark in self.darks))
            times, told, combined = [seconds[dark] for dark in self.darks], self._told(), self._combined()
            group = FrameGroup(self.darks, times, self.biases, self.master, self.level, told, combined)
            are_looked_at = self._check_pixels(group, combined)
            if not are_looked_at:
                why_unknown = "not looked at: the values are no counts (scale)"
        self._say_what_is_fine(given, seconds, are_looked_at)
        return [joined(check, self.findings, why_unknown) for check in CHECKS]

    # Steps

    def _try(self, check, call, *arguments, **options):
        """Result of a call, whose error or warnings become findings; None after an error."""
        found = None
        with collected() as warned:
            try:
                found = call(*arguments, **options)
            except ValueError as error:
                self.findings.append(Finding(check, WRONG, _without_stop(str(error))))
        for text, category in warned:
            verdict = WRONG if category is DuplicateFrameWarning else DOUBTFUL
            self._add(Finding(_CHECK_OF.get(category, check), verdict, _without_stop(text)))
        return found

    def _add(self, finding):
        if all(finding.sentence != other.sentence for other in self.findings):
            self.findings.append(finding)

    def _belonging(self, frames, check):
        errors, kinds = {}, []
        for frame in frames:
            before = len(self.findings)
            self._try("frames", check, [frame])
            if any(finding.verdict == WRONG for finding in self.findings[before:]):
                continue
            for kind in kinds:
                error = _error_of(check, [kind[0], frame])
                if error is None:
                    kind.append(frame)
                    break
            else:
                kinds.append([frame])
        kept = max(kinds, key=len, default=[])
        for frame in (frame for kind in kinds if kind is not kept for frame in kind):
            errors[frame] = _error_of(check, [kept[0], frame])
        if errors:
            (_, text), *others = errors.items()
            more = f". The same is so for {_listed([frame.label for frame, _ in others])}" if others else ""
            self.findings.append(Finding("frames", WRONG, f"{_without_stop(text)}{more}"))
        return kept

    def _check_bias(self, shortest):
        """Take out a bias that does not belong to the darks; single bias frames are alike, and one stands for all."""
        bias = self.master or next(iter(self.biases), None)
        if bias is None or not self.settings.check_headers:
            return
        before, settings = len(self.findings), self.settings
        options = {"gain_of_header": settings.gain is None, "exposure": settings.exposure}
        self._try("frames", check_bias, bias, self.darks, shortest=shortest, **options)
        if any(finding.verdict == WRONG for finding in self.findings[before:]):
            self.master, self.biases = None, []

    def _seconds(self):
        """Exposure time (s) of each frame that has one."""
        given, frames = self.settings.exposure, self.darks
        if isinstance(given, u.Quantity):
            return dict(zip(frames, exposures(given, frames), strict=True))
        seconds, errors = {}, []
        for frame in frames:
            try:
                (seconds[frame],) = exposures(given, [frame])
            except ValueError as error:
                errors.append(str(error))
        if errors:
            self.findings.append(Finding("exposure", WRONG, _and_more(errors)))
            # Without any, what needs no time can still be checked.
            self.darks = [frame for frame in frames if frame in seconds] or frames
        if given is None and seconds and self.settings.check_headers:
            self.findings += [Finding("exposure", *doubt) for doubt in exposure_doubts(self.darks)]
        return seconds

    def _check_duplicates(self, seconds):
        frames = self.darks + self.biases + ([] if self.master is None else [self.master])
        copies = {frames[copy]: frames[first] for copy, first in earlier_copies(frames).items()}
        if not copies:
            return
        times = [seconds.get(dark, 0.0) for dark in self.darks]
        self._try("duplicates", distinct_frames, self.darks, times)
        if self.biases:
            self._try("duplicates", distinct_frames, self.biases)
        for copy, first in copies.items():
            if first in self.darks and copy not in self.darks:
                self._try("duplicates", check_not_a_dark, copy, [first])
        self.darks = [frame for frame in self.darks if frame not in copies]
        self.biases = [frame for frame in self.biases if frame not in copies]
        if self.master in copies:
            self.master = None

    def _check_temperatures(self):
        if self.darks:
            self._try("temperature", warn_temperatures, self.darks)

    def _combined(self):
        """Number of exposures that each dark is the mean of; 1 where nothing tells."""
        if self.settings.n_combined is not None:
            return [self.settings.n_combined] * len(self.darks)
        numbers = [
            self._try("combined", header_number, dark, "NCOMBINE") if "NCOMBINE" in dark.header else None
            for dark in self.darks
        ]
        return [int(number) if number is not None and number >= 1 else 1 for number in numbers]

    def _told(self):
        """`Told` of all that is told, by its name."""
        settings, frames, told = self.settings, self.darks, {}

        def common(check, given, unit, keys, **options):
            name = check.replace(" ", "_")

            def value():
                found = frame_settings(name, given, frames, unit, keys, **options)
                return common_setting(name, found, frames, SAME_SETTING)

            return self._setting(check, given, value)

        unit = frames[0].unit
        gain = common("gain", settings.gain, GAIN_UNIT, GAIN_KEYS)
        convert = [(u.adu, u.electron, lambda x: x * gain, lambda x: x / gain)] if gain else []
        saturation = {"keys": SATURATION_KEYS if unit == u.adu or gain else (), "header_unit": u.adu}
        for name, value, given, keys in (
            ("gain", gain, settings.gain, GAIN_KEYS),
            ("read_noise", common("read noise", settings.read_noise, u.electron, READ_NOISE_KEYS, zero=True),
             settings.read_noise, READ_NOISE_KEYS),
            ("saturation", common("saturation", settings.saturation, unit, equivalencies=convert, **saturation),
             settings.saturation, SATURATION_KEYS),
        ):  # fmt: skip
            if value is not None:
                told[name] = Told(value, told_by(given, keys))
        if settings.n_combined is not None:
            told["n_combined"] = Told(float(settings.n_combined), "argument")
        return told

    def _setting(self, check, given, call, *arguments):
        """What is told. A wrong argument is an error; a wrong header a finding."""
        if isinstance(given, u.Quantity):
            return call(*arguments)
        return self._try(check, call, *arguments)

    def _check_pixels(self, group, combined):
        """Look at the pixels; False where their values are no counts, of which nothing else can be said."""
        if self.settings.measures_gain and (gain := photon_transfer(group, None).gain) is not None:
            group.told["gain"] = Told(gain, "argument")
        self.findings += [with_gain_told(one, group, self.settings) for one in pixel_findings(group)]
        if self._is_wrong("scale"):
            return False
        gain, noise = self._value(group, "gain", GAIN_UNIT), self._value(group, "read noise", u.electron)
        scale = gain if group.unit == u.adu else 1.0
        # The scatter of values that are cut off is no read noise.
        is_cut_off = "clipping" in (one.check for one in doubts(self.findings))
        spread = None if is_cut_off else noise_spread(group, noise)
        finding = None if spread is None else spread.finding(len(self.biases))
        if finding is not None:
            self._add(finding)
        level = self._level(group) * (scale or 1.0)
        for seconds, indices in group.sets:
            selection = select_frames([self.darks[index] for index in indices], scale or 1.0, level)
            self._try("frames", selection.warn, f"frames of {seconds:g} s", ", and shifts all rates")
        if self.biases:
            selection = select_biases(self.biases, scale or 1.0)
            self._try("frames", selection.warn, "bias frames")
            noise = selection.read_noise() if noise is None else noise
        if self.looks_at_result and scale is not None:
            is_one = spread is None or spread.one_will_do is not False
            self._check_result(group, gain, noise, combined, is_one)
        return True

    def _value(self, group, check, unit):
        """What is told, or what the frames show where that is refuted or nobody tells; a float in a unit, or None."""
        told = group.told.get(check.replace(" ", "_"))
        found = next((one.found for one in self.findings if one.check == check and one.found is not None), None)
        if found is None or (told is not None and not self._is_wrong(check)):
            return None if told is None else told.value
        if told is not None:
            text = f"rates and mask are made with the {check} that the frames show"
            self.findings.append(Finding("result", OK, text))
        return u.Quantity(found).to_value(unit)

    def _is_doubt(self, check):
        return any(one.check == check and one.is_doubt for one in self.findings)

    def _is_wrong(self, check):
        return any(one.check == check and one.verdict == WRONG for one in self.findings)

    def _check_result(self, group, gain, noise, combined, one_noise):
        """Findings about rates and mask of a sample; ``one_noise`` tells whether one read noise will do."""
        is_given = "read_noise" in group.told and group.told["read_noise"].is_given
        with_map = not (one_noise or is_given) and len(self.biases) >= FEWEST_FRAMES
        shifted, noisy = (any(map(self._is_doubt, checks)) for checks in (_OF_LEVELS, _OF_NOISE))
        with collected() as warned:
            try:
                blacks = [one.found for one in self.findings if one.check == "optical black" and one.is_doubt]
                rates, mask, has_bias = sampled_result(group, gain, noise, combined, *blacks, with_map=with_map)
                self.findings += result_findings(rates, mask, has_bias=has_bias and not shifted)
                if not (one_noise or with_map):
                    self.findings.append(Finding("result", DOUBTFUL, NOT_BELIEVED))
            except ValueError as error:
                self.findings.append(Finding("result", UNKNOWN, _without_stop(str(error))))
        # Of the sample, the others would be told once more in other numbers. Electrons of a bias that is too high are
        # below zero, and their Poisson noise is not expected.
        is_told = {BiasWarning: shifted, NoiseWarning: noisy or shifted, NoUsablePixelWarning: False}
        for text, category in warned:
            if not is_told.get(category, True):
                self._add(Finding("result", DOUBTFUL, _without_stop(text)))

    def _level(self, group):
        """Level of the bias (the frames' unit); 0 where there is none."""
        if self.level is not None:
            return self.level
        if group.bias_sample is not None:
            return float(np.median(group.bias_sample.values[0]))
        if self.master is None:
            return 0.0
        values = sample(self.master, group.blocks).data
        finite = values[np.isfinite(values)]
        return float(np.median(finite)) if finite.size else 0.0

    # Sentences

    def _say_what_is_fine(self, given, seconds, are_looked_at):
        darks, biases = given
        frames = " and ".join(counted(*one) for one in ((darks, "dark"), (biases, "bias frame")) if one[0])
        fine = {"frames": Finding("frames", OK, f"{frames} belong together, as far as their headers and levels tell")}
        fine["duplicates"] = Finding("duplicates", OK, "no frame is a copy of another one")
        times = sorted({round(time, 6) for time in seconds.values()})
        if times:
            listed = ", ".join(f"{time:g} s" for time in times)
            if len(times) > _NAMED:
                listed = f"{len(times)} times from {times[0]:g} s to {times[-1]:g} s"
            fine["exposure"] = Finding("exposure", OK, f"the darks are of {listed}", told=listed)
        celsius = mean_temperature(self.darks) if not self._has("temperature") and self.darks else None
        if celsius is not None:
            text = f"the darks were taken at {round(celsius, 1) + 0.0:.1f} deg C, within 2 deg C"
            fine["temperature"] = Finding("temperature", OK, text, told=celsius * u.deg_C)
        elif not self._has("temperature"):
            fine["temperature"] = Finding("temperature", UNKNOWN, "the headers tell no temperature of the sensor")
        if are_looked_at and len(self.darks) > len({round(time, 3) for time in seconds.values()}):
            fine["light"] = Finding("light", OK, "no stars in the frames, and no flats among them")
        for check, finding in fine.items():
            if not self._has(check):
                self.findings.append(finding)

    def _has(self, check):
        return any(finding.check == check for finding in self.findings)


def _error_of(check, frames):
    """Text of the error of a check, or None."""
    with collected():
        try:
            check(frames)
        except ValueError as error:
            return str(error)
    return None


def _and_more(texts):
    return _without_stop(texts[0]) + (f" (and {len(texts) - 1} more like it)" if len(texts) > 1 else "")


def _listed(names):
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _without_stop(text):
    return text.removesuffix(".")
