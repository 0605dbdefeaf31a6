# Licensed under a 3-clause BSD style license - see LICENSE
"""Electrons of single pixels against exposure time, with the rate that fits them and what is left over."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.nddata import CCDData

from .._interface.flags import DARK_FLAGS, NONLINEAR_KINDS
from .._interface.number_text import with_error
from .._interface.pixel_mask import KINDS, checked_mask, kind_of_result
from ..rates.pixel_counts import pixel_counts
from .style import GREY, LEGEND_WORDS, MARKERS, axes_or_new, line_style, panel_below, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_pixel_counts"]

_MOST = len(MARKERS)
# Counts of pixels that differ by more than this factor are drawn on logarithmic axes.
_WIDE = 30.0
# Standard deviations within which nearly all residuals of a proportional pixel are; and the least that are shown.
_USUAL, _LEAST_SHOWN = 3.0, 5.0
# Residuals beyond so many standard deviations are drawn on an axis that is logarithmic beyond the usual ones.
_FAR = 30.0
# Common offset over the error of counts from which on the axis says that it was taken off.
_SHOWS = 0.5
# Letters in a line of the legend.
_LETTERS = 64


def plot_pixel_counts(
    pixels: Any,
    *rates: CCDData,
    mask: CCDData | None = None,
    kinds: CCDData | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the electrons of some pixels against exposure time, the proportional fit, and the residuals.

    Parameters
    ----------
    pixels : sequence of pairs (x, y), or table
        Up to ten pixels: column and row, from 0; or a table with the columns x and y, such as some rows of what
        `~ccdproc_darks.changed_pixels` gives.
    *rates : `~astropy.nddata.CCDData`
        Results of `~ccdproc_darks.dark_rate`, of one exposure time each.
    mask : `~astropy.nddata.CCDData`, optional
        Result of `~ccdproc_darks.hot_pixel_mask`, whose flags are named in the legend.
    kinds : `~astropy.nddata.CCDData`, optional
        Result of `~ccdproc_darks.nonlinear_kind`, whose kind of a pixel is named in the legend.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw on. None: those of a new figure.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The counts. Below them are other Axes with the residuals, ``ax.figure.axes[-1]``.

    Raises
    ------
    TypeError
        If a rate, ``mask`` or ``kinds`` is not CCDData; if pixels are not whole numbers.
    ValueError
        If a pixel is outside of the image, or there are more than ten; if a rate is of several exposure times; if
        images have different shapes; if ``mask`` or ``kinds`` is another image.

    See Also
    --------
    ccdproc_darks.nonlinear_kind : Tells why a pixel is not proportional.
    plot_frames : Draws the values of pixels through the frames.

    Notes
    -----
    Counts are rates times exposure time; error bars are one standard deviation. The line is the rate that fits all
    exposure times of a pixel: least squares through zero, weighted by the noise of the fitted counts. A saturated count
    is an arrow from the least that it can be, and is not in the fit. Residuals are counts minus the line, over
    the standard deviation of a pixel on the line: those of a proportional pixel scatter within the grey band, from -3
    to 3. What all pixels of an exposure time have in common, as after a drift of the bias level, is taken off, as in
    `~ccdproc_darks.compare_dark_rates`.

    Axes are logarithmic where the pixels differ by more than a factor of 30. They have no place for counts at or below
    zero, of which only the residual is drawn.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import DarkSequence, Sensor, dark_rate
    >>> from ccdproc_darks.plotting import plot_pixel_counts
    >>> sensor = Sensor(shape=(50, 50), rate=1 * u.electron / u.s, bias=1000 * u.adu, seed=1)
    >>> rates = [dark_rate(list(DarkSequence(sensor, [(5, seconds * u.s)], rng=1)), bias=sensor.bias)
    ...          for seconds in (20, 60, 180)]
    >>> ax = plot_pixel_counts([(20, 30), (21, 30)], *rates)
    >>> [axes.get_ylabel() for axes in ax.figure.axes]
    ['electrons', 'residual (σ)']

    A hot pixel, and one that has a fixed number of electrons at every exposure:

    .. plot::

        import numpy as np
        from astropy import units as u
        from ccdproc_darks import DarkSequence, NONLINEAR_KINDS, Sensor, dark_rate, hot_pixel_mask, nonlinear_kind
        from ccdproc_darks.plotting import plot_pixel_counts
        from ccdproc_darks.simulation import HotPixels, OffsetPixels

        sensor = Sensor(shape=(100, 100), rate=0.5 * u.electron / u.s, read_noise=5 * u.electron, bias=1000 * u.adu,
                        seed=1,
                        defects=[HotPixels(fraction=0.01, above=1 * u.electron / u.s, maximum=3 * u.electron / u.s),
                                 OffsetPixels(fraction=0.002, offset=300 * u.electron)])
        rates = [dark_rate(list(DarkSequence(sensor, [(5, seconds * u.s)], rng=1)), bias=sensor.bias)
                 for seconds in (20, 60, 120, 180, 300, 400)]
        mask = hot_pixel_mask(*rates)
        kinds = nonlinear_kind(*rates, mask=mask)
        y, x = np.nonzero(kinds.data == NONLINEAR_KINDS.OFFSET)
        hot = np.where(kinds.data == NONLINEAR_KINDS.PROPORTIONAL, rates[-1].data, 0)
        y_hot, x_hot = np.unravel_index(np.argmax(hot), hot.shape)
        plot_pixel_counts([(x[0], y[0]), (x_hot, y_hot), (50, 50)], *rates, mask=mask, kinds=kinds)
    """
    found = pixel_counts(rates, pixels, _MOST)
    words = _words(found, rates[0].shape, mask, kinds)
    ax = axes_or_new(ax, (5.8, 6.2))
    below = panel_below(ax)
    below.axhspan(-_USUAL, _USUAL, color="0.88", lw=0)
    below.axhline(0, color=GREY, lw=1)
    is_wide = _is_wide(np.fmax(found.counts, found.lower_limits))
    shortest, longest = found.seconds[0], found.seconds[-1]
    fitted = np.geomspace(shortest / 1.5, longest * 1.5, 100) if is_wide else np.array([0.0, longest * 1.05])
    for index, word in enumerate(words):
        style = line_style(index)
        marker = {"color": style["color"], "marker": MARKERS[index], "ms": 5, "ls": "none"}
        ax.plot(fitted, found.rate[index] * fitted, lw=1.2, label="_fit", **style)
        errors = np.nan_to_num(found.errors[:, index])
        ax.errorbar(found.seconds, found.counts[:, index], errors, capsize=2, elinewidth=1, label=word, **marker)
        as_limit = marker | {"marker": r"$\uparrow$", "ms": 11}
        ax.plot(found.seconds, found.lower_limits[:, index], label="_saturated", **as_limit)
        below.plot(found.seconds, found.residuals[:, index], label=word, **marker)
    if is_wide:
        ax.set(xscale="log", yscale="log", xlim=(fitted[0], fitted[-1]))
        plain_log_ticks(below.xaxis)
        ax.set_ylim(_lowest(found.counts) / 2, np.nanmax([found.counts, found.lower_limits]) * 2)
    else:
        ax.set_xlim(0, fitted[-1])
    _set_range(below, found.residuals)
    ax.set_ylabel("electrons, less what all pixels share" if _is_shifted(found) else "electrons")
    below.set(xlabel="exposure time (s)", ylabel="residual (\u03c3)")
    ax.legend(
        loc="lower left", bbox_to_anchor=(-0.1, 1), frameon=False, title="pixel (x, y): fitted rate (electron/s)",
        alignment="left", handletextpad=0.3,
    )  # fmt: skip
    return ax


