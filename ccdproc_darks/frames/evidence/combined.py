# Licensed under a 3-clause BSD style license - see LICENSE
"""How many exposures a frame is the mean of, where nothing tells."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from ...statistics.averaged_integers import averaged_number
from ...statistics.robust import scatter_in_image
from .finding import DOUBTFUL, OK, UNKNOWN, Finding
from .told_number import told_number

__all__ = ["combined_finding"]

# Exposures in a frame from which on the noise of one does not explain it; noise so low that it is none.
_SEVERAL, _NONE = 1.8, 1e4
# Part of the number that the noise shows, of a number from another source that agrees with it.
_AGREES = 0.7
_FEWEST_PIXELS = 1000
# Drifts of the level that counts may be.
_DRIFTS = 3.0


@dataclass
class _Average:
    """What a frame shows of the number of exposures in it."""

    frame: object
    argument: str  # that tells the number
    is_marked: bool  # whether the header says that it is combined
    number: int | None = None  # of exposures
    is_exact: bool = False  # else that many or more
    shows: str = ""  # how the frame shows it

    @property
    def sentence(self):
        """What is so, how it is seen, and what to do."""
        told = self.number if self.is_exact else "the number"
        remedy = f"Tell by {self.argument} {told}, or by NCOMBINE in its header"
        number = f"{self.number} exposures{'' if self.is_exact else ' or more'}"
        if self.is_marked:
            shows = f" (it seems to be the mean of {number}: {self.shows})" if self.shows else ""
            return (
                f"{self.frame.label} is combined, but nothing tells of how many frames (ccdproc.combine writes no "
                f"NCOMBINE): taken as 1{shows}. {remedy}"
            )
        return (
            f"{self.frame.label} seems to be the mean of {number}, and no NCOMBINE in its header says so: "
            f"{self.shows}. It is taken for a single exposure, so that errors come out too large. {remedy}"
        )


def combined_finding(group):
    """The `Finding` "combined" of a `FrameGroup`."""
    averages = [_average_of_darks(group), _average_of_bias(group)]
    doubts = [one for one in averages if one is not None]
    if doubts:
        return Finding("combined", DOUBTFUL, ". ".join(one.sentence for one in doubts), doubts[0].number)
    given = group.told.get("n_combined")
    if given is not None:
        return Finding("combined", OK, "the number of exposures in each dark is given", None, int(given.value))
    told = sorted({told_number(frame) for frame in group.darks} - {None})
    if told and all(told_number(frame) for frame in group.darks):
        return Finding("combined", OK, "NCOMBINE tells how many exposures each dark is the mean of", None, told[-1])
    if all(_is_single(group, index) for index in range(len(group.sets))):
        return Finding("combined", OK, "the darks are whole numbers, as single exposures are", 1)
    if "read_noise" not in group.told:
        return Finding("combined", UNKNOWN, "without a read noise, nothing tells whether darks are single exposures")
    return Finding("combined", OK, "the darks are as noisy as single exposures", 1)


def _average_of_darks(group):
    if "n_combined" in group.told:
        return None
    for index, frames in enumerate(group.dark_samples):
        for position, number in enumerate(frames.indices):
            frame = group.darks[number]
            if told_number(frame) is not None:
                continue
            average = _Average(frame, "n_combined=", bool(frame.header.get("combined")))
            # Frames of one set are alike: the first tells, where nothing is marked.
            if position == 0 and not _is_single(group, index):
                _look(average, group, frames.values[0], _noise_of_dark(group, index), *_scatter_of_dark(group, index))
            if average.is_marked or average.number:
                return average
    return None


def _average_of_bias(group):
    frame = group.master
    if frame is None or told_number(frame) is not None:
        return None
    average = _Average(frame, "bias.meta['NCOMBINE'] =", bool(frame.header.get("combined")))
    if frame.dtype.kind == "f" and group.scale is not None:
        values = group.master_values
        noise = group.told["read_noise"].value ** 2 if "read_noise" in group.told else None
        _look(average, group, values, noise, _scatter(values, group))
    return average if average.is_marked or average.number else None


def _is_single(group, index):
    """Whether the digits show that frames of one exposure time are single exposures; medians are whole numbers, too."""
    written = group.as_written.dark_samples[index]
    return written.values[0].dtype.kind != "f" or written.is_whole_less_fractions


def _look(average, group, values, noise, scatter, between_frames=False):
    """Set number and sentence of an average, from values, variance of one exposure and of the frame (electron^2).

    The variance is that ``between_frames``, or from pixel to pixel: then an upper limit.
    """
    if values.size < _FEWEST_PIXELS or group.scale is None:
        return
    ratio = noise / scatter if noise and scatter else None
    least = ratio if ratio is not None and _SEVERAL <= ratio <= _NONE else None
    # Values of frames that were calibrated before are fractions, whatever they are.
    digits_tell = _keeps_bias(group) and not (between_frames and ratio is not None)
    if least is None and not digits_tell:
        return
    gain = group.told.get("gain")
    step = 1.0 if group.unit == u.adu else None if gain is None else gain.value
    fractions = None if step is None else averaged_number(values.reshape(-1, group.shape[1]), step)
    shows = []
    if fractions is not None and (least is None or fractions >= _AGREES * least):
        average.number, average.is_exact = fractions, True
        shows.append(f"its values are whole multiples of 1/{fractions} adu")
    elif least is not None:
        average.number = round(least)
    if least is not None:
        shows.append(
            f"a typical pixel scatters by {np.sqrt(scatter):.3g} electron, and in one exposure it would by "
            f"{np.sqrt(noise):.3g}"
        )
    average.shows = ", and ".join(shows)


def _keeps_bias(group):
    """Whether the darks are as the camera wrote them, so that they need a bias, and one was given."""
    return group.master is not None or bool(group.biases) or bool(group.level)


def _noise_of_dark(group, index):
    """Variance of a typical pixel in one exposure (electron^2), or None."""
    levels, noise = group.levels, group.told.get("read_noise")
    if levels is None or group.scale is None or noise is None:
        return None
    # Counts may be a bias where none was given, or a drift.
    dark = 0.0
    if _keeps_bias(group):
        dark = max(levels.sets[index].level - levels.bias_level - _DRIFTS * levels.drift, 0.0)
    return noise.value**2 + dark * group.scale


def _scatter_of_dark(group, index):
    """Variance of a typical pixel in a frame (electron^2), and whether it is that between equal frames."""
    levels = group.levels
    if levels is None or group.scale is None:
        return None, False
    one = levels.sets[index]
    if one.variance is not None:
        return one.variance * group.scale**2, True
    values = group.dark_samples[index].values[0].astype(float)
    if len(np.unique(values[:1000])) == 1:
        return None, False  # one number in all pixels has no noise, and tells nothing
    if group.master is not None:
        values -= group.master_values
    return _scatter(values, group), False


def _scatter(values, group):
    """Variance from pixel to pixel (electron^2)."""
    return (scatter_in_image(values.reshape(-1, group.shape[1])) * group.scale) ** 2
