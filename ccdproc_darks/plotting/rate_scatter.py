# Licensed under a 3-clause BSD style license - see LICENSE
"""The rates of two exposure times against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND, checked_number, checked_quantity
from .._interface.flags import DARK_FLAGS
from .._interface.pixel_mask import checked_mask
from ..frames.cards import header_value
from .drawn_rates import drawn_rates
from .style import AXIS_RATE, FLAG_STYLES, GREY, axes_or_new
from .value_counts import ValueCounts, cell_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_rate_scatter"]

# Cells of the picture along each axis, and the pixels in one cell from which on it is drawn as a density.
_CELLS, _CROWDED = 160, 4
_NAMES = {flag: name for name, flag in vars(DARK_FLAGS).items() if isinstance(flag, int)}
_OUTSIDE = 1e-5


def plot_rate_scatter(
    short: CCDData,
    long: CCDData,
    *,
    mask: CCDData | None = None,
    limits: tuple[u.Quantity, u.Quantity] | u.Quantity | None = None,
    tolerance: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Dark rates of a short and a long exposure against each other."""
    from matplotlib.colors import LogNorm

    one, two = drawn = drawn_rates([short, long], names=["short", "long"])
    if one.data.shape != two.data.shape:
        raise ValueError(f"short and long must have the same shape, got {one.data.shape} and {two.data.shape}")
    flags = None if mask is None else checked_mask(mask, only_flags=True)
    if flags is not None and flags.shape != one.data.shape:
        raise ValueError(f"mask must have the shape of the rates, {one.data.shape}, got {flags.shape}")
    zoom = None if limits is None else _checked_limits(limits)
    if tolerance is None:
        tolerance = 0.1 if flags is None else header_value(flags.meta, "DKTOLER", 0.1)
    tolerance = checked_number("tolerance", tolerance, maximum=1e6)
    ax = axes_or_new(ax, (5.6, 5.6))
    low, high, linear = zoom or _range(drawn)
    scale = _Scale(low, high, linear)
    cells = [cell_numbers(rate.data, scale.edges) for rate in drawn]
    inside = [(cell > 0) & (cell < len(scale.edges)) for cell in cells]
    both = inside[0] & inside[1]
    x, y = one.data.ravel(), two.data.ravel()
    saturated = np.zeros(x.size, dtype=bool)
    for rate in drawn:
        if rate.mask is not None:
            saturated |= rate.mask.ravel()
    # One number for each cell: 0 where a pixel is outside or saturated.
    numbers = cells[0].astype(np.uint16) * np.uint16(256) + cells[1]
    numbers[~both | saturated] = 0
    per_cell = np.bincount(numbers, minlength=2**16)
    per_cell[0] = 0
    crowded = per_cell.reshape(256, 256)[1 : _CELLS + 1, 1 : _CELLS + 1].T
    density = np.ma.masked_less(crowded, _CROWDED)
    if density.count():
        image = ax.pcolormesh(
            scale.edges, scale.edges, density, cmap="Greys", norm=LogNorm(_CROWDED / 4, max(density.max(), 10)),
            rasterized=True, zorder=1,
        )  # fmt: skip
        ax.figure.colorbar(image, ax=ax, label="pixels in a cell", shrink=0.7, pad=0.02)
    alone = np.flatnonzero((per_cell < _CROWDED)[numbers] & (numbers > 0))
    ax.plot(x[alone], y[alone], ".", ms=3, color=GREY, zorder=2, rasterized=True, label="a pixel")
    ends = np.array([scale.edges[0], scale.edges[-1]])
    ax.plot(ends, ends, color="k", lw=1, zorder=4, label="equal rates")
    at = scale.edges[scale.edges > 0]
    ax.fill_between(at, at * (1 - tolerance), at * (1 + tolerance), color=GREY, alpha=0.2, lw=0, zorder=3,
                    label=f"within {100 * tolerance:.3g} %")  # fmt: skip
    if flags is not None:
        _draw_flags(ax, flags.data.ravel(), x, y, numbers)
    for rate, line in zip(drawn, (ax.axvline, ax.axhline), strict=True):
        limits_of = rate.lower_limits
        if limits_of.size and low < np.median(limits_of) < high:
            line(np.median(limits_of), color=GREY, ls="--", lw=1, label=f"saturation at {rate.label}")
    if linear is not None:
        ax.set_xscale("symlog", linthresh=linear)
        ax.set_yscale("symlog", linthresh=linear)
    ax.set(xlim=ends, ylim=ends, aspect="equal", xlabel=f"{AXIS_RATE}, {one.label}", ylabel=f"{AXIS_RATE}, {two.label}")
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(0, -0.14), borderaxespad=0, ncols=2)
    return ax


class _Scale:
    """Edges of the cells, even in the picture: linear between minus and plus ``linear``, logarithmic beyond."""

    def __init__(self, low, high, linear):
        if linear is None:
            self.edges = np.linspace(low, high, _CELLS + 1)
            return
        places = np.linspace(_place(low, linear), _place(high, linear), _CELLS + 1)
        size = np.abs(places)
        self.edges = np.sign(places) * linear * np.where(size > 1, 10 ** (np.maximum(size, 1) - 1), size)


def _place(value, linear):
    size = abs(value) / linear
    return np.sign(value) * (1 + np.log10(size) if size > 1 else size)


def _range(drawn):
    counts = [ValueCounts(rate.data) for rate in drawn]
    low = min(count.quantile(_OUTSIDE) for count in counts)
    high = max(count.edges[-1] for count in counts)
    linear = 2 * max(rate.noise_limit or 0.0 for rate in drawn) or high / 1e4
    return min(low, 0.0), high * 1.2, linear


def _draw_flags(ax, bits, x, y, numbers):
    for flag, style in FLAG_STYLES.items():
        chosen = np.flatnonzero((bits & flag) != 0)
        if not chosen.size:
            continue
        chosen = chosen[np.isfinite(x[chosen]) & np.isfinite(y[chosen])]
        ax.plot(x[chosen], y[chosen], **style, ms=4, mfc="none", ls="none", zorder=5, rasterized=True,
                label=f"{_NAMES[flag]}: {chosen.size}")  # fmt: skip


def _checked_limits(limits):
    low, high = (checked_quantity("limits", end, ELECTRON_PER_SECOND, negative=True) for end in limits)
    if not low < high:
        raise ValueError(f"limits must be two rates, the lower one first, got {low} and {high} electron/s")
    return low, high, None
