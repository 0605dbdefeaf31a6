# Licensed under a 3-clause BSD style license - see LICENSE
"""The rates of two exposure times against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND, checked_number, checked_quantity
from .._interface.flags import DARK_FLAGS
from .._interface.pixel_mask import checked_mask
from ..frames.cards import header_value
from .drawn_rates import drawn_rates
from .style import AXIS_RATE, FLAG_STYLES, GREY, LEGEND_WORDS, add_legend_below, axes_or_new, in_digits
from .value_counts import Cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_rate_scatter"]

# Cells of the picture along each axis, and the pixels in one cell from which on it is drawn as a density.
_CELLS, _CROWDED = 160, 4
# Pixels that are worked on at a time.
_BLOCK = 2**18
# Of more pixels of one flag, one is drawn in each square of so many cells a side.
_ALL_DRAWN, _SQUARE = 300, 3
# Fraction of the pixels that may be lower than the picture shows.
_OUTSIDE = 1e-5


def plot_rate_scatter(
    short: CCDData,
    long: CCDData,
    *,
    mask: CCDData | None = None,
    limits: Sequence[u.Quantity] | u.Quantity | None = None,
    tolerance: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Dark rates of the same pixels in a short and a long exposure, against each other.

    Parameters
    ----------
    short, long : `~astropy.nddata.CCDData`
        Results of `~ccdproc_darks.dark_rate`, of one sensor; ``short`` is drawn along x. Any two may be given, such as
        two nights.
    mask : `~astropy.nddata.CCDData`, optional
        Result of `~ccdproc_darks.hot_pixel_mask`, whose flags are drawn.
    limits : two `~astropy.units.Quantity`, optional
        Lowest and highest rate (electron/s) of both axes, which are linear then. None: all pixels but the lowest one
        of 100 000 are in the picture.
    tolerance : float, optional
        Departure from equal rates, as a fraction, that is drawn as a band. None: that of the mask (DKTOLER), or 0.1.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw on. None: those of a new figure.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes:

        * grey cells: the number of pixels in each, where there are four and more; grey points: pixels, one by one.
          The scale of the cells is a colorbar beside, an inset of the axes.
        * a line where both rates are equal, as those of proportional pixels are, and the band of the tolerance.
        * dashed and dotted lines: the rates at which pixels saturate. Saturated pixels are at their lower limits.
        * markers: pixels with a flag, and how many of them are in the picture. Of more than 300 with a flag, one is
          drawn where several crowd.
        * shaded: rates up to twice the read noise, which show noise.

        Without ``limits``, both axes are linear up to the greater of these, so that rates of zero and below have their
        place, and logarithmic beyond. Masked pixels that are not saturated are left out.

    Raises
    ------
    TypeError
        If a rate or ``mask`` is not CCDData, or a limit has no unit.
    astropy.units.UnitsError
        If a rate or a limit is not in electron/s.
    ValueError
        If a rate is not a result of `~ccdproc_darks.dark_rate`; if rates and mask differ in shape; if ``mask`` holds no
        flags; if ``limits`` are not two, the lower one first, or ``tolerance`` is not positive.

    See Also
    --------
    plot_rate_histogram : The rates of all pixels.
    ccdproc_darks.compare_dark_rates : Whether the two rates of a pixel differ by more than their noise.

    Notes
    -----
    A pixel below the line has a lower rate in the longer exposure. Scaled darks do not remove the dark current of such
    pixels, as "Identifying hot pixels" of the CCD data reduction guide explains (Craig and Chambers,
    https://www.astropy.org/ccd-reduction-and-photometry-guide).

    Examples
    --------
    .. plot::
        :context: reset

        >>> from astropy import units as u
        >>> from ccdproc_darks import DarkSequence, dark_rate, hot_pixel_mask, sensor_preset
        >>> from ccdproc_darks.plotting import plot_rate_scatter
        >>> sensor = sensor_preset("aspen-cg16m", shape=(300, 400), seed=1)
        >>> frames = list(DarkSequence(sensor, [(8, 90 * u.s), (4, 1000 * u.s)], rng=1))
        >>> short, long = (dark_rate(some, bias=1000 * u.adu) for some in (frames[:8], frames[8:]))
        >>> mask = hot_pixel_mask(short, long)
        >>> ax = plot_rate_scatter(short, long, mask=mask)

    Part of it, with linear axes:

    .. plot::
        :context: close-figs

        >>> per_second = u.electron / u.s
        >>> ax = plot_rate_scatter(short, long, mask=mask, limits=(0.5 * per_second, 10 * per_second))
    """
    from matplotlib.colors import LogNorm

    drawn = drawn_rates([short, long], names=["short", "long"])
    shapes = [rate.data.shape for rate in drawn]
    if shapes[0] != shapes[1]:
        raise ValueError(f"long must have the shape of short, {shapes[0]}, got {shapes[1]}")
    flags = None if mask is None else checked_mask(mask, only_flags=True)
    if flags is not None and flags.shape != shapes[0]:
        raise ValueError(f"mask must have the shape of the rates, {shapes[0]}, got {flags.shape}")
    if tolerance is None:
        tolerance = 0.1 if flags is None else header_value(flags.meta, "DKTOLER", 0.1)
    tolerance = checked_number("tolerance", tolerance, maximum=1e6)
    scale = _scale_of(drawn) if limits is None else _Scale(*_checked_limits(limits))
    ax = axes_or_new(ax, (5.6, 6.2))
    pixels = _Pixels(drawn, scale.edges)
    _draw_lines(ax, drawn, scale.edges, tolerance)
    density = np.ma.masked_less(pixels.per_cell, _CROWDED)
    if density.count():
        shades = LogNorm(_CROWDED / 4, max(density.max(), 10 * _CROWDED))
        image = ax.pcolormesh(scale.edges, scale.edges, density, cmap="Greys", norm=shades, rasterized=True)
        ax.figure.colorbar(image, cax=ax.inset_axes((1.02, 0, 0.035, 1)), label="pixels in a cell")
    alone = pixels.alone()
    ax.plot(pixels.x[alone], pixels.y[alone], ls="none", marker=".", ms=7 if alone.size < _ALL_DRAWN else 3,
            color=GREY, rasterized=True, label=f"{in_digits(pixels.number)} pixels in the picture")  # fmt: skip
    for flag, chosen in pixels.flagged(flags).items():
        if chosen.size:
            x, y = pixels.thinned(chosen)
            width = 0.8 if flag == DARK_FLAGS.HOT else 1.3
            ax.plot(x, y, **FLAG_STYLES[flag], ms=4.5, mew=width, mfc="none", ls="none", rasterized=True, zorder=3,
                    label=f"{LEGEND_WORDS[flag]}: {in_digits(chosen.size)}")  # fmt: skip
    scale.put_on(ax)
    ax.set(
        aspect="equal", anchor="N", xlabel=f"{AXIS_RATE}, {drawn[0].label}", ylabel=f"{AXIS_RATE}, {drawn[1].label}",
    )  # fmt: skip
    add_legend_below(ax, ncols=2)
    return ax


