# Licensed under a 3-clause BSD style license - see LICENSE
"""The level at which values are cut off above: by the ADC, by a full well below it, hard or soft."""

from dataclasses import dataclass, replace

import numpy as np

from .finding import DOUBTFUL, OK, Finding
from .top_pixels import NEAR, top_pixels

__all__ = ["Saturation", "saturation_finding", "saturation_of"]

# Fewest pixels that show a level. Of those at the highest value, the least share that is there in another frame, too.
_FEWEST, _LEAST_AGAIN = 3, 0.6
# In a frame that is alone: pixels at the highest value for one that its neighbours make likely.
_FEWEST_ALONE, _ALONE_OVER = 5, 5
# A pixel is predicted above the highest value by this factor; it is in the pile-up within this part of that value.
_PREDICTED, _PILE = 1.15, 0.1
# Least share of pixels predicted above that are in the pile-up; their least spread, as a ratio of two halves, and the
# largest share of that ratio that their values follow.
_LEAST_PILED, _LEAST_RATIO, _MOST_FOLLOWED = 0.75, 1.08, 0.2
# Probability that as many unrelated pixels lie as close together; the narrowest range that is believed.
_BY_CHANCE, _NARROWEST = 1e-6, 1e-3
# Of one exposure time alone: width of a pile-up, as a part of the highest value; sigmas by which its pixels outnumber
# half of those in the range of twice the width below; fewest pixels from half of the highest value to there.
_PILE_WIDTH, _LEAST_SIGMAS, _FEWEST_IN_TAIL = 0.07, 5, 10
# Highest value over a header's level that no response that bends explains.
_BEYOND = 3
# Largest share of the pixels of a pile-up that lies in one row, or column.
_MOST_IN_LINE = 0.5
# Counts below which a level is not rounded to whole numbers: it is one of frames divided by their full scale.
_FINE = 100


# Part of the highest value (of one frame) that the highest median of equal frames has at least, where pixels saturate.
_NEAR_HIGHEST = 0.2


@dataclass
class Saturation:
    """The saturation level of frames.

    Attributes
    ----------
    level : float or None
        Level (frames' unit) from which a sample is saturated; None where nobody tells and none is found.
    source : str
        'argument', 'header', 'ADC' (the highest value of unsigned integers), 'found' (the pixels show it), or 'none'.
    found : float or None
        Level that the pixels show, also where another one is used.
    pixels : int
        Number of pixels that show it, of those looked at.
    highest : float or None
        Highest value of the pixels that show it; the level itself where values are cut off hard.
    told : `ccdproc_darks.frames.evidence.finding.Told` or None
        What argument or header tell.
    seen : float or None
        Highest value of single pixels, whether it shows a level or not.
    """

    level: float | None
    source: str
    found: float | None = None
    pixels: int = 0
    highest: float | None = None
    told: object = None
    seen: float | None = None

    def as_told(self):
        """The level that is told, if one is, whatever the pixels show."""
        if self.told is None or self.source != "found":
            return self
        return replace(self, level=self.told.value, source="argument" if self.told.is_given else "header")


def saturation_of(group, digits):
    """`Saturation` of a `FrameGroup` with `Digits`."""
    told, top = group.told.get("saturation"), digits.top
    highest_pixels = top_pixels(group)
    found, pixels, beyond = _found(highest_pixels)
    seen = None if highest_pixels is None else highest_pixels.highest
    if found is not None and top is not None and found >= top:
        found = None  # the ADC's own end
    level, source = (None, "none") if told is None else (told.value, "argument" if told.is_given else "header")
    if top is not None and (level is None or level > top):
        level, source = top, "ADC"
    if found is not None and (level is None or found < level):
        # A told level within the pile-up is one that its pixels pass for the most part.
        if told is None or told.value > beyond:
            level, source = found, "found"
        else:
            level, source = told.value, "argument" if told.is_given else "header"
    return Saturation(level, source, found, pixels, beyond, told, seen)


def saturation_finding(saturation, group):
    """`Finding` of the check "saturation"."""
    unit, told = group.unit, saturation.told
    tells = None if told is None else f"{told.value:g} {unit}"
    if saturation.source == "header" and saturation.seen is not None and saturation.seen > _BEYOND * told.value:
        text = (
            f"{told.source} is {tells}, but pixels read up to {saturation.seen:g} {unit}; all that read more than "
            f"{told.source} are taken for saturated: is it per step of an ADC whose digits are shifted, or of another "
            f"unit? Correct {told.source}, or pass saturation"
        )
        return Finding("saturation", DOUBTFUL, text, f"{saturation.seen:g} {unit}", tells)
    if saturation.found is None:
        text = "no level is seen at which pixels saturate"
        if saturation.source == "ADC":
            text += f" below the highest value, {saturation.level:g} {unit}"
        return Finding("saturation", OK, text, None, tells)
    found = f"{saturation.found:.5g} {unit}"
    if saturation.highest == saturation.found:
        text = f"values are cut off at {found}: {saturation.pixels} pixels read it, and none reads more"
    elif len(group.sets) > 1:
        text = (
            f"pixels saturate from {found}: {saturation.pixels} that shorter exposures predict above "
            f"{saturation.highest:.5g} read no more than that"
        )
    else:
        text = (
            f"pixels saturate from {found}: {saturation.pixels} lie close to {saturation.highest:.5g}, the highest "
            "value, far more than below"
        )
    if saturation.source != "found" or told is None:
        return Finding("saturation", OK, text, found, tells)
    name, remedy = told.source, f"correct {told.source}, or pass saturation"
    if told.is_given:
        name, remedy = "saturation", "check_headers=False takes it as it is given"
    text += f". {name} is {told.value:g} {unit}, which no pixel would reach; the lower level is used, {remedy}"
    return Finding("saturation", DOUBTFUL, text, found, tells)