def _is_wide(counts):
    """Whether pixels differ by so much that those of few electrons would lie on the axis."""
    highest = np.nanmax(np.where(np.isnan(counts), -np.inf, counts), axis=0)
    highest = highest[highest > 0]
    return bool(highest.size and highest.max() > _WIDE * highest.min())


def _is_shifted(found):
    """Whether a common offset was taken off that shows beside an error bar."""
    return bool(np.nanmax(np.abs(found.offsets) / found.errors, initial=0.0) > _SHOWS)


def _lowest(counts):
    """Lowest counts above zero, of a logarithmic axis."""
    return float(np.min(counts, where=counts > 0, initial=np.inf))


def _set_range(axes, residuals):
    """Range of the residuals: not so small that noise looks large, and logarithmic beyond the usual ones."""
    size = float(np.nanmax(np.abs(residuals), initial=_LEAST_SHOWN))
    if size > _FAR:
        axes.set_yscale("symlog", linthresh=_USUAL, linscale=0.6)
        ticks = [_USUAL, *10.0 ** np.arange(1, np.ceil(np.log10(size * 1.8)))]
        axes.set_yticks([0, *ticks, *(-tick for tick in ticks)], minor=False)
        axes.yaxis.set_major_formatter("{x:g}")
        size *= 1.5
    axes.set_ylim(-size * 1.2, size * 1.2)


def _words(found, shape, mask, kinds):
    """What the legend says of each pixel: its place, rate, flags and kind."""
    flags = None if mask is None else _of_shape("mask", checked_mask(mask, only_flags=True), shape)
    codes = None if kinds is None else _of_shape("kinds", _checked_kinds(kinds), shape)
    words = []
    for x, y, rate, error in zip(found.x, found.y, found.rate, found.rate_error, strict=True):
        told = "no rate" if np.isnan(rate) else with_error(rate, error)
        names = [] if flags is None else _flag_words(int(flags.data[y, x]))
        code = NONLINEAR_KINDS.PROPORTIONAL if codes is None else NONLINEAR_KINDS(int(codes.data[y, x]))
        # What is not NONLINEAR has no kind: it is named where no flag says so.
        if codes is not None and (flags is None or code != NONLINEAR_KINDS.PROPORTIONAL):
            nonlinear, kind = LEGEND_WORDS[DARK_FLAGS.NONLINEAR], code.name.lower().replace("_", " ")
            names = [f"{name} ({kind})" if name == nonlinear else name for name in names] or [kind]
        words.append(fill(", ".join([f"({x}, {y}): {told}", *names]), _LETTERS))
    return words


def _flag_words(flags):
    """Words of the flags of a pixel; HOT is not said twice."""
    names = [word for bit, word in LEGEND_WORDS.items() if flags & bit]
    if flags & DARK_FLAGS.UNRELIABLE_DARK:
        names = [word for word in names if word != LEGEND_WORDS[DARK_FLAGS.HOT]]
    return names or ["no flag"]


def _checked_kinds(kinds):
    if not isinstance(kinds, CCDData):
        raise TypeError(f"kinds must be CCDData, a result of nonlinear_kind, got {type(kinds).__name__}")
    kind = kind_of_result(kinds)
    if kind != KINDS:
        raise ValueError(f"kinds must be a result of nonlinear_kind, got {kind or 'another image'}")
    return kinds


def _of_shape(name, image, shape):
    if image.shape != shape:
        raise ValueError(f"{name} must have the shape of the rates, {shape}, got {image.shape}")
    return image