class _Scale:
    """Scale of both axes from ``low`` to ``high``: linear, or linear up to ``linear`` and logarithmic beyond.

    ``edges`` are those of the cells, evenly spaced in the picture.
    """

    def __init__(self, low, high, linear=None):
        from matplotlib.scale import SymmetricalLogTransform

        self.linear = linear
        if linear is None:
            self.edges = np.linspace(low, high, _CELLS + 1)
        else:
            transform = SymmetricalLogTransform(10, linear, 1)
            places = np.linspace(*transform.transform_non_affine(np.array([low, high])), _CELLS + 1)
            self.edges = transform.inverted().transform_non_affine(places)

    def put_on(self, ax):
        """Give Axes this scale."""
        if self.linear is not None:
            decades = 10.0 ** np.arange(np.ceil(np.log10(0.99 * self.linear)), np.log10(self.edges[-1]))
            ticks = np.array([*-decades[::-1], 0.0, *decades])
            ticks = ticks[ticks >= self.edges[0]]
            ax.set_xscale("symlog", linthresh=self.linear)
            ax.set_yscale("symlog", linthresh=self.linear)
            ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set(xlim=self.edges[[0, -1]], ylim=self.edges[[0, -1]])


class _Pixels:
    """Pixels of two rates in the cells of a picture.

    Attributes
    ----------
    x, y : `~numpy.ndarray`
        Rates of all pixels (electron/s), flat.
    number : int
        Number of pixels in the picture.
    per_cell : `~numpy.ndarray`
        Number of unsaturated pixels in each cell, shape (cells along y, cells along x).
    """

    def __init__(self, drawn, edges):
        self.x, self.y = (rate.data.ravel() for rate in drawn)
        table, moves = Cells(edges), [_moves(rate.step) for rate in drawn]
        self._cells, saturated, numbers = np.empty(self.x.size, dtype=np.uint16), [], 0
        for start in range(0, self.x.size, _BLOCK):
            block = slice(start, min(start + _BLOCK, self.x.size))
            cells = self._cells[block]
            columns, rows = (
                table.of(values[block] + move[: len(cells)])
                for values, move in zip((self.x, self.y), moves, strict=True)
            )
            inside = (columns > 0) & (columns < len(edges)) & (rows > 0) & (rows < len(edges))
            at_limit = np.zeros(len(cells), dtype=bool)
            for rate in drawn:
                if rate.mask is not None:
                    limit = rate.saturated.ravel()[block]
                    inside &= ~rate.mask.ravel()[block] | limit
                    at_limit |= limit
            # One number for both; that of a pixel in no cell is 0.
            np.multiply(columns, 256, out=cells, dtype=np.uint16)
            cells += rows
            cells *= inside
            saturated.append(start + np.flatnonzero(at_limit & inside))
            numbers = numbers + np.bincount(cells, minlength=2**16)
        self._saturated = np.concatenate(saturated)
        numbers[0] = 0
        self.number = int(numbers.sum())
        numbers -= np.bincount(self._cells[self._saturated], minlength=2**16)
        self.per_cell = numbers.reshape(256, 256)[1 : len(edges), 1 : len(edges)].T

    def alone(self):
        """Indices of unsaturated pixels in cells that are not crowded."""
        few = np.zeros((256, 256), dtype=bool)
        rows, columns = self.per_cell.shape
        few[1 : columns + 1, 1 : rows + 1] = self.per_cell.T < _CROWDED
        return np.setdiff1d(np.flatnonzero(few.ravel()[self._cells]), self._saturated, assume_unique=True)

    def flagged(self, flags):
        """Indices of the pixels in the picture with each flag; those that the rates call saturated are SATURATED."""
        found = np.empty(0, dtype=int)
        bits = np.empty(0, dtype=np.uint32)
        if flags is not None:
            bits = flags.data.ravel()
            found = np.flatnonzero(bits)
            found = found[self._cells[found] > 0]
            bits = bits[found]
        chosen = {flag: found[(bits & flag) != 0] for flag in FLAG_STYLES}
        chosen[DARK_FLAGS.SATURATED] = np.union1d(chosen[DARK_FLAGS.SATURATED], self._saturated)
        return chosen

    def thinned(self, chosen):
        """Rates x and y of some pixels: of many that crowd, only one in each square of cells."""
        if chosen.size > _ALL_DRAWN:
            columns, rows = np.divmod(self._cells[chosen].astype(int), 256)
            _, first = np.unique(columns // _SQUARE * 256 + rows // _SQUARE, return_index=True)
            chosen = chosen[first]
        return self.x[chosen], self.y[chosen]


def _moves(step):
    """By how much each pixel of a block is moved, up to half a step of the ADC: steps would show as stripes."""
    return np.random.default_rng(0).uniform(-step / 2, step / 2, _BLOCK).astype(np.float32)


def _scale_of(drawn):
    """Scale that shows all pixels, but for the lowest ones of many."""
    counts = [count for count in (rate.counts(saturated=True) for rate in drawn) if count.total]
    high = max((count.edges[-1] for count in counts), default=1.0)
    high = 1.2 * high if high > 0 else 1.0
    # The edge of a bin, so that nothing is lost where the lowest ones are less than a pixel.
    firsts = [np.searchsorted(count.below, _OUTSIDE * count.total, side="right") - 1 for count in counts]
    low = min((count.edges[first] for count, first in zip(counts, firsts, strict=True)), default=0.0)
    low -= max(rate.step for rate in drawn)
    noise = 2 * max(rate.noise_limit or 0.0 for rate in drawn)
    return _Scale(min(low, 0.0), high, min(noise or high / 1e4, high / 10))


def _draw_lines(ax, drawn, edges, tolerance):
    """Line of equal rates with its tolerance, the noise, and the rates at which pixels saturate."""
    noises = [2 * (rate.noise_limit or 0.0) for rate in drawn]
    label = "below twice the read noise"
    for noise, span in zip(noises, (ax.axvspan, ax.axhspan), strict=True):
        if noise > edges[0]:
            span(max(-noise, edges[0]), noise, color=GREY, alpha=0.12, lw=0, label=label, zorder=0)
            label = "_both"
    ax.plot(edges[[0, -1]], edges[[0, -1]], color="k", lw=1, label="equal rates", zorder=2.5)
    band = edges[edges >= 0]
    ax.fill_between(band, band * (1 - tolerance), band * (1 + tolerance), facecolor="#56b4e9", edgecolor="k", ls=":",
                    alpha=0.35, label=f"equal within {100 * tolerance:.3g} %", zorder=0.5)  # fmt: skip
    for rate, line, dashes in zip(drawn, (ax.axvline, ax.axhline), (":", "--"), strict=True):
        if rate.ceiling is not None and edges[0] < rate.ceiling[0] < edges[-1]:
            line(rate.ceiling[0], color="k", ls=dashes, lw=1, zorder=2.5,
                 label=f"{rate.label} saturate at {in_digits(rate.ceiling[0])}")  # fmt: skip


def _checked_limits(limits):
    if not np.iterable(limits) or isinstance(limits, str):
        raise TypeError(f"limits must be two rates, the lower and the upper end, got {limits!r}")
    if len(limits) != 2:
        raise ValueError(f"limits must be two rates, the lower and the upper end, got {len(limits)}")
    low, high = (checked_quantity("limits", end, ELECTRON_PER_SECOND, zero=True, negative=True) for end in limits)
    if not low < high:
        raise ValueError(f"limits must be two rates, the lower one first, got {low:g} and {high:g} electron/s")
    return low, high
