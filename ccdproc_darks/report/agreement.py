# Licensed under a 3-clause BSD style license - see LICENSE
"""On which pixels all nights agree: the flags that every night has, and in how many nights a pixel was flagged."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .._interface.flags import DARK_FLAGS
from .._interface.results import result_image, safe_header
from ..frames.header_keys import BINNING_KEYS, CAMERA_KEYS, OFFSET_KEYS, READOUT_KEYS, REGION_KEYS

__all__ = ["Agreement", "agreement_of"]

# Keys that all nights have in common.
_KEPT = (*CAMERA_KEYS, *BINNING_KEYS, *REGION_KEYS, *OFFSET_KEYS, *READOUT_KEYS)


@dataclass(frozen=True)
class Agreement:
    """In how many nights each pixel is flagged."""

    nights: int
    flags: np.ndarray  # of each pixel, those that it has in every night
    masked: np.ndarray  # number of nights in which each pixel is masked
    hot: np.ndarray  # number of nights in which each pixel is hot
    header: dict  # keys of the camera

    def counts(self, name):
        """Numbers of pixels that are masked, or hot (``name``), in none, one, two ... and all of the nights."""
        return np.bincount(getattr(self, name).ravel(), minlength=self.nights + 1)

    def images(self):
        """Images to be written (CCDData), by the name of their files.

        ``mask`` has the flags that a pixel has in every night, and is True where it is masked in every night; the
        others are numbers of nights.
        """
        entries = {"DKNIGHTS": (self.nights, "number of nights")}
        always = self.masked == self.nights
        hot = np.count_nonzero(self.hot == self.nights)
        counts = {
            "NHOT": (int(hot), "pixels that are HOT in every night"),
            "NMASKED": (int(np.count_nonzero(always)), "pixels masked in every night"),
        }
        images = {
            "mask": result_image(self.flags, u.dimensionless_unscaled, self._header(entries | counts), mask=always)
        }
        for name in ("masked", "hot"):
            header = self._header(entries)
            images[f"nights_{name}"] = result_image(getattr(self, name), u.dimensionless_unscaled, header)
        return images

    def _header(self, entries):
        return safe_header(self.header, entries)


def agreement_of(groups):
    """`Agreement` of the masks of several `FinishedGroup` of one sensor, which are read one after the other."""
    flags = masked = hot = None
    for group in groups:
        mask = group.image("mask.fits")
        if mask.data.dtype.kind != "u":
            raise ValueError(f"{group.folder / 'mask.fits'} has no flags: {mask.data.dtype} in place of whole numbers")
        is_hot = mask.data & DARK_FLAGS.HOT != 0
        if flags is None:
            flags = mask.data.copy()
            masked, hot = mask.mask.astype(np.int16), is_hot.astype(np.int16)
            continue
        flags &= mask.data
        masked += mask.mask
        hot += is_hot
    header = {key: groups[0].header[key] for key in _KEPT if key in groups[0].header}
    return Agreement(len(groups), flags, masked, hot, header)
