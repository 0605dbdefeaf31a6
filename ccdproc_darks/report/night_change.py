# Licensed under a 3-clause BSD style license - see LICENSE
"""The pixels whose dark rate has changed between two nights."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.table import QTable

from .._interface.flags import DARK_FLAGS
from .._interface.warnings import collected
from ..masks.changed_pixels import KINDS, changed_pixels
from .rate_choice import RateChoice, choose_rates
from .verdict import counted

__all__ = ["NightChange", "night_change"]

_UNSTEADY = DARK_FLAGS.TELEGRAPH | DARK_FLAGS.NONLINEAR


@dataclass(frozen=True)
class NightChange:
    """What has changed between two nights."""

    before: object  # `Night`
    after: object
    is_successive: bool  # else it is that of the first and the last of several nights
    choice: RateChoice | None  # None if not compared
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
    def region_file(self):
        """Name of the file of its pixels for ds9; None where no pixel has changed."""
        return f"{self.file.removesuffix('.ecsv')}.reg" if self.number else None

    @property
    def pixels(self):
        """Boolean image, True where a pixel has changed."""
        changed = np.zeros(self.after.group.shape, dtype=bool)
        changed[self.table["y"], self.table["x"]] = True
        return changed

    @property
    def chance(self):
        """How many changed pixels chance alone gives, in words."""
        meta = self.table.meta
        if "DKFDR" in meta:
            return f"at most {100 * meta['DKFDR']:g} % of them are expected by chance alone"
        number = f"{meta['DKFALSE']:g}"
        return f"at most {number} {'is' if number == '1' else 'are'} expected by chance alone"

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

    def sentence(self):
        """All numbers in words."""
        if self.table is None:
            return f"{self.label}: not compared: {self.remarks[-1]}"
        kinds = ", ".join(f"{self.count(kind)} {kind}" for kind in KINDS)
        changed = counted(self.number, "changed pixel")
        return f"{self.label}: {changed} ({kinds}; {self.chance}), by the rates of {self.choice}"

    def numbers(self):
        """All numbers, for the ``meta`` of a table."""
        entry = {"before": self.before.number, "after": self.after.number, "remarks": list(self.remarks)}
        if self.table is not None:
            entry |= {"exposures_s": list(self.choice.seconds), "frames": list(self.choice.frames)}
            entry |= {"changed": self.number, **{kind: self.count(kind) for kind in KINDS}}
            entry |= {"unsteady": self.unsteady, "common_factor": self.factor}
        return entry


def night_change(before, after, *, is_successive=True, **limits):
    """`NightChange` from one `Night` to a later one; ``limits`` are those of `~ccdproc_darks.changed_pixels`."""
    groups, choice = (before.group, after.group), None
    try:
        choice = choose_rates(*groups)
    except ValueError as error:
        return NightChange(before, after, is_successive, None, None, (f"{error}.",))
    rates = [group.image(file) for group, file in zip(groups, choice.files, strict=True)]
    read_noise = _map(groups, rates)
    try:
        with collected() as told:
            table = changed_pixels(*rates, read_noise=read_noise, **limits)
    except (ValueError, u.UnitsError) as error:
        return NightChange(before, after, is_successive, choice, None, (f"{error}.",))
    remarks = [choice.remark] if choice.remark else []
    remarks += [f"{text}." for text, _ in told]
    x, y = np.asarray(table["x"]), np.asarray(table["y"])
    for name, night in (("before", before), ("after", after)):
        table[f"flags_{name}"] = night.group.image("mask.fits").data[y, x]
    return NightChange(before, after, is_successive, choice, table, tuple(remarks))


def _map(groups, rates):
    """Map of the read noise of each pixel, where rates need one: that of the later night, or else of the earlier."""
    for group, rate in zip(reversed(groups), reversed(rates), strict=True):
        if rate.meta.get("DKNOISE") == "map":
            return group.image("read_noise.fits")
    return None
