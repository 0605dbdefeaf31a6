# Licensed under a 3-clause BSD style license - see LICENSE
"""The result of one check: what the frames show, what headers or arguments tell, and what to do."""

from dataclasses import dataclass

from astropy import units as u
from astropy.nddata import CCDData
from ccdproc import Keyword

__all__ = ["DOUBTFUL", "OK", "UNKNOWN", "VERDICTS", "WRONG", "Finding", "Told", "told_by"]

OK, DOUBTFUL, WRONG, UNKNOWN = VERDICTS = ("ok", "doubtful", "wrong", "unknown")


@dataclass(frozen=True)
class Told:
    """A value that the user or the headers tell, such as the gain."""

    value: float  # in the unit that the setting is kept in
    source: str  # 'argument', 'map' (an argument that tells each pixel's, of which this is typical), or the header key

    @property
    def is_given(self):
        """Whether the user gave it as an argument."""
        return self.source in ("argument", "map")


def told_by(argument, keys):
    """Source of a setting, for `Told`: 'argument', 'map' or a header key, by default the first of ``keys``."""
    if argument is None:
        return keys[0]
    if isinstance(argument, str | Keyword):
        return getattr(argument, "name", argument)
    return "map" if isinstance(argument, CCDData) else "argument"


@dataclass(frozen=True)
class Finding:
    """The result of one check of frames.

    Attributes
    ----------
    check : str
        Name of the check, such as "saturation".
    verdict : str
        "ok"; "doubtful", where a result may be off; "wrong", where it is; "unknown", where the frames cannot tell.
    sentence : str
        What is so, how the frames show it, and what to do. Without a full stop at its end.
    found : Quantity, number, str or None
        What the frames show.
    told : Quantity, number, str or None
        What headers or arguments tell.
    """

    check: str
    verdict: str
    sentence: str
    found: u.Quantity | float | str | None = None
    told: u.Quantity | float | str | None = None

    @property
    def is_doubt(self):
        """Whether the user should be warned."""
        return self.verdict in (DOUBTFUL, WRONG)
