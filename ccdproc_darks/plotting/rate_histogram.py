# Licensed under a 3-clause BSD style license - see LICENSE
"""Histogram of dark rates, with noise drawn as noise."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from astropy.nddata import CCDData

from .._interface.pixel_mask import checked_mask
from ..frames.cards import header_value
from ..rates.typical_rate import typical_rate
from .drawn_rates import drawn_rates
from .style import AXIS_RATE, GREY, LINE_STYLES, SATURATED, add_legend_below, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_rate_histogram"]

# Width of a bin: a step of 5 % in rate.
_STEP = np.log(1.05)
# Pixels for which neighbouring bins are drawn as one, and the most bins that are.
_ENOUGH, _WIDEST = 12, 6
# Fewer pixels are the rounding of a sum.
_ROUNDING = 0.1
# The picture begins at this fraction of the read-noise limit, and ends at this multiple of the highest rate.
_LOWEST, _HIGHEST = 0.1, 1.3
_MOST_DECADES = 8
# Height of a line of text, as a fraction of the axes.
_ROW = 0.06


def plot_rate_histogram(
    *rates: CCDData, mask: CCDData | None = None, labels: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Histogram of dark rates, both axes logarithmic, with the noise drawn as noise.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `~ccdproc_darks.dark_rate`: one to seven, such as those of a short and a long exposure.
    mask : `~astropy.nddata.CCDData`, optional
        Result of `~ccdproc_darks.hot_pixel_mask`, whose typical rate and threshold (DKTYPIC, DKTHRESH) are drawn. Its
        pixels are not left out.
    labels : sequence of str, optional
        Names of the rates. None: what differs between them: night (DATE-OBS), temperature, exposure time and frames.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw on. None: those of a new figure.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes:

        * steps: the number of pixels of each rate (electron/s). The height is the number of pixels whose rates lie
          within 5 % of one another. Where pixels are few, up to six such bins are drawn as one, at their mean height.
        * shaded: what the same frames would give if all pixels had the median rate. Where steps and shade agree, the
          differences between pixels are noise, and not dark current.
        * vertical lines: the read noise of the mean of all frames, as a rate, and twice it, the least rate that is
          measured well (both of the noisiest of the rates); the rate of the typical pixel; the threshold.
        * triangle: the number of saturated pixels of a rate, at the median of their lower limits.

        The legend is below the axes, and says how many pixels have rates of zero and less, which logarithmic axes
        cannot show: a figure with ``layout="constrained"`` has room for it. Other masked pixels are left out.

    Raises
    ------
    TypeError
        If a rate or ``mask`` is not CCDData, or ``labels`` are not texts.
    astropy.units.UnitsError
        If a rate is not in electron/s.
    ValueError
        If there is no rate, or one is not a result of `~ccdproc_darks.dark_rate`; if ``mask`` holds no flags, or there
        are more or fewer labels than rates.

    See Also
    --------
    plot_rate_scatter : The same pixels at two exposure times.
    plot_hot_curve : Number of pixels above a rate.

    Notes
    -----
    The read noise R of one frame (DKRDNOI) is ``R / (sqrt(N) t)`` in the mean rate of N frames (NCOMBINE) of t seconds,
    as in "Identifying hot pixels" of the CCD data reduction guide (Craig and Chambers, https://www.astropy.org/
    ccd-reduction-and-photometry-guide). The shade is the law of Poisson electrons with normal read noise, and with the
    error of the bias.

    Rates of N frames are multiples of the gain over ``N t``. Each pixel is spread evenly over one such step, so that
    the bins show no comb.

    Examples
    --------
    .. plot::

        >>> from astropy import units as u
        >>> from ccdproc_darks import DarkSequence, dark_rate, hot_pixel_mask, sensor_preset
        >>> from ccdproc_darks.plotting import plot_rate_histogram
        >>> sensor = sensor_preset("aspen-cg16m", shape=(300, 400), seed=1)
        >>> frames = list(DarkSequence(sensor, [(8, 90 * u.s), (4, 1000 * u.s)], rng=1))
        >>> short, long = (dark_rate(some, bias=1000 * u.adu) for some in (frames[:8], frames[8:]))
        >>> ax = plot_rate_histogram(short, long, mask=hot_pixel_mask(short, long))
    """
    drawn = drawn_rates(rates, labels)
    flags = None if mask is None else checked_mask(mask, only_flags=True)
    counts = [rate.counts() for rate in drawn]
    typical = None if flags is None else header_value(flags.meta, "DKTYPIC", None)
    if typical is None:
        best = max(drawn, key=lambda rate: rate.info.total)
        typical, _ = typical_rate(best.image)
    ax = axes_or_new(ax, (5.6, 4.2 + 0.2 * len(drawn)))
    edges = _bin_edges(drawn, counts)
    # Half a pixel in the widest bin is nothing.
    top, bottom = 1.0, 0.5 / _WIDEST
    for rate, count, style in zip(drawn, counts, cycle(LINE_STYLES), strict=False):
        numbers = np.diff(count.number_below(edges, rate.step))
        heights, ends = _merged(numbers, edges)
        ax.stairs(heights, ends, **style, lw=1.4, label=f"{rate.label}{_not_drawn(count)}")
        if rate.noise_limit and count.total:
            noise = count.total * np.diff(rate.noise_below(edges, count.quantile(0.5)))
            ax.stairs(noise, edges, fill=True, color=style["color"], alpha=0.2, lw=0)
        if rate.ceiling is not None and rate.ceiling[0] > edges[0]:
            ax.plot(*rate.ceiling, **SATURATED, ls="none", mec=style["color"], mew=1.2, clip_on=False)
            top = max(top, rate.ceiling[1])
        top = max(top, heights.max(initial=0))
    _add_legend(ax, any(rate.noise_limit for rate in drawn), any(rate.ceiling for rate in drawn))
    named = _named_rates(drawn, typical, flags)
    # Room above the histogram for the names of the lines, one below the other.
    rows = np.log(top / bottom) / (1 - _ROW * (len(named) + 0.5))
    # Limits come first: logarithmic axes would look for some themselves, and warn where no rate is above zero.
    ax.set(xlim=edges[[0, -1]], ylim=(bottom, bottom * np.exp(rows)), xscale="log", yscale="log")
    ax.set(xlabel=AXIS_RATE, ylabel="pixels per 5 % step of rate")
    for number, (text, value, dashes) in enumerate(named):
        if edges[0] < value < edges[-1]:
            _add_line(ax, text, value, dashes, 0.98 - _ROW * number)
    return ax


