# Licensed under a 3-clause BSD style license - see LICENSE
"""What a header says was subtracted from its frame already: a bias, a dark."""

import re
from dataclasses import dataclass

from .cards import header_value
from .header_keys import SUBTRACTION_KEYS

__all__ = ["SAYS_SUBTRACTED", "Subtraction", "subtractions"]

# Keys without which a header tells nothing of what was subtracted.
SAYS_SUBTRACTED = frozenset({*SUBTRACTION_KEYS, "CALSTAT", "HISTORY"})

# CALSTAT of MaxIm DL and AstroImageJ: B, D and F, for bias, dark and flat.
_LETTERS = {"B": "bias", "D": "dark"}
_CALSTAT = re.compile("[A-Z]{1,6}")
# What a key has where nothing was done, or is still to be done (PERFORM: space telescopes).
_NOT_DONE = re.compile(r"(?:|f|false|n|no|none|not\b.*|omit\w*|skip\w*|perform|off|0+(?:\.0*)?|n/a|unknown|undefined)")
# 'Bias Subtraction (Bias 1, 1024 x 1024)' of MaxIm DL; 'Dark subtracted'; 'subtracted master bias.fits'.
_HISTORY = re.compile(
    r"\b(?:(?P<first>bias|zero|dark)[\s_-]*(?:frame|level|image|current|correction)?[\s_-]*(?:was |is )?subtract"
    r"|subtract(?:ed|ing|ion of)?[\s_-]+(?:the |a )?(?:master|super)?[\s_-]*(?P<second>bias|zero|dark)\b)"
)
_NEGATION = re.compile(r"\b(?:no|not|without|before|un)\b")


@dataclass(frozen=True)
class Subtraction:
    """Something that was subtracted from a frame, as its header says.

    Attributes
    ----------
    what : str
        'bias' or 'dark'. A dark contains its bias, unless that was subtracted from it.
    key, value : str
        The header key that says so, and its value.
    """

    what: str
    key: str
    value: str

    def __str__(self):
        return f"{self.key} = {self.value!r}"


def subtractions(header):
    """Each `Subtraction` that a header tells, by what was subtracted: a dict of 'bias' and 'dark'."""
    known, found = set(header), {}
    for key, what in SUBTRACTION_KEYS.items():
        if key in known:
            value = header_value(header, key)
            text = str(value).strip()
            # True, or a text such as 'Mar 3 12:10 Zero level correction image is Zero'; a number is a count or a level.
            is_told = value is True or (isinstance(value, str) and not _NOT_DONE.fullmatch(text.lower()))
            if is_told:
                found.setdefault(what, Subtraction(what, key, text))
    if "CALSTAT" in known:
        text = str(header_value(header, "CALSTAT")).strip().upper()
        for letter, what in _LETTERS.items() if _CALSTAT.fullmatch(text) else ():
            if letter in text:
                found.setdefault(what, Subtraction(what, "CALSTAT", text))
    for line in _lines(header, known):
        match = _HISTORY.search(line.lower())
        if match and not _NEGATION.search(line.lower()):
            what = {"zero": "bias"}.get(match["first"] or match["second"], match["first"] or match["second"])
            found.setdefault(what, Subtraction(what, "HISTORY", line))
    return found


def _lines(header, known):
    """Lines of HISTORY."""
    if "HISTORY" not in known:
        return []
    lines = header["HISTORY"]
    return [lines] if isinstance(lines, str) else [str(line).strip() for line in lines]
