# Licensed under a 3-clause BSD style license - see LICENSE
"""The words of a page: what each means, in a sentence; and the flags of a mask in plain words."""

from dataclasses import dataclass

__all__ = ["FLAG_WORDS", "GLOSSARY", "FlagWords", "address"]

#: Short definition of each word; the glossary of the documentation has more of each.
GLOSSARY = {
    "bad line": "A column or row of which more pixels are bad, or higher or lower, than those beside it allow: as a "
    "whole, or from a pixel on, as above a trap.",
    "bias": "The level of a frame without exposure. The master bias is the mean of bias frames, which is subtracted "
    "from each dark.",
    "common offset": "Electrons that one set of frames has more than the others in every pixel, as after a drift of "
    "the bias level.",
    "dark current": "Electrons that a pixel collects without light, per second of exposure (electron/s); also called "
    "the dark rate.",
    "error": "Standard error: the true value is within it with a probability of 68 %, within twice it with 95 %.",
    "exposure time": "Time (s) in which a frame collects dark current.",
    "flag": "One bit that says one thing about a pixel; a pixel can have several. The mask file has them.",
    "gain": "Electrons that one count stands for (electron/adu).",
    "hot": "A pixel whose dark current is above the threshold. Where it is proportional, subtracting a dark removes "
    "it, and it is not masked.",
    "mask": "True where a pixel must not be used.",
    "not proportional": "A pixel whose dark counts do not grow in proportion to exposure time, by more than noise and "
    "tolerance allow: a dark of another exposure time does not remove it (flag NONLINEAR).",
    "proportional": "A pixel whose dark electrons are its dark current times the exposure time, so that every exposure "
    "time gives the same dark current.",
    "read noise": "Standard deviation (electron) that the reading of one frame adds to each pixel.",
    "saturated": "A pixel that reads no more, however much charge it collects.",
    "significance": "How unlikely it is that noise alone makes a good pixel depart so far, in sigmas.",
    "telegraph": "A pixel that switches between two dark currents by itself, so that equal frames scatter more in it "
    "than their noise allows.",
    "threshold": "Dark current (electron/s) above which a pixel is hot.",
    "tolerance": "Smallest departure from proportionality that counts, as a fraction of the dark current.",
    "too faint to be tested": "A pixel so noisy, for its dark electrons, that a departure as large as the tolerance "
    "would be missed more often than found. That is normal and harmless: it is not masked for that (flag "
    "UNRELIABLE_DARK, where it is hot).",
    "typical pixel": "A pixel that has the dark current most pixels have: the median of the pixels' true rates, with "
    "the noise taken off.",
    "width": "How many times wider good pixels scatter than their noise says; 1 where the noise is understood.",
}


def address(term):
    """Fragment that the glossary of a page has a word at."""
    return f"term-{term.replace(' ', '-')}"


@dataclass(frozen=True)
class FlagWords:
    """A flag in plain words."""

    words: str  # what such a pixel is called
    meaning: str  # what it is, with {threshold} and {tolerance}
    masked: str  # whether it is masked for that
    term: str  # where the glossary has more


#: Plain words of each flag, by its name.
FLAG_WORDS = {
    "HOT": FlagWords("hot", "dark current above {threshold}", "no: subtracting a dark removes it", "hot"),
    "NONLINEAR": FlagWords(
        "not proportional", "its counts do not grow in proportion to exposure time, by more than {tolerance}", "yes",
        "not proportional",
    ),
    "TELEGRAPH": FlagWords("jumping", "its dark current changes by itself, from frame to frame", "yes", "telegraph"),
    "SATURATED": FlagWords("saturated", "full in every frame of an exposure time", "yes", "saturated"),
    "UNRELIABLE_DARK": FlagWords(
        "hot, but too faint to be tested (normal)", "its noise would hide a departure of {tolerance}", "no",
        "too faint to be tested",
    ),
    "UNRELIABLE_ERROR": FlagWords(
        "noisy to read", "noisier to read than the sensor's other pixels, or its reading jumps", "no", "read noise"
    ),
    "OTHER_BAD_PIXEL": FlagWords("in a bad column or row", "and not masked for another reason", "yes", "bad line"),
    "DO_NOT_USE": FlagWords(
        "masked, for whatever reason", "one of the above that is masked, or no usable sample", "yes", "mask"
    ),
}  # fmt: skip
