# Licensed under a 3-clause BSD style license - see LICENSE
"""Type of a frame as its header tells it: dark, bias, flat or light; single, or a master of several."""

import re
from contextlib import suppress

from .cards import header_value
from .header_keys import TYPE_KEYS

__all__ = ["BIAS", "DARK", "FLAT", "LIGHT", "frame_type", "is_master", "type_key", "types_and_keys"]

# Types of frames, and words of a header that mean a light (or several), or begin so. Unknown words tell nothing.
DARK, BIAS, FLAT, LIGHT = "dark", "bias", "flat", "light"
_LIGHT_WORDS = {"object", "obj", "sky", "arc", "comp", "comparison", "lamp", "standard", "focus"}
_LIGHT_BEGINS, _FLAT_BEGINS = ("light", "sci", "target", "expose"), ("twi", "dome")
# French programs call a bias an offset: alone, or with words such as these. An 'offset sky' is none.
_OFFSET = re.compile(r"(?:(?:master|super|raw|frame|image)[\s_-]*)*offsets?(?:[\s_-]*(?:master|raw|frame|image))*")
# What was done to a frame, and not what it is: 'Light (dark subtracted)', 'bias-corrected dark'.
_DONE = re.compile(
    r"\b(?:(?:dark|bias|zero|offset|flat)(?:frame|and|[\s_,&+/-])*)+(?:subtract|correct|remov|divid|fielded)\w*"
)
_MASTER = re.compile(r"master|super|stack|combined|\bmean|median|average|integrat")


def frame_type(header):
    """Type of a frame by its header: 'dark', 'bias', 'flat' or 'light'; None where that does not tell."""
    return next(types_and_keys(header, set(header)), (None, None))[0]


def type_key(header):
    """The header key that tells the type of a frame; else the first of such keys that is there; None without one."""
    known = set(header)
    told = next(types_and_keys(header, known), None)
    return next((key for key in TYPE_KEYS if key in known), None) if told is None else told[1]


def is_master(header):
    """Whether a header tells of several frames that were combined: 'Master Bias', or NCOMBINE above 1."""
    known = set(header)
    texts = (_text(header, key) for key in TYPE_KEYS if key in known)
    if any(text and _MASTER.search(text) for text in texts):
        return True
    with suppress(TypeError, ValueError):
        return float(header_value(header, "NCOMBINE", 1)) > 1
    return False


def types_and_keys(header, known):
    """Type and key of each key that tells one; ``known`` are the keys that the header has.

    Raises ValueError where a card cannot be read, or is ambiguous.
    """
    for key in TYPE_KEYS:
        text = _text(header, key) if key in known else None
        found = _type_of(text) if text else None
        if found is not None:
            yield found, key


def _text(header, key):
    """Text of a key without case and blanks, or None. FRAME may be a number."""
    value = header_value(header, key)
    return " ".join(value.lower().split()) if isinstance(value, str) else None


def _type_of(text):
    text = _DONE.sub(" ", text)
    text = re.sub(r"\([^)]*\)", " ", text).strip() or text.strip("() ")
    words = re.findall("[a-z]+", text)
    # The dark of a flat is a dark.
    if "dark" in text:
        return DARK
    if "bias" in text or any(word.startswith("zero") for word in words) or _OFFSET.fullmatch(text):
        return BIAS
    if "flat" in text or any(word.startswith(_FLAT_BEGINS) for word in words):
        return FLAT
    is_light = any(
        word.startswith(_LIGHT_BEGINS) or word in _LIGHT_WORDS or word.removesuffix("s") in _LIGHT_WORDS
        for word in words
    )
    return LIGHT if is_light else None
