# Licensed under a 3-clause BSD style license - see LICENSE
"""What a sensor is like, whether its results can be used, what is wrong, and what to do: in sentences."""

import re
from dataclasses import dataclass

from .._interface.number_text import percent_text, plain_number, with_error
from ..frames.evidence.finding import DOUBTFUL, UNKNOWN, WRONG
from .glossary import FLAG_WORDS
from .verdict import counted, doubts

__all__ = [
    "BADGES", "CARE", "CHECK_WORDS", "SETTLED", "SOUND", "WAIT", "Problem", "next_steps", "problems", "sensor_sentence",
    "sentence", "state", "unknown",
]  # fmt: skip

#: What may be done with the results: use them, use them with care, do not use them.
SOUND, CARE, WAIT = ("ok", "doubtful", "wrong")
#: The same in two words, with a sign.
BADGES = {SOUND: "✓ Sound", CARE: "! Use with care", WAIT: "✗ Do not use yet"}
#: In place of the verdict of a check: the report has put it right.
SETTLED = "settled"

#: What each check is about, for people.
CHECK_WORDS = {
    "frames": "frames that do not fit the others",
    "duplicates": "copies of frames",
    "exposure": "exposure times",
    "temperature": "temperature of the sensor",
    "combined": "frames that are means of others",
    "digits": "numbers in the files",
    "scale": "unit of the values",
    "saturation": "saturation",
    "clipping": "values cut off below",
    "gain": "gain",
    "read noise": "read noise",
    "bias": "level of the bias",
    "optical black": "optical black",
    "light": "light on the sensor",
    "result": "the result as a whole",
}
# What to do about a check whose sentence does not tell.
_ADVICE = {
    "frames": "Leave these frames out, or take them again, and make the report once more",
    "duplicates": "Nothing, if the copies are meant: each frame is used once",
    "exposure": "Tell the exposure time by --exposure or --exposure-key",
    "temperature": "Take bias frames and darks at one temperature of the sensor, once it has settled",
    "saturation": "Tell the saturation level by --saturation",
    "light": "Close the shutter and cover the telescope, and take these frames again",
    "result": "Use the dark rates, and leave the flags alone until the read noise of each pixel is known",
}
_VERBS = (
    "take|give|add|pass|raise|see|leave|better leave|use|tell|measure|set|put|make|close|cover|check|mend|read|keep|"
    "subtract|lower|do not"
)
# Where a sentence begins to tell what to do.
_ADVISES = re.compile(rf"(?:\. |: |; )(?=(?:{_VERBS})\b)", re.IGNORECASE)
# Frames that a sentence names.
_NAMED = 3


@dataclass(frozen=True)
class Problem:
    """Something that is wrong or doubtful, or was put right."""

    check: str
    verdict: str  # 'wrong', 'doubtful', or `SETTLED`
    about: str  # what it is about, for people
    what: str  # sentences: what is wrong, and how the frames show it
    advice: str  # a sentence: what to do


def problems(measured):
    """List of `Problem` of a `Measured`, the worst first."""
    found = [_problem(finding, measured) for finding in doubts(measured.findings)]
    return sorted(found, key=lambda one: (WRONG, DOUBTFUL, SETTLED).index(one.verdict))


def _problem(finding, measured):
    about, text = CHECK_WORDS.get(finding.check, finding.check), finding.sentence
    if finding.check in measured.settled:
        left_out = _left_out(measured.unusable) if finding.check == "frames" else ""
        return Problem(finding.check, SETTLED, about, left_out or sentence(text), "")
    parts = _ADVISES.split(text, maxsplit=1)
    what, advice = (text, _ADVICE.get(finding.check, "")) if len(parts) == 1 else parts
    return Problem(finding.check, finding.verdict, about, sentence(what), sentence(advice))


def _left_out(unusable):
    """A sentence on the frames that were left out."""
    told = [f"{item.name} ({item.reason})" for item in unusable]
    more = f", and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"Left out: {', '.join(told[:_NAMED])}{more}." if told else ""


