# Licensed under a 3-clause BSD style license - see LICENSE
"""Map of the dark current over the sensor, with profiles and the hottest pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND, checked_flag, checked_number, numpy_images, unit_name
from .._interface.pixel_mask import DARK_RATE, kind_of_result
from .cells import Cells, usual_values
from .map_frame import MapFrame
from .style import AXIS_RATE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_rate_map"]

_COLOURS = "cividis"
# What is masked, and what of a cutout is outside of the image.
_MASKED = {"facecolor": "0.85", "edgecolor": "0.55", "hatch": "////", "linewidth": 0}
# Pixels on a side of a cutout, and most cutouts.
_CUTOUT, _MOST_CUTOUTS = 15, 6
# Rate of the darkest colour of a cutout, as a fraction of its hottest pixel's.
_DARKEST = 1e-3
# Sigmas of the noise band of a profile; most columns, and rows, that are marked.
_BAND, _MARKED = 3.0, 3


def plot_rate_map(rate: CCDData, *, ax: Axes | None = None, profiles: bool = True, worst: int = 3) -> Axes:
    """Draw the dark current over the sensor: gradients, glow and bad columns, whatever the hot pixels.

    Parameters
    ----------
    rate : `~astropy.nddata.CCDData`
        Dark rate, a result of `~ccdproc_darks.dark_rate`; or any image in electron/s, such as the true rate of a
        `~ccdproc_darks.Sensor`.
    ax : `~matplotlib.axes.Axes`, optional
        Where to draw. All that is drawn stays in its place, but for the numbers and names of axes, to which a figure
        with ``layout="constrained"`` gives room. None: a new figure of pyplot.
    profiles : bool
        Draw the mean of each column below the map, and of each row to the right of it.
    worst : int
        Number of cutouts of the hottest pixels, from 0 to 6. The first one is at the left.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The Axes of the map: ``ax``, if it was given. Its ``child_axes`` are those beside it: the profile of the
        columns, that of the rows, the cutouts, and the colour bar.

    Raises
    ------
    TypeError
        If ``rate`` is not CCDData, or an option is of a wrong type.
    astropy.units.UnitsError
        If ``rate`` is not in electron/s.
    ValueError
        If ``rate`` is another result, or not an image of rows and columns; if ``worst`` is out of range.

    See Also
    --------
    plot_mask : Map of the flagged pixels.

    Notes
    -----
    A cell of the map is the mean of a square of pixels without hot ones: pixels more than four sigmas from the cell's
    median are left out, sigma being 1.4826 times the median absolute deviation from it [1]_. Cells are as large as
    needed for their noise to be less than what the map shows, from a hundredth of the longer side to a sixteenth. An
    image of up to 64 pixels a side is shown pixel for pixel, and so is what you zoom into, from half of the image or
    200 pixels a side on. Colours span all but the lowest and the highest 0.5 % of the cells. A cell is masked, and
    hatched, where more than half of its pixels are.

    A column that differs from the seven on each side of it by more than six times the scatter of the columns, as a
    whole or in an eighth of its length, is drawn as wide as a cell, in the colour of its own mean. The profile marks
    it, and also a column with far more outlying pixels than those beside (by six sigmas of their Poisson number); of
    all of these, the three that differ most. The same is done for rows. The grey band is three times the noise of the
    mean, about the columns (or rows) beside.

    The hottest pixels are those with the highest numbers, masked ones included: the rate of a saturated pixel is a
    lower limit, "at least". The colours of a cutout are logarithmic, from its median, or a thousandth of
    the pixel's rate if that is more.

    References
    ----------
    .. [1] Rousseeuw, P. J., and Croux, C. 1993, J. Am. Stat. Assoc. 88, 1273.

    Examples
    --------
    A sensor with amplifier glow of 0.05 electron/s in a corner, and one column that is 20 % high:

    >>> from astropy import units as u
    >>> from ccdproc_darks import sensor_preset
    >>> from ccdproc_darks.plotting import plot_rate_map
    >>> from ccdproc_darks.simulation import AmplifierGlow
    >>> glow = AmplifierGlow(rate=0.05 * u.electron / u.s, scale=40)
    >>> rate = sensor_preset("low-noise-cmos", shape=(160, 200), glow=glow, seed=1).true_rate()
    >>> rate.data[:, 140] *= 1.2
    >>> ax = plot_rate_map(rate)
    >>> ax.images[0].get_array().shape  # cells of 2 x 2 pixels
    (80, 100)
    >>> ax.child_axes[0].texts[0].get_text()  # the column that stands out
    '140'

    .. plot::

       from astropy import units as u
       from ccdproc_darks import DarkSequence, dark_rate, sensor_preset
       from ccdproc_darks.plotting import plot_rate_map
       from ccdproc_darks.simulation import AmplifierGlow

       glow = AmplifierGlow(rate=0.05 * u.electron / u.s, scale=60)
       sensor = sensor_preset("low-noise-cmos", shape=(320, 400), glow=glow, seed=1)
       rate = dark_rate(list(DarkSequence(sensor, [(10, 600 * u.s)], rng=1)), bias=400 * u.adu)
       rate.data[:, 280] *= 1.2  # a bad column
       plot_rate_map(rate)
    """
    checked_flag("profiles", profiles)
    worst = _checked_worst(worst)
    data, mask, is_limit = _checked_rate(rate)
    finite = np.isfinite(data)
    usable = finite if mask is None else finite & ~mask
    with np.errstate(over="ignore"):
        values = data.astype(np.float32)
    values[~usable] = np.nan
    cells = Cells.of(values)
    hottest = _hottest(np.where(finite, data, -np.inf), worst)
    masked = usable.size - int(np.count_nonzero(usable))
    found = cells.columns.found.size + cells.rows.found.size
    handles = _legend(profiles, profiles and found, masked)
    frame = MapFrame(ax, data.shape, profiles=profiles, legend_lines=len(handles), cutouts=len(hottest))
    _draw_map(frame, cells, values)
    if profiles:
        _draw_profile(frame, "column", cells.columns)
        _draw_profile(frame, "row", cells.rows)
    if handles:
        frame.legend(handles)
    for axes, pixel in zip(frame.cutouts, hottest, strict=True):
        _draw_cutout(axes, data, is_limit, pixel)
    if hottest:
        frame.cutouts[0].set_ylabel("hottest pixels", fontsize="small")
    return frame.ax


def _checked_worst(worst):
    number = checked_number("worst", worst, maximum=_MOST_CUTOUTS, inclusive=True)
    if number != int(number):
        raise ValueError(f"worst must be a whole number from 0 to {_MOST_CUTOUTS}, got {worst!r}")
    return int(number)


def _checked_rate(rate):
    """Data (electron/s) and mask of a rate, and where a masked pixel has a lower limit; None without a mask."""
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
    data = rate.data if factor == 1 else rate.data * factor
    if mask is None or rate.uncertainty is None:
        return data, mask, mask
    # What is masked for another reason than saturation has an uncertainty.
    return data, mask, mask & np.isnan(np.broadcast_to(rate.uncertainty.array, rate.shape))


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
    of_what += "; no more than noise" if cells.is_noise else ""
    frame.colour_bar(image, AXIS_RATE + of_what, extend=extend)


def _legend(band, marks, masked):
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = []
    if band:
        handles.append(Patch(color="0.8", label=f"noise of a column or row ({_BAND:g} sigma)"))
    if marks:
        label = "column or row that stands out"
        handles.append(Line2D([], [], color="#d55e00", marker="v", linestyle="none", markersize=5, label=label))
    if masked:
        handles.append(Patch(**_MASKED, label=f"masked: {masked} pixel{'s' * (masked != 1)}"))
    return handles


def _draw_profile(frame, kind, lines):
    finite = lines.means[np.isfinite(lines.means)]
    if not finite.size:
        return
    low, high = np.percentile(finite, [1, 99])
    reach = max(0.4 * (high - low), 4 * float(np.median(lines.errors)), 1e-3 * abs(low + high), 1e-12)
    limits = (low - reach, high + reach)
    usual, noise = usual_values(lines.means), _BAND * lines.errors
    frame.profile(kind, lines.means, limits, "electron/s", (usual - noise, usual + noise))
    frame.marked(kind, lines.found[:_MARKED], lines.means, limits)


def _hottest(left, number):
    """Pixels (x, y) with the greatest numbers, no two in one cutout; in the array, these are then minus infinity."""
    found, half = [], _CUTOUT // 2
    highest = left.max(axis=1)
    while len(found) < number and highest.max() > -np.inf:
        y = int(highest.argmax())
        x = int(left[y].argmax())
        found.append((x, y))
        rows = slice(max(0, y - half), y + half + 1)
        left[rows, max(0, x - half) : x + half + 1] = -np.inf
        highest[rows] = left[rows].max(axis=1)
    return found


def _draw_cutout(axes, data, is_limit, pixel):
    """Draw the surroundings of a pixel (x, y), in the logarithm of the rate."""
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm

    (x, y), half = pixel, _CUTOUT // 2
    y0, x0 = max(0, y - half), max(0, x - half)
    part = data[y0 : y + half + 1, x0 : x + half + 1]
    top = float(data[y, x])
    typical = float(np.median(part[np.isfinite(part)]))
    least = max(top * _DARKEST, typical if typical < top else 0.0, 1e-12)
    axes.patch.set(**_MASKED)
    axes.imshow(
        np.maximum(part, least), extent=(x0 - 0.5, x0 + part.shape[1] - 0.5, y0 - 0.5, y0 + part.shape[0] - 0.5),
        origin="lower", interpolation="nearest", cmap=colormaps[_COLOURS], norm=LogNorm(least, max(top, 2 * least)),
    )  # fmt: skip
    axes.set(xlim=(x - half - 0.5, x + half + 0.5), ylim=(y - half - 0.5, y + half + 0.5), xticks=[], yticks=[])
    at_least = "at least " if is_limit is not None and is_limit[y, x] else ""
    number = np.format_float_positional(float(f"{top:.3g}"), trim="-")
    axes.set_title(f"({x}, {y})\n{at_least}{number}\nelectron/s", fontsize="small", linespacing=1.1)
