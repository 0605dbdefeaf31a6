# Licensed under a 3-clause BSD style license - see LICENSE
"""Pixels that are bad by where they are: in a bad column or row, or next to a cluster of bad pixels."""

from dataclasses import dataclass, replace

import numpy as np

from .._interface.arguments import checked_count, checked_flag
from .._interface.flags import DARK_FLAGS
from ..comparison.false_positives import FalsePositiveControl
from .bad_lines import bad_lines, text_of_lines
from .clusters import neighbours_of_clusters

__all__ = ["OtherBadPixels", "sentence_of_lines"]


@dataclass(frozen=True)
class OtherBadPixels:
    """What is looked for in the flags of an image.

    Attributes
    ----------
    lines : bool
        Whether bad columns and rows are.
    grow : int or None
        Number of bad pixels of a cluster from which on its neighbours are bad too; None where none are.
    control : `ccdproc_darks.comparison.false_positives.FalsePositiveControl`
        How many good pixels may be flagged as part of a bad column or row.
    masks : bool
        Whether pixels that are flagged are masked.
    """

    lines: bool
    grow: int | None
    control: FalsePositiveControl
    masks: bool = True

    def __post_init__(self):
        checked_flag("lines", self.lines)
        if self.grow is not None:
            checked_count("grow", self.grow)

    def flag(self, flags, mask, rates, sections=None):
        """Flag such pixels in place as OTHER_BAD_PIXEL; header entries, as ``{key: (value, comment)}``.

        Lines are found in each of the ``sections`` (`AmplifierSections`) for itself, as each has its own readout.
        """
        if not self.lines and self.grow is None:
            return {}
        bad = mask.copy() if self.grow is not None else None
        found = self._lines(flags, rates, sections) if self.lines else []
        for line in found:
            self._set_other(flags, mask, line.slices)
        if bad is not None:
            self._set_other(flags, mask, np.nonzero(neighbours_of_clusters(bad, self.grow)))
        masked, other = np.count_nonzero(mask), np.count_nonzero(flags & np.uint32(DARK_FLAGS.OTHER_BAD_PIXEL))
        columns, rows = ([line for line in found if line.kind == kind] for kind in ("column", "row"))
        return {
            "NCOLUMN": (len({line.number for line in columns}) if self.lines else None, "bad columns"),
            "NROW": (len({line.number for line in rows}) if self.lines else None, "bad rows"),
            "DKCOLS": (text_of_lines(columns) or None, ""),
            "DKROWS": (text_of_lines(rows) or None, ""),
            "DKGROW": (self.grow, "clusters of so many bad pixels grow"),
            "NOTHER": (other, "pixels flagged OTHER_BAD_PIXEL"),
            "NMASKED": (masked, "pixels that must not be used"),
        }

    def _set_other(self, flags, mask, place):
        """Flag, and mask, those pixels of a place (an index of the image) that are not masked."""
        part, free = flags[place], ~mask[place]
        part[free] |= np.uint32(DARK_FLAGS.OTHER_BAD_PIXEL | (DARK_FLAGS.DO_NOT_USE if self.masks else 0))
        flags[place] = part
        if self.masks:
            mask[place] = True

    def _lines(self, flags, rates, sections):
        image = _least_noisy(rates)
        image_mask = None if image.mask is None else np.broadcast_to(image.mask, image.shape)
        if sections is None:
            return bad_lines(flags, image.data, image_mask, self.control)
        found = []
        for number, section in enumerate(sections.sections):
            place, control = section.slices, self.control
            if control.fdr is None:
                control = replace(control, false_positives=control.false_positives * sections.share(number))
            those = bad_lines(
                flags[place], image.data[place], None if image_mask is None else image_mask[place], control
            )
            found += [line.moved(place[0].start, place[1].start, image.shape) for line in those]
        return found


def sentence_of_lines(meta):
    """Sentence that lists the bad columns and rows that the meta of a mask tells; None where there is none."""
    listed = [
        f"bad {kind}s, from 0: {meta[key]}" for kind, key in (("column", "DKCOLS"), ("row", "DKROWS")) if key in meta
    ]
    if not listed:
        return None
    text = "; ".join(listed)
    return (
        f"{text[0].upper()}{text[1:]}. More of their pixels are bad, or they are higher or lower, than in the lines "
        f"beside: all their pixels are masked, {meta['NOTHER']} of them for that alone (OTHER_BAD_PIXEL)."
    )


def _least_noisy(rates):
    """The rate (CCDData with numpy arrays) with the least read noise: of the longest exposures and most frames."""
    best = max(range(len(rates)), key=lambda index: rates[index].meta["DKTOTAL"] / rates[index].meta["NCOMBINE"] ** 0.5)
    return rates[best]