def sentence(text):
    """A text as a sentence: with a capital letter, and a full stop."""
    text = text.strip().removesuffix(".")
    # The name of a file stays as it is.
    first = text.partition(" ")[0]
    return f"{text[:1].upper() if first.isalpha() else text[:1]}{text[1:]}." if text else ""


def state(measured):
    """What may be done with the results of a `Measured`: SOUND, CARE or WAIT."""
    verdicts = {problem.verdict for problem in problems(measured)}
    return WAIT if WRONG in verdicts else CARE if DOUBTFUL in verdicts else SOUND


def sensor_sentence(measured):
    """One or two sentences: dark current and hot pixels of a sensor, and whether the results can be used."""
    rate, error = measured.typical_rates["all"]
    celsius = measured.group.temperature
    at = "" if celsius is None else f" at {_degrees(celsius)}"
    told = {
        SOUND: f"The frames are sound{', as far as they can tell' if unknown(measured) else ''}: use the results.",
        CARE: "Use the results with care: something is doubtful, see below.",
        WAIT: "Do not use these results yet: something is wrong, see below.",
    }[state(measured)]
    if state(measured) == WAIT:
        value = with_error(rate, error, "electron/s")
        return f"{told} What the frames give as the dark current of a typical pixel{at}, {value}, may be far off."
    return f"{_dark_current(rate, error, at)}; {_hot(measured.mask)}. {told}"


def unknown(measured):
    """What the frames cannot tell of, for people."""
    return [CHECK_WORDS.get(one.check, one.check) for one in measured.findings if one.verdict == UNKNOWN]


def _dark_current(rate, error, at):
    value = with_error(rate, error, "electron/s")
    if error is not None and rate < 2 * error:
        return f"A typical pixel has no dark current that these frames could measure{at}: {value}"
    return f"A typical pixel of this sensor has a dark current of {value}{at}"


def _hot(mask):
    hot, threshold = mask.meta["NHOT"], plain_number(mask.meta["DKTHRESH"])
    share = percent_text(hot, mask.data.size) if hot else "none"
    return f"{share} of its pixels {'are' if hot else 'is'} {FLAG_WORDS['HOT'].words} (above {threshold} electron/s)"


def _degrees(celsius):
    return f"{round(celsius) + 0} °C"


# Fewest frames of an exposure time, and of the bias, that are enough not to ask for more.
_FEW_DARKS, _FEW_BIASES = 3, 10


def next_steps(measured):
    """List of sentences: what to do next, the most urgent first."""
    steps = []
    if state(measured) == WAIT:
        steps.append("Mend what is wrong above, and make this report again before you use its files.")
    elif state(measured) == CARE:
        steps.append("Look at what is doubtful above before you use the files: it may spoil them.")
    if not measured.has_bias:
        steps.append(
            "Take 20 bias frames along with the next darks, in the same setting: they give a dark current for each "
            "exposure time, and darks that can be subtracted."
        )
    elif measured.bias is not None and 0 < measured.bias.meta["NCOMBINE"] < _FEW_BIASES:
        frames = counted(measured.bias.meta["NCOMBINE"], "bias frame")
        steps.append(f"Take 20 bias frames or more: the noise of the mean of {frames} is in all that is measured.")
    if len(measured.exposures) == 1:
        (seconds, _), *_ = measured.exposures
        steps.append(
            f"Take darks of a second exposure time, a third of {seconds:g} s or less: they tell which hot pixels are "
            "proportional to exposure time, and need not be masked."
        )
    if any(len(frames) < _FEW_DARKS for _, frames in measured.exposures):
        steps.append(
            "Take 5 darks or more of each exposure time: from one or two, a cosmic ray cannot be told from a bad pixel."
        )
    if state(measured) != WAIT:
        steps.append(
            "Reduce your science frames with the lines below. Keep the folder of this page: ccdproc-darks compare then "
            "tells what has changed in the next night's darks."
        )
    return steps
