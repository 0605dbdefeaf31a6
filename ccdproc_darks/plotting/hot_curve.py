# Licensed under a 3-clause BSD style license - see LICENSE
"""How many pixels have a dark rate above a given one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from astropy.nddata import CCDData

from .drawn_rates import drawn_rates
from .style import AXIS_RATE, GREY, LINE_STYLES, SATURATED, add_legend_below, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_hot_curve"]

# Points of the curve in each factor of ten.
_POINTS = 100
_MOST_DECADES = 8


def plot_hot_curve(*rates: CCDData, labels: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Number of pixels whose dark rate is above a given one, for every rate: how hot a sensor is.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `~ccdproc_darks.dark_rate`: one to seven, such as those of several nights or temperatures.
    labels : sequence of str, optional
        Names of the rates. None: what differs between them: night (DATE-OBS), temperature, exposure time and frames.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw on. None: those of a new figure.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes, both logarithmic; that on the right has the share of all pixels (%), if the rates have as many. A
        curve is faint below twice the read noise, where noise takes pixels across the rate. A saturated pixel counts
        up to its lower limit; the triangle is where such pixels leave the curve, which is too low from there on. Other
        masked pixels are left out. The legend is below the axes: a figure with ``layout="constrained"`` has room for
        it.

    Raises
    ------
    TypeError
        If a rate is not CCDData, or ``labels`` are not texts.
    astropy.units.UnitsError
        If a rate is not in electron/s.
    ValueError
        If there is no rate, or one is not a result of `~ccdproc_darks.dark_rate`; if there are more or fewer labels
        than rates.

    See Also
    --------
    plot_rate_histogram : Number of pixels at each rate.

    Examples
    --------
    .. plot::

        >>> from astropy import units as u
        >>> from ccdproc_darks import dark_rate, sensor_preset, simulate_dark
        >>> from ccdproc_darks.plotting import plot_hot_curve
        >>> sensor = sensor_preset("aspen-cg16m", shape=(300, 400), seed=1)
        >>> rates = []
        >>> for temperature in (-35, -30, -25):
        ...     darks = [
        ...         simulate_dark(sensor, exposure=600 * u.s, temperature=temperature * u.deg_C, rng=seed)
        ...         for seed in range(3)
        ...     ]
        ...     rates.append(dark_rate(darks, bias=1000 * u.adu))
        >>> ax = plot_hot_curve(*rates)
    """
    drawn = drawn_rates(rates, labels)
    ax = axes_or_new(ax, (5.6, 4.2 + 0.2 * len(drawn)))
    counts = [rate.counts(saturated=True) for rate in drawn]
    at = _rates_drawn(drawn, counts)
    most = max(1.0, *(count.total for count in counts))
    for rate, count, style in zip(drawn, counts, cycle(LINE_STYLES), strict=False):
        # None is below every logarithmic axis.
        above = np.maximum(count.total - count.number_below(at, rate.step), 0.1)
        noise = int(np.count_nonzero(at < 2 * (rate.noise_limit or 0.0)))
        ax.plot(at[: noise + 1], above[: noise + 1], **style, lw=1.2, alpha=0.4, label=f"_noise of {rate.label}")
        ax.plot(at[noise:], above[noise:], **style, lw=1.6, label=rate.label)
        if rate.ceiling is not None:
            saturates = rate.ceiling[0]
            ax.plot(saturates, count.total - count.number_below(saturates * 0.99), **SATURATED, ls="none",
                    mec=style["color"], mew=1.2, label=f"_saturation of {rate.label}")  # fmt: skip
    ax.set(xlim=(at[0], at[-1] * 1.3), ylim=(0.7, 1.7 * most), xscale="log", yscale="log")
    ax.set(xlabel=AXIS_RATE, ylabel="pixels above this rate")
    ax.grid(alpha=0.3)
    if min(count.total for count in counts) > 0.9 * most:
        share = ax.secondary_yaxis("right", functions=(lambda n: n * 100 / most, lambda part: part * most / 100))
        share.set_ylabel("share of all pixels (%)")
    _add_legend(ax, any(rate.noise_limit for rate in drawn), any(rate.ceiling for rate in drawn))
    return ax


def _rates_drawn(drawn, counts):
    """Rates (electron/s) at which the curves are drawn, in equal steps of the logarithm."""
    high = max((count.edges[-1] for count in counts if count.total), default=1.0)
    high = high if high > 0 else 1.0
    lows = [count.quantile(0.5) / 3 for count in counts]
    lows += [rate.noise_limit for rate in drawn if rate.noise_limit]
    low = max(min((low for low in lows if low > 0), default=high / 1e4), high / 10**_MOST_DECADES)
    low = min(low, high / 10)
    return np.geomspace(low, high, int(_POINTS * np.log10(high / low)) + 2)


def _add_legend(ax, noise, saturated):
    from matplotlib.lines import Line2D

    handles, _ = ax.get_legend_handles_labels()
    if noise:
        handles.append(Line2D([], [], color=GREY, alpha=0.5, lw=1.2, label="below twice the read noise"))
    if saturated:
        handles.append(Line2D([], [], **SATURATED, ls="none", label="pixels saturate"))
    add_legend_below(ax, handles)
