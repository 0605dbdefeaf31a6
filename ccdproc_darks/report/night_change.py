# Licensed under a 3-clause BSD style license - see LICENSE
"""The pixels whose dark rate has changed between two nights."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.table import QTable

from .._interface.flags import DARK_FLAGS
from .._interface.warnings import collected
from ..masks.changed_pixels import changed_pixels
from .rate_choice import RateChoice, choose_rates

__all__ = ["KINDS", "NightChange", "night_change"]

#: What a pixel may have become, as `~ccdproc_darks.changed_pixels` calls it.
KINDS = ("born", "healed", "higher", "lower")

_UNSTEADY = DARK_FLAGS.TELEGRAPH | DARK_FLAGS.NONLINEAR


@dataclass(frozen=True)
class NightChange:
    """What has changed between two nights."""

    before: object  # `Night`
    after: object
    is_successive: bool  # else it is that of the first and the last of several nights
    choice: RateChoice
    table: QTable | None  # of `~ccdproc_darks.changed_pixels`, with the flags of both nights; None if not compared
    remarks: tuple  # sentences

    @property
    def label(self):
        """Both nights, for people."""
        return f"night {self.before.number} to {self.after.number}"

    @property
    def file(self):
        """Name of the file of its table."""
        return f"changed_{self.before.number}_to_{self.after.number}.ecsv"

    @property
    def rates(self):
        """Which rates are compared, for people."""
        frames = " and ".join(map(str, self.choice.frames))
        time = "all exposure times" if self.choice.seconds is None else f"{self.choice.seconds:g} s"
        return f"{time} ({frames} darks)"

    @property
    def number(self):
        """Number of pixels that have changed; None where they were not compared."""
        return None if self.table is None else len(self.table)

    @property
    def factor(self):
        """Common factor of all pixels, later over earlier rates; None where there is none."""
        return None if self.table is None else self.table.meta.get("DKSCALE")

    @property
    def unsteady(self):
        """Number of changed pixels that one of the nights flagged TELEGRAPH or NONLINEAR."""
        if self.table is None:
            return None
        flags = np.asarray(self.table["flags_before"]) | np.asarray(self.table["flags_after"])
        return int(np.count_nonzero(flags & _UNSTEADY))

    def count(self, kind):
        """Number of changed pixels of one of the `KINDS`; None where they were not compared."""
        return None if self.table is None else int(np.count_nonzero(self.table["change"] == kind))

    def most_significant(self, number):
        """The rows of so many pixels, the most significant first."""
        order = np.argsort(-np.abs(np.asarray(self.table["significance"])), kind="stable")
        return self.table[order[:number]]

    def sentence(self):
        """All numbers in words."""
        if self.table is None:
            return f"{self.label}: not compared: {self.remarks[-1]}"
        kinds = ", ".join(f"{self.count(kind)} {kind}" for kind in KINDS)
        return f"{self.label}: {self.number} changed pixels ({kinds}), by rates of {self.rates}"

    def numbers(self):
        """All numbers, for the ``meta`` of a table."""
        entry = {
            "before": self.before.number,
            "after": self.after.number,
            "exposure_s": self.choice.seconds,
            "frames": list(map(int, self.choice.frames)),
            "changed": self.number,
            "remarks": list(self.remarks),
        }
        if self.table is not None:
            entry |= {kind: self.count(kind) for kind in KINDS}
            entry |= {"unsteady": self.unsteady, "common_factor": self.factor}
        return entry


def night_change(before, after, *, is_successive=True, **limits):
    """`NightChange` from one `Night` to a later one; ``limits`` are those of `~ccdproc_darks.changed_pixels`."""
    choice = choose_rates(before.group, after.group)
    remarks = [choice.reason] if choice.reason else []
    first, second = before.group.image(choice.before), after.group.image(choice.after)
    try:
        with collected() as told:
            # That they are of one sensor is settled; their settings may be told by one of them alone.
            table = changed_pixels(first, second, read_noise=_map(before.group, after.group, (first, second)), **limits)
    except (ValueError, u.UnitsError) as error:
        return NightChange(before, after, is_successive, choice, None, (*remarks, f"{error}."))
    remarks += [f"{text}." for text, _ in told]
    x, y = np.asarray(table["x"]), np.asarray(table["y"])
    for name, night in (("before", before), ("after", after)):
        table[f"flags_{name}"] = night.group.image("mask.fits").data[y, x]
    return NightChange(before, after, is_successive, choice, table, tuple(remarks))


def _map(before, after, rates):
    """Map of the read noise of each pixel, where rates need one: that of the later night, or else of the earlier."""
    for group, rate in ((after, rates[1]), (before, rates[0])):
        if rate.meta.get("DKNOISE") == "map":
            return group.image("read_noise.fits")
    return None
