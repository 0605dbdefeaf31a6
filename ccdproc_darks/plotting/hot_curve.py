# Licensed under a 3-clause BSD style license - see LICENSE
"""How many pixels have a dark rate above a given one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from astropy.nddata import CCDData

from .drawn_rates import drawn_rates
from .style import AXIS_RATE, LINE_STYLES, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_hot_curve"]

# Points of the curve in each factor of ten.
_POINTS = 100
_MOST_DECADES = 8


def plot_hot_curve(*rates: CCDData, labels: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Number of pixels above a dark rate."""
    drawn = drawn_rates(rates, labels)
    ax = axes_or_new(ax, (5.6, 4.0 + 0.2 * len(drawn)))
    counts = [rate.counts(saturated=True) for rate in drawn]
    high = max((count.edges[-1] for count in counts if count.total), default=1.0)
    high = high if high > 0 else 1.0
    lows = [count.quantile(0.5) / 3 for count in counts]
    lows += [rate.noise_limit for rate in drawn if rate.noise_limit]
    low = max(min((low for low in lows if low > 0), default=high / 1e4), high / 10**_MOST_DECADES)
    at = np.geomspace(min(low, high / 10), high, int(_POINTS * np.log10(high / min(low, high / 10))) + 2)
    for rate, count, style in zip(drawn, counts, cycle(LINE_STYLES), strict=False):
        above = count.total - count.number_below(at, rate.step)
        above[above < 0.5] = np.nan
        noise = at < 2 * (rate.noise_limit or 0.0)
        start = int(noise.sum())
        ax.plot(at[: start + 1], above[: start + 1], **style, lw=1.2, alpha=0.35, label=f"_noise of {rate.label}")
        ax.plot(at[start:], above[start:], **style, lw=1.6, label=rate.label)
    ax.set(xscale="log", yscale="log", xlabel=AXIS_RATE, ylabel="pixels above this rate")
    ax.set(xlim=(at[0], at[-1] * 1.3), ylim=(0.7, None))
    ax.grid(alpha=0.3)
    pixels = {count.total for count in counts}
    size = max(pixels)
    if size and min(pixels) > 0.9 * size:
        share = ax.secondary_yaxis(
            "right", functions=(lambda number: number * 100 / size, lambda part: part * size / 100)
        )
        share.set_ylabel("share of all pixels (%)")
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(0, -0.15), borderaxespad=0)
    return ax
