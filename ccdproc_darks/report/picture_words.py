# Licensed under a 3-clause BSD style license - see LICENSE
"""What pictures show, in words with numbers: how even the dark current is, the hottest pixels, and flags."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .._interface.flags import DARK_FLAGS
from .._interface.number_text import plain_number, share_text
from .glossary import FLAG_WORDS
from .summary import flag_counts

__all__ = ["evenness", "hot_pixels", "hottest", "share_of_flags", "uneven"]

# Parts of the sensor, in each direction, whose medians are compared, and pixels of each that are enough.
_PARTS, _PIXELS = 8, 10_000
# Errors of a median by which parts may differ by chance, of 64 parts; and the fraction of the rate that is even enough.
_SIGMAS, _EVEN = 5.0, 0.1
_FLAGS = ("HOT", "NONLINEAR", "TELEGRAPH", "SATURATED", "OTHER_BAD_PIXEL")


def evenness(measured):
    """A sentence on the medians of parts of the sensor."""
    if found := uneven(measured):
        return found[0]
    parts, (typical, _) = _parts(measured.rate), measured.typical_rates["all"]
    if parts is None or parts.apart <= parts.noise:
        return "The sensor is even: its parts differ by no more than noise."
    percent = 100 * parts.apart / abs(typical)
    return f"The sensor is nearly even. Its dark current differs by {percent:.0f} % at most: {parts}."


def uneven(measured):
    """A sentence where parts of the sensor have more dark current than others; a list of one, or of none."""
    parts = _parts(measured.rate)
    typical, _ = measured.typical_rates["all"]
    if parts is None or parts.apart <= max(parts.noise, _EVEN * abs(typical)):
        return []
    below = (
        " No dark current is below zero: the level of the bias differs over the sensor between darks and bias frames."
        if parts.least < -parts.noise / 2
        else ""
    )
    return [f"The dark current is not the same all over the sensor: {parts}.{below}"]


@dataclass(frozen=True)
class _Parts:
    """The parts of a sensor with the highest and the lowest median."""

    most: float  # electron/s
    least: float
    most_at: str  # the pixel in the middle of it
    least_at: str
    noise: float  # how far apart noise may bring the two (electron/s)

    @property
    def apart(self):
        return self.most - self.least

    def __str__(self):
        most, least = (f"{plain_number(value)} electron/s" for value in (self.most, self.least))
        return f"around the pixel {self.most_at} it is {most}, around {self.least_at} {least}"


def _parts(rate):
    """`_Parts` of a rate, or None where no pixel has a value."""
    places, medians, errors = [], [], []
    ends = [np.linspace(0, size, min(_PARTS, size) + 1).astype(int) for size in rate.shape]
    for top, bottom in pairwise(ends[0]):
        for left, right in pairwise(ends[1]):
            step = max(1, int(np.sqrt((bottom - top) * (right - left) / _PIXELS)))
            part = slice(top, bottom, step), slice(left, right, step)
            values = rate.data[part][~rate.mask[part]]
            values = values[np.isfinite(values)]
            if values.size:
                low, median, high = np.percentile(values, (25, 50, 75))
                places.append(f"({(left + right) // 2}, {(top + bottom) // 2})")
                medians.append(median)
                errors.append(1.2533 * (high - low) / 1.349 / np.sqrt(values.size))
    if not medians:
        return None
    low, high = int(np.argmin(medians)), int(np.argmax(medians))
    noise = _SIGMAS * float(np.hypot(errors[low], errors[high]))
    return _Parts(float(medians[high]), float(medians[low]), places[high], places[low], noise)


def hottest(measured):
    """A sentence on the hottest pixel that has a value."""
    places = hot_pixels(measured)
    if not places.size:
        return ""
    row, column = np.unravel_index(places[0], measured.rate.shape)
    return f"The hottest pixel is ({column}, {row}), with {plain_number(measured.rate.data[row, column])} electron/s."


def hot_pixels(measured, flag="HOT"):
    """Flat indices of the pixels of a flag whose rate has a value, the hottest first."""
    places = np.flatnonzero(measured.mask.data)
    places = places[measured.mask.data.ravel()[places] & DARK_FLAGS[flag] != 0]
    rates = measured.rate.data.ravel()[places]
    usable = np.isfinite(rates) & ~measured.rate.mask.ravel()[places]
    return places[usable][np.argsort(rates[usable])[::-1]]


def share_of_flags(mask):
    """A sentence on the pixels of each flag that a mask shows."""
    counts = flag_counts(mask)
    told = [
        f"{share_text(counts[name], mask.data.size)} {'is' if counts[name] == 1 else 'are'} {FLAG_WORDS[name].words}"
        for name in _FLAGS
        if counts.get(name)
    ]
    return f"Of all pixels, {', '.join(told)}." if told else "No pixel is flagged."
