# Licensed under a 3-clause BSD style license - see LICENSE
"""Pictures of a comparison of reports. matplotlib is imported when the first one is drawn."""

import numpy as np

from .._interface.number_text import with_error
from .pictures import Picture

__all__ = ["draw_changed_pixels", "draw_nights", "draw_series", "picture_name"]

_COLOURS = {"hot": "#e69f00", "masked": "#000000", "changed": "#0072b2"}
_MARKERS = {"#e69f00": "o", "#000000": "x", "#0072b2": "^"}
_KINDS = {
    "born": ("#c2185b", "o"), "healed": ("#2e7d32", "s"), "higher": ("#d95f02", "^"), "lower": ("#1b6ca8", "v"),
}  # fmt: skip
_POINTS = 20_000
# Changed pixels from which on a map is drawn.
_DRAWN = 5


def draw_series(series):
    """Draw all pictures of a `ComparedSeries`: yields each `Picture`."""
    sentence, figure = draw_nights(series)
    numbers = "; ".join(
        f"night {night.number}: {with_error(night.group.typical, night.group.typical_error)} electron/s"
        for night in series.nights
    )
    yield Picture("nights", "Night by night", sentence, f"{sentence} Typical dark current of {numbers}.", figure)
    for change in series.changes:
        if (change.number or 0) >= _DRAWN:
            sentence, figure = draw_changed_pixels(change)
            yield Picture(
                picture_name(change), "Changed pixels", sentence, f"{sentence} {change.number} pixels.", figure
            )


def picture_name(change):
    """Name of the picture of a `NightChange`."""
    return f"changed_{change.before.number}_to_{change.after.number}"


def draw_nights(series):
    """Numbers of a `ComparedSeries` against date, or the number of the night where no dates tell."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    nights = series.nights
    dates = [night.group.date for night in nights]
    # Of one date for all, an axis would span years.
    dated = None not in dates and max(dates) > min(dates)
    at = [night.group.date.to_datetime() if dated else night.number for night in nights]
    figure = Figure(figsize=(5.6, 8.0), layout="constrained")
    counts, rates, noises, temperatures = figure.subplots(4, 1, sharex=True, height_ratios=(2, 1.3, 1, 1))
    for name in ("hot", "masked"):
        _points(counts, at, [night.group.count(name) for night in nights], _COLOURS[name], label=name)
    changed = {change.after.number: change.number for change in series.changes if change.is_successive}
    if changed:
        numbers = [changed.get(night.number) for night in nights]
        _points(counts, at, numbers, _COLOURS["changed"], label="changed since the night before")
    counts.set_yscale("symlog", linthresh=10)
    counts.set(ylim=(0, None), ylabel="pixels")
    counts.legend(frameon=False, fontsize="small", loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    values = np.array([night.group.typical for night in nights])
    errors = [night.group.typical_error for night in nights]
    _points(rates, at, values, "k", np.nan_to_num(errors))
    if values.min() > 0 and values.max() > 3 * values.min():
        rates.set_yscale("log")
    rates.set(ylabel="typical rate\n(electron/s)")
    _points(noises, at, [night.group.read_noise for night in nights], "k")
    noises.set(ylabel="read noise\n(electron)")
    _points(temperatures, at, [night.group.temperature for night in nights], "k")
    temperatures.set(ylabel="temperature\n(°C)")
    for axes in (noises, temperatures):
        _widen(axes)
    if dated:
        locator = AutoDateLocator()
        temperatures.xaxis.set_major_locator(locator)
        temperatures.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    else:
        temperatures.set(xlabel="night")
        temperatures.xaxis.get_major_locator().set_params(integer=True)
    caption = "Pixels, typical rate with its standard error, read noise and temperature of each night."
    return caption, figure


def _points(axes, at, values, colour, errors=None, label=None):
    values = np.array([np.nan if value is None else value for value in values], dtype=float)
    axes.errorbar(
        at, values, errors, fmt=f"{_MARKERS.get(colour, 'o')}-", ms=5, lw=0.8, capsize=3, color=colour, label=label
    )
    axes.grid(alpha=0.3)


def _widen(axes, least=1.0):
    """Give an axis a range of ``least`` at least: it should not show the last digits of what is the same."""
    low, high = axes.get_ylim()
    if high - low < least:
        middle = (low + high) / 2
        axes.set_ylim(middle - least / 2, middle + least / 2)


def draw_changed_pixels(change):
    """Map of the pixels of a `NightChange`, and their rates before and after."""
    from matplotlib.figure import Figure

    rows, columns = change.after.group.shape
    figure = Figure(figsize=(5.6, 9.0), layout="constrained")
    place, rates = figure.subplots(2, 1)
    found = change.table
    ends = [found[name].value for name in ("before", "after")]
    positive = np.concatenate(ends)
    positive = positive[positive > 0]
    for kind, (colour, marker) in _KINDS.items():
        own = found["change"] == kind
        if not own.any():
            continue
        every = max(1, int(own.sum()) // _POINTS)
        style = {"color": colour, "marker": marker, "ls": "none", "ms": 4, "alpha": 0.6, "rasterized": True}
        place.plot(found["x"][own][::every], found["y"][own][::every], **style)
        rates.plot(*(end[own][::every] for end in ends), **style, label=f"{kind}: {own.sum()}")
    place.set(xlim=(-0.5, columns - 0.5), ylim=(-0.5, rows - 0.5), aspect="equal", title="where they are")
    if positive.size:
        low, high = positive.min() / 1.5, positive.max() * 1.5
        line = np.array([low, high])
        rates.plot(line, line, color="k", lw=1, label="unchanged")
        linear = max(low, np.percentile(positive, 5))
        rates.set_xscale("symlog", linthresh=linear)
        rates.set_yscale("symlog", linthresh=linear)
    unit = "(electron/s)"
    scaled = "" if change.factor is None else f", over {change.factor:.3g}"
    rates.set(xlabel=f"rate before {unit}", ylabel=f"rate after{scaled} {unit}")
    rates.legend(frameon=False, fontsize="small")
    return f"The pixels that have changed, {change.label}, and their rates.", figure
