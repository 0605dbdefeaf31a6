# Licensed under a 3-clause BSD style license - see LICENSE
"""Map of the pixels that are flagged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from astropy.nddata import CCDData

from .._interface.arguments import checked_flag
from .._interface.flags import DARK_FLAGS, checked_flags, flag_bits
from .._interface.pixel_mask import checked_mask
from .map_frame import MapFrame
from .style import FLAG_STYLES, LEGEND_WORDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_mask"]

# Cells along the longer side; images with so many pixels a side or fewer are shown pixel for pixel.
_CELLS, _SMALL = 64, 64
# Most pixels of a flag that are drawn as markers.
_MOST_MARKERS = 400
# Fraction of a column or row that must be OTHER_BAD_PIXEL, and fewest pixels of it: then it is a line.
_OF_LINE, _FEWEST_OF_LINE = 0.1, 8
# Columns, and rows, with far more flagged pixels than others that are marked.
_MARKED = 3


def plot_mask(
    mask: CCDData | np.ndarray,
    *,
    flags: str | Sequence[str] | None = None,
    ax: Axes | None = None,
    profiles: bool = True,
) -> Axes:
    """Draw where the flagged pixels are: their density, bad columns and rows, and single pixels where they are few.

    Parameters
    ----------
    mask : `~astropy.nddata.CCDData` or `numpy.ndarray`
        Result of `~ccdproc_darks.hot_pixel_mask`; or an array of bool, True where a pixel is bad.
    flags : str or sequence of str, optional
        Names of the flags in `~ccdproc_darks.DARK_FLAGS` whose pixels are shown, as ``"HOT"`` or
        ``("HOT", "NONLINEAR")``. None: the densities are those of the masked pixels, and all flags are marked.
    ax : `~matplotlib.axes.Axes`, optional
        Where to draw. All that is drawn stays in its place, but for the numbers and names of axes, to which a figure
        with ``layout="constrained"`` gives room. None: a new figure of pyplot.
    profiles : bool
        Draw the fraction of each column below the map, and of each row to the right of it.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The Axes of the map: ``ax``, if it was given. Its ``child_axes`` are those beside it: the profile of the
        columns, that of the rows, and the colour bar.

    Raises
    ------
    TypeError
        If ``mask`` is neither CCDData nor an array of bool, or an option is of a wrong type.
    astropy.units.UnitsError
        If ``mask`` has a unit, as a frame has.
    ValueError
        If ``mask`` is another result, or not an image of rows and columns; if a name of a flag is unknown; or if flags
        are named and ``mask`` has none.

    See Also
    --------
    plot_rate_map : Map of the rates.

    Notes
    -----
    A cell of the map is a square of a sixty-fourth of the longer side. Its grey is the fraction of its pixels that are
    flagged (masked, where ``flags`` is None), on a logarithmic scale from one pixel; a cell without one is white. An
    image of up to 64 pixels a side is shown pixel for pixel, and so is what you zoom into, from half of the image or
    200 pixels a side on.

    Each flag has a marker and a colour of its own. Its pixels are marked if they are 400 or fewer; the legend has the
    number of all. Where there are more, the greys show them, if their flag was named. A column of which a tenth or
    more is OTHER_BAD_PIXEL is a dashed line over these pixels, and so is a row.

    A profile is the fraction of a column (or row), averaged over the width of a cell. A triangle marks single columns
    with far more flagged pixels than usual: more than ``n + 6 sqrt(n) + 6``, where ``n`` is the number in a typical
    column; chance alone makes a Poisson number so large in less than one of 10**8 columns. Of all of these, the three
    with the most are marked.

    Examples
    --------
    >>> import numpy as np
    >>> from ccdproc_darks.plotting import plot_mask
    >>> mask = np.random.default_rng(1).random((100, 120)) < 0.01
    >>> mask[30:, 50] = True  # a bad column
    >>> ax = plot_mask(mask)
    >>> print(ax.get_legend().texts[0].get_text())
    masked: 186 pixels
    >>> ax.child_axes[0].texts[0].get_text()  # the column that stands out
    '50'

    .. plot::

       from astropy import units as u
       from ccdproc_darks import DarkSequence, dark_rate, hot_pixel_mask, sensor_preset
       from ccdproc_darks.plotting import plot_mask

       sensor = sensor_preset("aspen-cg16m", shape=(320, 400), seed=1)
       frames = list(DarkSequence(sensor, [(10, 90 * u.s), (10, 1000 * u.s)], rng=1))
       rates = [dark_rate(some, bias=1000 * u.adu) for some in (frames[:10], frames[10:])]
       for rate in rates:
           rate.data[:, 120] += 0.02  # a bad column
       plot_mask(hot_pixel_mask(*rates), flags=["HOT", "NONLINEAR", "OTHER_BAD_PIXEL"])
    """
    checked_flag("profiles", profiles)
    image, pixels = _flagged(checked_mask(mask), flags)
    frame = MapFrame(ax, image.shape, profiles=profiles, bar=_side(image.shape) > 1, legend_lines=len(pixels))
    _draw_fractions(frame, image)
    frame.legend([_draw_flag(frame, name, bit, some, flags is not None) for name, bit, some in pixels])
    if not image.any():
        frame.ax.text(0.5, 0.5, "no pixel is flagged", ha="center", va="center", transform=frame.ax.transAxes)
    if profiles:
        _draw_profile(frame, "column", np.count_nonzero(image, axis=0))
        _draw_profile(frame, "row", np.count_nonzero(image, axis=1))
    return frame.ax


def _flagged(mask, flags):
    """Image of bool of the pixels that count, and for each flag its name, its bit, and its pixels (flat indices)."""
    if not isinstance(mask, CCDData):
        if flags is not None:
            raise ValueError("flags can be chosen of a result of hot_pixel_mask, and mask is an array of bool")
        data, image = None, mask
    else:
        data = np.asarray(mask.data)
        image = (data & DARK_FLAGS.DO_NOT_USE) > 0 if mask.mask is None else np.broadcast_to(mask.mask, data.shape)
    if image.ndim != 2 or not image.size:
        raise ValueError(f"mask must be an image with rows and columns, got the shape {image.shape}")
    if data is None:
        return image, [("masked", None, np.flatnonzero(image))]
    bits = checked_flags(tuple(name for name in flag_bits() if name != "DO_NOT_USE") if flags is None else flags)
    flat = np.flatnonzero(data)
    values = data.ravel()[flat]
    pixels = [(name, bit, flat[(values & np.uint32(bit)) > 0]) for name, bit in bits.items()]
    if flags is None:
        pixels = [one for one in pixels if one[2].size]
        return image, [("masked", None, np.flatnonzero(image)), *pixels]
    image = np.zeros(data.shape, bool)
    for _, _, some in pixels:
        image.ravel()[some] = True
    return image, pixels


def _side(shape):
    """Pixels on a side of a cell."""
    return 1 if max(shape) <= _SMALL else -(-max(shape) // _CELLS)


def _draw_fractions(frame, image):
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, LogNorm

    side = _side(image.shape)
    starts = [np.arange(0, length, side) for length in image.shape]
    number = np.add.reduceat(np.add.reduceat(image, starts[1], axis=1, dtype=np.uint16), starts[0], axis=0, dtype=int)
    area = np.outer(*(np.diff(np.append(start, length)) for start, length in zip(starts, image.shape, strict=True)))
    percent = np.where(number > 0, 100 * number / area, np.nan)
    # From light grey to dark grey: cells without a pixel are white, and markers are black.
    greys = ListedColormap(colormaps["Greys"](np.linspace(0.15, 0.8, 256)))
    least = 100 / side**2
    norm = LogNorm(min(least, 1.0), min(max(100 * least, np.nanmax(percent, initial=0)), 100.0))
    found = frame.image(
        percent, side, lambda rows, columns: np.where(image[rows, columns], norm.vmax, np.nan), cmap=greys, norm=norm
    )
    if side > 1:
        bar = frame.colour_bar(found, f"flagged pixels of {side} x {side} (per cent)")
        decades = np.arange(np.floor(np.log10(norm.vmin)), np.ceil(np.log10(norm.vmax)) + 1)
        ticks = np.outer(10.0**decades, [1, 3]).ravel()
        ticks = ticks[(ticks >= norm.vmin) & (ticks <= norm.vmax)]
        bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        bar.minorticks_off()


def _draw_profile(frame, kind, numbers):
    """Draw the flagged fraction of the columns (or rows), in steps as wide as a cell, and mark those with far more."""
    side, length = _side(frame.shape), frame.shape[0 if kind == "column" else 1]
    starts = np.arange(0, numbers.size, side)
    mean = np.add.reduceat(numbers, starts) / np.diff(np.append(starts, numbers.size))
    percent = 100 * np.repeat(mean, side)[: numbers.size] / length
    expected = np.median(mean)
    many = numbers > expected + 6 * np.sqrt(expected) + 6
    top = 1.3 * max(np.percentile(percent, 98), 1e-3)
    frame.profile(kind, percent, (0, top), "per cent")
    out = np.flatnonzero(many)
    frame.marked(kind, out[np.argsort(-numbers[out], kind="stable")][:_MARKED], 100 * numbers / length, (0, top))


def _draw_flag(frame, name, bit, flat, in_grey):
    """Draw the pixels of a flag, if they are not too many, and lines for bad columns and rows; the legend's entry."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.patheffects import withStroke

    style = FLAG_STYLES.get(bit, {"color": "black", "marker": "."})
    y, x = np.divmod(flat, frame.shape[1])
    label = f"{LEGEND_WORDS[bit]} ({name})" if bit in LEGEND_WORDS else name
    label += f": {flat.size} pixel{'s' * (flat.size != 1)}"
    if bit is None:
        return Patch(facecolor="0.6", label=label)
    halo = [withStroke(linewidth=2.5, foreground="white")]
    lines = []
    if bit == DARK_FLAGS.OTHER_BAD_PIXEL:
        columns, rows = _lines(x, y, frame.shape), _lines(y, x, frame.shape[::-1])
        lines = [((one, one), (first, last)) for one, first, last in columns]
        lines += [((first, last), (one, one)) for one, first, last in rows]
        for one in lines:
            frame.ax.plot(*one, color=style["color"], linewidth=1.5, linestyle=(0, (3, 1.5)), path_effects=halo)
        apart = ~(np.isin(x, [one[0] for one in columns]) | np.isin(y, [one[0] for one in rows]))
        x, y = x[apart], y[apart]
        label += f", {len(lines)} line{'s' * (len(lines) != 1)}" if lines else ""
    options = {**style, "linestyle": "none", "markersize": 4.5, "fillstyle": "none"}
    if x.size > _MOST_MARKERS and in_grey and not lines:
        return Patch(facecolor="0.6", label=f"{label} (grey)")
    if x.size > _MOST_MARKERS:
        label += " (too many to mark)"
        options["marker"] = "none"
    elif x.size:
        frame.ax.plot(x, y, path_effects=halo, **options)
    if lines:
        options |= {"linestyle": (0, (3, 1.5)), "marker": "none"}
    return Line2D([], [], label=label, **options)


def _lines(across, along, shape):
    """Number, first and last pixel of each column in which many of the pixels are."""
    number = np.bincount(across, minlength=shape[1])
    found = np.flatnonzero(number >= max(_FEWEST_OF_LINE, _OF_LINE * shape[0]))
    return [(int(one), int(along[across == one].min()), int(along[across == one].max())) for one in found]
