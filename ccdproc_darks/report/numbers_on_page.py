# Licensed under a 3-clause BSD style license - see LICENSE
"""Numbers of a group, as a page shows them: rates, flags, and what is known of the camera."""

from .._interface.number_text import plain_number, share_text, with_error
from ..frames.evidence.finding import UNKNOWN
from .glossary import FLAG_WORDS
from .summary import flag_counts, rate_rows
from .verdict import counted

__all__ = ["facts", "flag_rows", "rate_table", "threshold_text", "times_text", "untested_text"]

# Scatter of good pixels over their noise from which on it is told why.
_DIFFER = 1.1
# Where the saturation level is from, by DKSATSRC.
_SATURATION_SOURCES = {
    "argument": "as given",
    "header": "from the headers",
    "ADC": "the highest value of these integers; if the sensor clips lower, tell by --saturation",
    "found": "found: brighter pixels read no more",
}
# Exposure times that are listed one by one.
_MOST_TIMES = 5


def facts(measured):
    """List of pairs: what is known of the frames and the camera, and its value."""
    meta = measured.rate.meta
    used = counted(sum(len(frames) for _, frames in measured.exposures), "dark")
    found = [("darks used", f"{used}: {times_text(measured)}")]
    if measured.bias is not None:
        found.append(("bias used", counted(measured.bias.meta["NCOMBINE"], "bias frame")))
    if measured.group.temperature is not None:
        found.append(("temperature", f"{measured.group.temperature + 0.0:.1f} °C".replace("-0.0", "0.0")))
    if "DKGAIN" in meta:
        error = measured.camera.gain_error
        gain = with_error(meta["DKGAIN"], None if error is None else error.value, "electron/adu")
        found.append(("gain", f"{gain} ({measured.camera.gain_source}{_not_confirmed(measured, 'gain')})"))
    if "DKRDNOI" in meta:
        source = f"{measured.noise_source}{_not_confirmed(measured, 'read noise')}"
        noise = f"{plain_number(meta['DKRDNOI'])} electron ({source})"
        if measured.bias_noise is not None and "bias" not in measured.noise_source:
            noise += f"; the bias frames scatter by {plain_number(measured.bias_noise)} electron"
        found.append(("read noise", noise))
    if "DKSATUR" in meta:
        unit = measured.group.darks[0].file.unit
        found.append(("saturated", f"from {meta['DKSATUR']:.5g} {unit} ({_SATURATION_SOURCES[meta['DKSATSRC']]})"))
    return found


def _not_confirmed(measured, check):
    """A remark on what is told, where these frames show another value that cannot be relied on."""
    finding = next((one for one in measured.findings if one.check == check), None)
    if finding is None or finding.verdict != UNKNOWN or finding.found is None or finding.told is None:
        return ""
    return "; these frames cannot confirm it"


def times_text(measured):
    """Exposure times and numbers of the darks used."""
    if len(measured.exposures) > _MOST_TIMES:
        (first, _), *_, (last, _) = measured.exposures
        return f"{len(measured.exposures)} exposure times from {first:g} to {last:g} s"
    return ", ".join(f"{len(frames)} x {seconds:g} s" for seconds, frames in measured.exposures)


def rate_table(measured):
    """Rows of exposure time, number of frames, typical dark current with its error, pixels without a value."""
    return [
        (label, str(frames), with_error(typical, error), share_text(lacking, measured.mask.data.size))
        for label, frames, typical, error, lacking in rate_rows(measured)
    ]


def flag_rows(mask):
    """Rows of each flag: its words, what it means, number of pixels (None: not tested), whether it masks, its name."""
    limits = {
        "threshold": f"{plain_number(mask.meta['DKTHRESH'])} electron/s",
        "tolerance": f"{100 * mask.meta['DKTOLER']:g} % of its dark current",
    }
    return [
        {
            "words": (words := FLAG_WORDS[name]).words,
            "term": words.term,
            "meaning": words.meaning.format(**limits),
            "pixels": None if count is None else share_text(count, mask.data.size),
            "masked": "yes: nothing shows that they are proportional" if _all_masked(name, mask) else words.masked,
            "name": name,
        }
        for name, count in flag_counts(mask).items()
    ]


def _all_masked(name, mask):
    return name == "HOT" and "DKSIGMA" not in mask.meta


def untested_text(mask):
    """Number of pixels that are too faint to be tested, or an empty text."""
    untested = mask.meta.get("NNOTEST")
    return share_text(untested, mask.data.size) if untested else ""


def threshold_text(mask):
    """A sentence on the threshold of hot pixels."""
    meta = mask.meta
    text = f"A pixel above {plain_number(meta['DKTHRESH'])} electron/s is hot"
    if "DKTYPIC" in meta:
        differ = " (their dark rates differ, on a CMOS sensor by much)" if meta["DKHOTWID"] > _DIFFER else ""
        text += (
            f": a typical pixel has {with_error(meta['DKTYPIC'], meta['DKTYPERR'])}, good pixels scatter "
            f"{meta['DKHOTWID']:.2f} times as much as their noise{differ}, and {_expected(meta)} expected above the "
            "threshold"
        )
    return f"{text}."


def _expected(meta):
    if "DKFDR" in meta:
        return f"{100 * meta['DKFDR']:g} % of the pixels flagged are good ones that are"
    number = f"{meta['DKFALSE']:g}"
    return "1 good pixel is" if number == "1" else f"{number} good pixels are"
