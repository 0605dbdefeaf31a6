# Licensed under a 3-clause BSD style license - see LICENSE
"""Comparison of results with the truth, which a folder of simulated frames has in its sub-folder ``truth``."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.nddata import CCDData

from .._interface.flags import DARK_FLAGS
from .._interface.progress import current_progress

__all__ = ["FlagScore", "Truth", "against_truth"]

# Standard deviations from which on a departure should not be missed.
_CLEAR = 8.0
# Rows whose errors are computed at a time.
_ROWS = 32


@dataclass(frozen=True)
class FlagScore:
    """Numbers of pixels with one flag, in the truth (planted) and in the mask (found)."""

    name: str  # of the flag
    planted: int
    found: int
    both: int  # planted and found
    right: int  # found, and planted or of another kind that cannot be told apart
    clear: int  # planted, and standing out in the frames
    clear_found: int  # those of them that were found
    others: str = ""  # name of the other kind of pixels that are right

    @property
    def precision(self):
        """Fraction of the found pixels that are right; NaN if none was found."""
        return self.right / self.found if self.found else float("nan")

    @property
    def recall(self):
        """Fraction of the planted pixels that were found; NaN if none was planted."""
        return self.both / self.planted if self.planted else float("nan")

    @property
    def clear_recall(self):
        """Fraction of the planted pixels that stand out which were found; NaN if none stands out."""
        return self.clear_found / self.clear if self.clear else float("nan")

    def sentence(self):
        """The score in words."""
        text = f"{self.name}: {self.planted} planted, {self.found} found"
        if self.right > self.both:
            text += f", {self.right - self.both} of them rightly though not planted ({self.others})"
        if self.planted and self.found:
            text += f"; precision {self.precision:.4f}, recall {self.recall:.4f}"
        if self.clear:
            text += f" ({self.clear_recall:.4f} of the {self.clear} that stand out)"
        return text


@dataclass(frozen=True)
class Truth:
    """Comparison of a group's results with the truth."""

    median: float  # of the true rates (electron/s)
    bias: float  # median of (rate - true rate) / uncertainty over the good pixels
    width: float  # standard deviation of the same, from the quartiles
    scores: list  # `FlagScore` of each flag

    def sentences(self):
        """All numbers in words, a sentence at a time."""
        yield (
            f"median rate {self.median:.4g} electron/s; errors of good pixels over their uncertainties: median "
            f"{self.bias:+.3f}, width {self.width:.3f}"
        )
        for score in self.scores:
            yield score.sentence()


def against_truth(folder, measured):
    """`Truth` of a `Measured`; None if the folder of its frames has no truth about them.

    Recall is the fraction of the planted pixels that were found, precision that of the found pixels that are right. A
    pixel is right if it was planted, if it is a TELEGRAPH pixel (its rate in these frames was not its mean, and no
    scaled dark removes it), or for HOT if its true rate is above the threshold (amplifier glow). A pixel that is not
    proportional stands out if its true rates at the shortest and the longest exposure differ by more than the mask's
    tolerance and by 8 sigma; a hot pixel, if it is 8 sigma above the threshold. Saturated pixels are flagged SATURATED,
    and mostly not NONLINEAR.
    """
    rate, flags = (_read(Path(folder) / "truth" / f"{name}.fits", measured) for name in ("rate", "flags"))
    if rate is None or flags is None or measured.rate.uncertainty is None:
        return None
    flags = flags.data.astype(np.uint32)
    errors = _errors_of_good(measured.rate, rate.data, flags)
    quarter, half, three = np.percentile(errors, (25, 50, 75)) if errors.size else (np.nan,) * 3
    scores = [_hot(measured, rate, flags)]
    if measured.significance is not None:
        scores.append(_nonlinear(Path(folder), measured, rate, flags))
    if measured.scatter:
        scores.append(_telegraph(measured, flags))
    return Truth(float(np.median(rate.data)), float(half), float((three - quarter) / 1.349), scores)


def _errors_of_good(measured, truth, flags):
    """Errors of good pixels over their uncertainties; of few rows at a time, which stay in the processor's cache."""
    progress = current_progress()

    def errors(rows):
        # What comes before and after takes about as long.
        progress.tell(0.2 + 0.3 * rows.start / len(truth))
        good = ~measured.mask[rows] & (flags[rows] & np.uint32(DARK_FLAGS.DO_NOT_USE) == 0)
        return (measured.data[rows][good] - truth[rows][good]) / measured.uncertainty.array[rows][good]

    return np.concatenate([errors(slice(row, row + _ROWS)) for row in range(0, len(truth), _ROWS)])


def _read(path, measured):
    if not path.is_file():
        return None
    image = CCDData.read(path)
    ours = image.shape == measured.rate.shape and image.meta.get("INSTRUME", "") == measured.group.camera
    return image if ours else None


def _hot(measured, rate, flags):
    pixels, found, planted = _flagged(measured.mask.data, flags, DARK_FLAGS.HOT)
    # The rate of a telegraph pixel in these frames is not its mean, which the truth has.
    telegraph = (_at(flags, pixels) & DARK_FLAGS.TELEGRAPH) > 0
    excess = _at(rate.data, pixels) - measured.mask.meta["DKTHRESH"]
    with np.errstate(invalid="ignore"):
        clear = planted & ~telegraph & (excess > _CLEAR * _at(measured.rate.uncertainty.array, pixels))
    return _score("HOT", planted, found, planted | telegraph | (excess > 0), clear, "glow, or telegraph pixels")


def _nonlinear(folder, measured, rate, flags):
    pixels, found, planted = _flagged(measured.mask.data, flags, DARK_FLAGS.NONLINEAR)
    right = planted | ((_at(flags, pixels) & DARK_FLAGS.TELEGRAPH) > 0)
    clear = np.zeros(pixels.shape, dtype=bool)
    times = [seconds for seconds, _ in measured.exposures]
    ends = [_read(folder / "truth" / f"rate_{seconds:.10g}s.fits", measured) for seconds in (times[0], times[-1])]
    if measured.has_bias and all(end is not None for end in ends):
        departure = np.abs(_at(ends[0].data, pixels) - _at(ends[1].data, pixels))
        deviations = [_at(measured.rates[seconds].uncertainty.array, pixels) for seconds in (times[0], times[-1])]
        # Saturated pixels have no uncertainty: they never stand out.
        with np.errstate(invalid="ignore"):
            clear = planted & (departure > _CLEAR * np.hypot(*deviations))
            clear &= departure > measured.mask.meta["DKTOLER"] * _at(rate.data, pixels)
    return _score("NONLINEAR", planted, found, right, clear, "telegraph pixels")


def _telegraph(measured, flags):
    _, found, planted = _flagged(measured.mask.data, flags, DARK_FLAGS.TELEGRAPH)
    # None is clear: how far a telegraph pixel stands out depends on when it switched, which the truth does not tell.
    return _score("TELEGRAPH", planted, found, planted, np.zeros(planted.shape, dtype=bool), "")


def _flagged(mask, flags, flag):
    """Pixels (flat indices) that have a flag in the mask or in the truth; and which of them in the one, the other."""
    flag = np.uint32(flag)
    pixels = np.flatnonzero((mask | flags) & flag)
    return pixels, (_at(mask, pixels) & flag) > 0, (_at(flags, pixels) & flag) > 0


def _at(image, pixels):
    return image.reshape(-1)[pixels]


def _score(name, planted, found, right, clear, others):
    numbers = (planted, found, found & planted, found & right, clear, clear & found)
    return FlagScore(name, *(int(np.count_nonzero(number)) for number in numbers), others)
