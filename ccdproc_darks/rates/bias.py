# Licensed under a 3-clause BSD style license - see LICENSE
"""The bias that is taken from the darks, and how well it is known."""

import os
import zlib
from dataclasses import replace

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.blocks import sample_blocks
from .._interface.arguments import checked_count, checked_quantity
from .._interface.warnings import BiasWarning, MissingInformationWarning, warn
from ..frames.cards import header_number
from ..frames.file_frame import FileFrame
from ..frames.inputs import MemoryFrame, as_frames, sample
from ..frames.reading import AS_IT_IS, Reading
from ..frames.trimmed_frame import TrimmedFrame, like
from ..statistics.noise import trimmed_variance

__all__ = ["Bias", "as_bias", "bias_frame", "combined_number", "combined_numbers"]

# Highest number of exposures that a frame is the mean of.
MOST_COMBINED = 10**9
# Pixels of the checksum of a master bias: enough, as two master biases differ in every pixel.
_IDENTITY_PIXELS = 2**16
# Pixels from which the error of a master bias is found.
_ERROR_PIXELS = 2**17


class Bias:
    """A bias in electrons, read by rows.

    Parameters
    ----------
    frame : frame or None
        The master bias.
    level : float
        The bias (electron) where there is no frame.
    scale : float
        Electrons per unit of the frame.
    """

    def __init__(self, frame=None, level=0.0, scale=1.0):
        self.frame, self.level, self._scale = frame, level, scale

    @property
    def identity(self):
        """Checksum of the master bias, by which rates with the same one are known; '' where there is none."""
        if self.frame is None:
            return ""
        some = sample(self.frame, sample_blocks(self.frame.shape, _IDENTITY_PIXELS))
        return f"{zlib.crc32(some.data):08x}"

    @property
    def is_subtracted(self):
        """Whether there is a bias to subtract."""
        return self.frame is not None or self.level != 0

    def for_rows(self, rows):
        """The bias of some rows alone, to be sent to another process."""
        return Bias(None if self.frame is None else self.frame.for_rows(rows), self.level, self._scale)

    def sample(self, blocks):
        """The bias of some blocks of rows, one after the other, in memory."""
        return Bias(None if self.frame is None else sample(self.frame, blocks), self.level, self._scale)

    def rows(self, block):
        """Bias (electron) and mask (or None) of some rows."""
        if self.frame is None:
            return self.level, None
        rows = self.frame.rows(block)
        values = np.multiply(rows.values, self._scale, dtype=float)
        finite = np.isfinite(rows.values)
        bad = None if finite.all() else ~finite
        if rows.mask is not None and rows.mask.any():
            bad = rows.mask.copy() if bad is None else bad | rows.mask
        return values, bad

    def error(self, read_noise, of_map=False):
        """Error of the bias (electron), one number for the sensor; without uncertainties, from the ``read_noise``.

        Where that is the typical one ``of_map``, the uncertainties are not needed if the number of frames is known: the
        error of each pixel follows from its own read noise.
        """
        if self.frame is None:
            return 0.0
        number = combined_number(self.frame)
        if self.frame.has_deviation and not (of_map and number > 1):
            return self._error_from_deviation(number)
        if read_noise is None:
            warn(
                "the error of the bias is unknown (it has no uncertainty, and there is no read noise): taken as 0",
                MissingInformationWarning,
            )
            return 0.0
        return read_noise / np.sqrt(number)

    def read_noise(self):
        """Read noise (electron) from a master bias by `ccdproc.combine`, whose uncertainty is scatter / sqrt(N).

        None for any other bias, and with N below three.
        """
        frame = self.frame
        if frame is None or not frame.has_deviation or "NCOMBINE" not in frame.header or "DKVERS" in frame.header:
            return None
        number = combined_number(frame)
        return float(self._error_from_deviation(number) * np.sqrt(number)) if number >= 3 else None

    def _error_from_deviation(self, number):
        rows = sample(self.frame, sample_blocks(self.frame.shape, _ERROR_PIXELS)).rows(slice(None))
        deviation = rows.deviation.astype(float)
        deviation = deviation.ravel() if rows.mask is None else deviation[~rows.mask]
        if deviation.size and not np.isfinite(deviation).any():
            raise ValueError(
                f"{self.frame.label}: its uncertainty is in no pixel a finite number; without an uncertainty, the "
                "error of the bias is found from NCOMBINE and the read noise"
            )
        variances = (deviation * self._scale) ** 2
        if number > 1 and "DKVERS" not in self.frame.header:
            # ccdproc.combine: scatter / sqrt(N) with ddof 0.
            return float(np.sqrt(trimmed_variance(variances * number / (number - 1), number - 1)))
        return float(np.sqrt(trimmed_variance(variances, None)))


