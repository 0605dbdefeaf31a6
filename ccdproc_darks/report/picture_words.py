# Licensed under a 3-clause BSD style license - see LICENSE
"""What pictures show, in words with numbers: how even the dark current is, the hottest pixels, and flags."""

import numpy as np

from .._interface.number_text import plain_number, share_text
from .glossary import FLAG_WORDS
from .summary import flag_counts

__all__ = ["evenness", "hottest", "share_of_flags"]

# Parts of the sensor, in each direction, whose medians are compared, and pixels of each that are enough.
_PARTS, _PIXELS = 8, 10_000
# Errors of a median by which parts may differ by chance, of 64 parts; and the fraction of the rate that is even enough.
_SIGMAS, _EVEN = 5.0, 0.1
_FLAGS = ("HOT", "NONLINEAR", "TELEGRAPH", "SATURATED", "OTHER_BAD_PIXEL")


def evenness(measured):
    """A sentence on the medians of parts of the sensor."""
    rate = measured.rate
    data = np.where(rate.mask, np.nan, rate.data)
    places, medians, errors = [], [], []
    for rows in np.array_split(np.arange(data.shape[0]), min(_PARTS, data.shape[0])):
        for columns in np.array_split(np.arange(data.shape[1]), min(_PARTS, data.shape[1])):
            part = data[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            step = max(1, int(np.sqrt(part.size / _PIXELS)))
            values = part[::step, ::step]
            values = values[np.isfinite(values)]
            if values.size:
                low, median, high = np.percentile(values, (25, 50, 75))
                places.append(f"column {int(columns.mean())}, row {int(rows.mean())}")
                medians.append(median)
                errors.append(1.2533 * (high - low) / 1.349 / np.sqrt(values.size))
    if not medians:
        return "No pixel has a value."
    low, high = int(np.argmin(medians)), int(np.argmax(medians))
    typical, _ = measured.typical_rates["all"]
    apart = medians[high] - medians[low]
    noise = _SIGMAS * np.hypot(errors[low], errors[high])
    if apart <= max(noise, _EVEN * abs(typical)):
        return "The sensor is even: no part of it has a dark current much above or below that of the others."
    return (
        f"The sensor is not even: around {places[high]} a median pixel has {plain_number(medians[high])} electron/s, "
        f"around {places[low]} {plain_number(medians[low])}."
    )


def hottest(measured):
    """A sentence on the hottest pixel that has a value."""
    values = np.where(measured.rate.mask | ~np.isfinite(measured.rate.data), -np.inf, measured.rate.data)
    row, column = np.unravel_index(np.argmax(values), values.shape)
    if not np.isfinite(values[row, column]):
        return ""
    return f"The hottest pixel is ({column}, {row}), with {plain_number(float(values[row, column]))} electron/s."


def share_of_flags(mask):
    """A sentence on the pixels of each flag that a mask shows."""
    counts = flag_counts(mask)
    told = [
        f"{share_text(counts[name], mask.data.size)} {FLAG_WORDS[name].words}" for name in _FLAGS if counts.get(name)
    ]
    return f"Of all pixels, {', '.join(told)}." if told else "No pixel is flagged."