def _found(pixels):
    """Level that the pixels show, number of them, and the highest value; (None, 0, None) where they show none."""
    nothing = None, 0, None
    if pixels is None:
        return nothing
    if pixels.number >= _FEWEST and _is_hard(pixels):
        return pixels.highest, pixels.number, pixels.highest
    return (_soft(pixels) if len(pixels.seconds) > 1 else _pile_up(pixels)) or nothing


def _is_hard(pixels):
    """Whether values are cut off at exactly the highest one, so that pixels read it again and again."""
    frames, again = [*pixels.equals, *pixels.others], _FEWEST
    if any(np.any(frame > pixels.highest) for frame in frames):
        return False
    if pixels.equals:
        again = max(again, _LEAST_AGAIN * np.count_nonzero(pixels.first_at_top))
    elif pixels.number >= max(_FEWEST_ALONE, _ALONE_OVER * pixels.below / NEAR):
        return True
    return any(np.count_nonzero(frame[pixels.first_at_top] == pixels.highest) >= again for frame in frames)


def _soft(pixels):
    """Level, number of pixels and highest value of a pile-up of pixels that shorter exposures predict above it."""
    level, values, seconds = pixels.level, pixels.values - pixels.level, pixels.seconds
    piled, number, highest = [], 0, -np.inf
    for long in range(1, len(seconds)):
        top = np.nanmax(values[long], initial=-np.inf)
        # Where only cosmic rays are high, what is left of these pixels is noise.
        if top < _NEAR_HIGHEST * (pixels.highest - level):
            continue
        predicted = _predicted(values, seconds, long, top)
        above = predicted > _PREDICTED * top
        inside = above & (values[long] >= (1 - _PILE) * top)
        if np.count_nonzero(inside) < _FEWEST or inside.sum() < _LEAST_PILED * above.sum():
            continue
        # Pixels that are not proportional for another reason do not lie so close together.
        width = max(np.ptp(values[long][inside]) / top, _NARROWEST)
        if width ** (np.count_nonzero(inside) - 1) > _BY_CHANCE:
            continue
        if _follows(predicted[inside], values[long][inside]):
            continue
        piled.append(values[long][inside])
        number, highest = max(number, int(inside.sum())), max(highest, top)
    if not piled:
        return None
    low, high = np.percentile(np.concatenate(piled), [2, 100])
    # Below the pile-up the response bends already: by half of its width.
    low -= (high - low) / 2
    if high < _FINE:
        return float(level + low), number, float(level + high)
    return float(np.floor(level + low)), number, float(np.ceil(level + high))


def _pile_up(pixels):
    """Level, number of pixels and highest value of a pile-up at the end of the values of one exposure time.

    The number of hot pixels falls with their rate: no more of them are in a range than in the equally wide one below.
    """
    values = (pixels.upper - pixels.level) / (pixels.highest - pixels.level)
    below, start = 1 - 3 * _PILE_WIDTH, 1 - _PILE_WIDTH
    tail, near, piled = (
        np.count_nonzero((values > low) & (values <= high))
        for low, high in ((0.5, below), (below, start), (start, 1.0))
    )
    if tail < _FEWEST_IN_TAIL or piled - near / 2 < _LEAST_SIGMAS * np.sqrt(piled + near / 4) or piled < 1.5 * near:
        return None
    # A defect of a whole column, or row, is as bright in all of its pixels.
    lines = [np.unique(line[values > start], return_counts=True)[1].max() for line in pixels.places]
    if max(lines) > _MOST_IN_LINE * piled:
        return None
    middle = np.median(pixels.upper[values > start])
    level = middle - 1.25 * (pixels.highest - middle)
    return float(level if pixels.highest - pixels.level < _FINE else np.floor(level)), int(piled), pixels.highest


def _predicted(values, seconds, long, top):
    """Counts of one exposure time by those of the longest shorter one in which a pixel is well below the top."""
    chosen = values[0] * (seconds[long] / seconds[0])
    for short in range(1, long):
        well_below = values[short] < top / 2
        chosen = np.where(well_below, values[short] * (seconds[long] / seconds[short]), chosen)
    return chosen


def _follows(predicted, values):
    """Whether values rise with their prediction, or the predictions are too much alike to tell."""
    order = np.argsort(predicted)
    half = order.size // 2
    low, high = order[:half], order[-half:]
    ratio = np.median(predicted[high]) / np.median(predicted[low])
    rise = np.median(values[high]) / np.median(values[low])
    return ratio < _LEAST_RATIO or rise - 1 > _MOST_FOLLOWED * (ratio - 1)
