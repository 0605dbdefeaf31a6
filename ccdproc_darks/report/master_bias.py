# Licensed under a 3-clause BSD style license - see LICENSE
"""A master bias from bias frames, by the same steps as a dark rate."""

import numpy as np

from ..bias import Bias
from ..blocks import row_blocks, sample_blocks
from ..doubts import standing_out
from ..electrons import DarkSet, Reader, frame_levels
from ..read_noise import measure_scatter, scatter_read_noise
from ..rejection import mean_counts
from ..results import result_image, safe_header, set_keys

__all__ = ["BiasFrames"]

_CLIP = 5.0


class BiasFrames:
    """
    Bias frames of one camera.

    Parameters
    ----------
    frames : list
        The frames.
    scale : float
        Electrons per unit of the frames.

    Attributes
    ----------
    levels : `numpy.ndarray`
        How far each frame sits above the others, in the frames' unit.
    odd : list of int
        Indices of the frames whose level is not the others': left out of the master, where three others remain.
    """

    def __init__(self, frames, scale):
        self.frames, self.scale = frames, scale
        # The sensor's one level is taken out, so that what a hot pixel has above it counts as Poisson electrons.
        block = sample_blocks(frames[0].shape)[0]
        level = float(np.nanmedian(np.asarray(frames[0].rows(block).values, dtype=float)))
        self._level = level * scale
        self._reader = Reader(scale, Bias(level=self._level), None)
        self.levels = frame_levels(self._set(), self._reader) / scale
        odd = standing_out(self.levels)
        self.odd = odd if len(frames) - len(odd) >= 3 else []

    def _set(self, leave_out=()):
        kept = [frame for index, frame in enumerate(self.frames) if index not in leave_out]
        return DarkSet(kept, 0.0, np.ones(len(kept)))

    def read_noise(self):
        """Read noise (electron) from the scatter of three frames or more, else None."""
        if len(self.frames) < 3:
            return None
        scatter = measure_scatter(self._set(), self._reader, self.levels * self.scale)
        return None if scatter is None else scatter_read_noise(scatter, self.scale, dark_electrons=0.0)

    def master(self, read_noise):
        """
        The mean of the frames, in their unit, as CCDData with NCOMBINE in its meta.

        Parameters
        ----------
        read_noise : float or None
            electron; None keeps cosmic rays, and gives no uncertainty.
        """
        dark_set = self._set(self.odd)
        levels = np.delete(self.levels, self.odd) * self.scale
        shape = dark_set.frames[0].shape
        data, deviation = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for block in row_blocks(shape, len(dark_set.frames)):
            electrons = self._reader.read(dark_set, block)
            mean = mean_counts(
                electrons.samples,
                electrons.good,
                dark_set.combined,
                read_noise=read_noise,
                levels=levels,
                clip=None if read_noise is None else _CLIP,
            )
            number = np.where(mean.frames > 0, mean.frames, np.nan)
            data[block] = np.where(mean.frames > 0, (mean.counts + self._level) / self.scale, np.nan)
            deviation[block] = (read_noise or 0.0) / self.scale / np.sqrt(number)
        header = set_keys(
            safe_header(dark_set.frames[0].header),
            {"NCOMBINE": (len(dark_set.frames), "number of frames"), "COMBINED": (True, "a master bias")},
        )
        unit = dark_set.frames[0].unit
        return result_image(data, unit, header, deviation=None if read_noise is None else deviation)