def as_bias(bias, frames, scale, reading=AS_IT_IS):
    """`Bias` of the user's ``bias`` for the darks ``frames``; the gain ``scale`` (electron/adu) is None if unknown.

    A master bias of the shape of the darks before they are trimmed loses its overscan as they do.
    """
    dark = frames[0]
    if bias is None:
        if dark.unit == u.adu and dark.dtype.kind == "u":
            warn(
                f"no bias given, and {dark.label} holds unsigned integers as a raw frame does: a bias that is still "
                f"in it is taken for dark current. Pass bias (a master bias, or 0 * u.adu where there is none)",
                BiasWarning,
            )
        return Bias()
    if isinstance(bias, u.Quantity):
        factor = _factor(bias.unit, scale) if bias.unit in (u.adu, u.electron) else 1.0
        unit = u.electron if bias.unit == u.electron else u.adu
        return Bias(level=checked_quantity("bias", bias, unit, zero=True) * factor)
    if not isinstance(bias, CCDData | MemoryFrame | FileFrame | str | os.PathLike):
        hint = f"; write {bias!r} * u.adu" if isinstance(bias, int | float) else ""
        if hasattr(bias, "__iter__") and not isinstance(bias, np.ndarray):
            hint = "; make one of bias frames by master_bias(frames)"
        raise TypeError(
            "bias must be a master bias (CCDData or a FITS path), a Quantity in adu or electron, or None, "
            f"got {type(bias).__name__}{hint}"
        )
    frame = bias_frame(bias, reading)
    if isinstance(dark, TrimmedFrame) and frame.shape == dark.frame.shape:
        frame = like(frame, dark)
    if frame.shape != dark.shape:
        raise ValueError(f"bias has the shape {frame.shape}, the darks have {dark.shape} ({dark.label})")
    return Bias(frame, scale=_factor(frame.unit, scale))


def bias_frame(bias, reading):
    """Frame of a master bias, in a unit of its own, where that is known, else in that of the `Reading` of the darks.

    A file of several images is read as the darks are; one of a single image, as of `master_bias`, has none of another
    detector.
    """
    if isinstance(bias, MemoryFrame | FileFrame):
        return bias
    if isinstance(bias, CCDData):
        return as_frames(bias, "bias")[0]
    own = Reading(reading.hdu)
    if own.hdu is not None and not FileFrame(bias, Reading(unit=reading.unit)).others:
        own = Reading()
    if reading.unit is not None:
        frame = as_frames(bias, "bias", replace(own, unit=reading.unit))[0]
        if str(frame.header.get("BUNIT", "")).strip().lower() not in (u.adu.name, u.electron.name):
            return frame
    return as_frames(bias, "bias", own)[0]


def combined_number(frame):
    """Number of exposures that a frame is the mean of: NCOMBINE, else 1."""
    if "NCOMBINE" in frame.header:
        number = header_number(frame, "NCOMBINE")
        if not 1 <= number <= MOST_COMBINED or number != int(number):
            wanted = "a whole number from 1" if number < MOST_COMBINED else f"up to {MOST_COMBINED:g}"
            raise ValueError(f"{frame.label}: NCOMBINE must be {wanted}, got {number:g}")
        return int(number)
    return 1


def combined_numbers(n_combined, frames):
    """Number of exposures that each frame is the mean of: the argument ``n_combined``, else as its header tells."""
    if n_combined is None:
        return [combined_number(frame) for frame in frames]
    return [checked_count("n_combined", n_combined, MOST_COMBINED)] * len(frames)


def _factor(unit, scale):
    if unit == u.electron:
        return 1.0
    if scale is None:
        raise ValueError("gain is needed to take a bias in adu from darks in electron")
    return scale
