# Licensed under a 3-clause BSD style license - see LICENSE
"""Map of the dark current over the sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND, checked_count, checked_flag, numpy_images, unit_name
from .._interface.pixel_mask import DARK_RATE, kind_of_result
from .cells import RateCells, running_median
from .map_frame import MapFrame
from .style import AXIS_RATE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_rate_map"]

# Pixels on a side of a cutout, and most cutouts.
_CUTOUT, _MOST_CUTOUTS = 15, 6
# Sigmas of the noise band of a profile; lines of each kind that are marked.
_BAND, _MARKED = 3.0, 3
_COLOURS = "cividis"
# What is masked, and what is outside of the image.
_MASKED = {"facecolor": "0.85", "edgecolor": "0.55", "hatch": "////", "linewidth": 0}


def plot_rate_map(rate: CCDData, *, ax: Axes | None = None, profiles: bool = True, worst: int = 3) -> Axes:
    """Draw."""
    checked_flag("profiles", profiles)
    worst = 0 if isinstance(worst, int) and worst == 0 else checked_count("worst", worst, _MOST_CUTOUTS)
    data, mask = _checked_rate(rate)
    usable = np.isfinite(data)
    if mask is not None:
        usable &= ~mask
    values = data.astype(np.float32)
    values[~usable] = np.nan
    cells = RateCells.of(values)
    hottest = _hottest(data, worst)
    masked = np.count_nonzero(~usable)
    lines = (2 if profiles else 0) + bool(masked)
    frame = MapFrame(ax, data.shape, profiles=profiles, legend_lines=lines, cutouts=len(hottest))
    _draw_map(frame, cells, values)
    if profiles:
        _draw_profile(frame, "column", *cells.columns, cells.bad_columns)
        _draw_profile(frame, "row", *cells.rows, cells.bad_rows)
    if lines:
        frame.legend(_legend(profiles, masked))
    for axes, pixel in zip(frame.cutouts, hottest, strict=True):
        _draw_cutout(axes, data, mask, pixel)
    if hottest:
        frame.cutouts[0].set_ylabel("hottest pixels", fontsize="small")
    return frame.ax


def _checked_rate(rate):
    """Data and mask (or None) of a rate in electron/s."""
    if not isinstance(rate, CCDData):
        raise TypeError(f"rate must be CCDData, a result of dark_rate, got {type(rate).__name__}")
    (rate,) = numpy_images([rate], ["rate"])
    kind = kind_of_result(rate)
    if kind not in (None, DARK_RATE):
        raise ValueError(f"rate is {kind}, not a result of dark_rate")
    if rate.unit is None or not rate.unit.is_equivalent(ELECTRON_PER_SECOND):
        raise u.UnitsError(f"rate must be in electron / s, a result of dark_rate, got {unit_name(rate.unit)}")
    if rate.data.ndim != 2:
        raise ValueError(f"rate must be an image with rows and columns, got the shape {rate.shape}")
    factor = rate.unit.to(ELECTRON_PER_SECOND)
    mask = None if rate.mask is None else np.broadcast_to(rate.mask, rate.shape)
    return (rate.data if factor == 1 else rate.data * factor), mask


def _draw_map(frame, cells, values):
    from matplotlib import colormaps

    low, high = cells.limits
    frame.ax.patch.set(**_MASKED)
    image = frame.image(
        cells.means, cells.side, lambda rows, columns: values[rows, columns], cmap=colormaps[_COLOURS], vmin=low,
        vmax=high,
    )  # fmt: skip
    finite = cells.means[np.isfinite(cells.means)]
    beyond = bool((finite < low).any()), bool((finite > high).any())
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[beyond]
    of_what = f"\nmean of {cells.side} x {cells.side} pixels, without hot ones" if cells.side > 1 else ""
    bar = frame.colour_bar(image, AXIS_RATE + of_what, extend=extend)
    bar.ax.xaxis.get_major_locator().set_params(nbins=5)


def _legend(profiles, masked):
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = []
    if profiles:
        handles = [
            Patch(color="0.8", label=f"noise of a column or row ({_BAND:g} sigma)"),
            Line2D([], [], color="#d55e00", marker="v", linestyle="none", markersize=5,
                   label="column or row that stands out"),
        ]  # fmt: skip
    if masked:
        handles.append(Patch(**_MASKED, label=f"masked ({masked} pixels)"))
    return handles


def _draw_profile(frame, kind, means, errors, bad):
    finite = means[np.isfinite(means)]
    if not finite.size:
        return
    low, high = np.percentile(finite, [1, 99])
    noise = float(np.nanmedian(errors))
    middle = running_median(means)
    reach = max(0.4 * (high - low), 4 * noise, 1e-9)
    limits = (low - reach, high + reach)
    frame.profile(
        kind, means, band=(middle - _BAND * errors, middle + _BAND * errors), limits=limits,
        label="electron s$^{-1}$",
    )  # fmt: skip
    frame.marked(kind, bad[:_MARKED], means, limits)


def _hottest(data, number):
    """Pixels (x, y) with the greatest finite rates, not two of one cutout."""
    if not number:
        return []
    finite = np.where(np.isfinite(data), data, -np.inf)
    few = min(data.size, 200 * number)
    flat = np.argpartition(finite, data.size - few, axis=None)[data.size - few :]
    flat = flat[np.argsort(-finite.ravel()[flat], kind="stable")]
    found = []
    for y, x in zip(*np.unravel_index(flat, data.shape), strict=True):
        if finite[y, x] == -np.inf or len(found) == number:
            break
        if all(max(abs(x - one), abs(y - other)) > _CUTOUT // 2 for one, other in found):
            found.append((int(x), int(y)))
    return found


def _draw_cutout(axes, data, mask, pixel):
    """Draw the surroundings of a pixel (x, y), in the logarithm of the rate."""
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm

    x, y = pixel
    half = _CUTOUT // 2
    y0, x0 = max(0, y - half), max(0, x - half)
    part = data[y0 : y + half + 1, x0 : x + half + 1]
    top = float(data[y, x])
    least = max(top * 1e-3, 1e-12)
    axes.patch.set(**_MASKED)
    axes.imshow(
        np.maximum(part, least), extent=(x0 - 0.5, x0 + part.shape[1] - 0.5, y0 - 0.5, y0 + part.shape[0] - 0.5),
        origin="lower", interpolation="nearest", cmap=colormaps[_COLOURS], norm=LogNorm(least, max(top, 2 * least)),
    )  # fmt: skip
    at_least = "at least " if mask is not None and mask[y, x] else ""
    axes.set(xlim=(x - half - 0.5, x + half + 0.5), ylim=(y - half - 0.5, y + half + 0.5), xticks=[], yticks=[])
    number = np.format_float_positional(float(f"{top:.3g}"), trim="-")
    axes.set_title(f"({x}, {y})\n{at_least}{number}\nelectron/s", fontsize="small", linespacing=1.1)