def _named_rates(drawn, typical, flags):
    """Names, rates (electron/s) and dashes of the vertical lines, the lowest rate first."""
    found = []
    limit = max((rate.noise_limit or 0.0 for rate in drawn), default=0.0)
    if limit:
        found += [("read noise", limit, "--"), ("twice the read noise", 2 * limit, ":")]
    if typical is not None and typical > 0:
        found += [("typical rate", typical, "-")]
    threshold = None if flags is None else header_value(flags.meta, "DKTHRESH", None)
    if threshold is not None and threshold > 0:
        found += [("threshold", threshold, "-.")]
    return sorted(found, key=lambda name: name[1])


def _add_line(ax, text, value, dashes, height):
    transform = ax.get_xaxis_transform()
    ax.plot([value, value], [0, height], color=GREY, ls=dashes, lw=1.1, transform=transform, label=f"_{text}")
    low, high = ax.get_xlim()
    left = np.log(value / low) > 0.6 * np.log(high / low)
    ax.annotate(
        f"{text} {value:.2g}", (value, height), xycoords=transform, xytext=(-3 if left else 3, 0),
        textcoords="offset points", ha="right" if left else "left", va="top",
    )  # fmt: skip


def _not_drawn(count):
    """Words for the pixels that logarithmic axes cannot show."""
    if not count.not_positive:
        return ""
    share = 100 * count.not_positive / count.total
    number = (
        f"{float(f'{share:.2g}'):g} %" if share > 0.1 else f"{count.not_positive} pixel{'s' * (count.not_positive > 1)}"
    )
    return f" ({number} at or below 0)"


def _add_legend(ax, noise, saturated):
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles, _ = ax.get_legend_handles_labels()
    if noise:
        handles.append(Patch(color=GREY, alpha=0.3, lw=0, label="noise alone, if all pixels had the median rate"))
    if saturated:
        handles.append(Line2D([], [], **SATURATED, ls="none", label="number of saturated pixels, at their lower limit"))
    add_legend_below(ax, handles)


def _bin_edges(drawn, counts):
    """Edges of the bins of all rates, in equal steps of the logarithm."""
    # Saturated pixels are often higher than all others.
    highest = [rate.ceiling[0] for rate in drawn if rate.ceiling]
    high = max([count.edges[-1] for count in counts if count.total] + highest, default=1.0)
    high = high * _HIGHEST if high > 0 else 1.0
    limits = [rate.noise_limit for rate in drawn if rate.noise_limit]
    middles = [count.quantile(0.5) for count in counts]
    lows = [_LOWEST * limit for limit in limits] or [middle / 30 for middle in middles if middle > 0]
    low = max(min(lows, default=high / 1e4), high / 10**_MOST_DECADES)
    low = min(low, high / 10)
    return low * np.exp(_STEP * np.arange(int(np.ceil(np.log(high / low) / _STEP)) + 1))


def _merged(numbers, edges):
    """Heights and edges of bins, neighbours with few pixels drawn as one: pixels of a bin of the usual width."""
    heights, ends, start, total = [], [edges[0]], 0, 0.0
    for index, number in enumerate(numbers):
        total += number
        if total >= _ENOUGH or index - start + 1 == _WIDEST or index == len(numbers) - 1:
            heights.append(total / (index - start + 1) if total > _ROUNDING else 0.0)
            ends.append(edges[index + 1])
            start, total = index + 1, 0.0
    return np.array(heights), np.array(ends)
