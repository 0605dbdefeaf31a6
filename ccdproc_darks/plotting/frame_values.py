# Licensed under a 3-clause BSD style license - see LICENSE
"""Values of pixels through a stack of frames, and their average beside the expected one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND, checked_quantity, unit_name
from .._interface.pixel_list import checked_pixels
from ..frames.headers import exposures, known_gain
from ..frames.inputs import Frames, as_frames, open_files
from ..rates.bias import as_bias
from .style import MARKERS, axes_or_new, line_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_frames"]

# Pixels that are drawn where none are given, and how many are looked at for good ones.
_RANDOM, _CANDIDATES = 20, 400
# Rows that these are in: few, as each is read from every file.
_ROWS = 20
# Robust standard deviations from the median pixel beyond which one is hot, or dead.
_UNLIKE = 5.0
# Most pixels of a picture, and of one where each has a line in the legend.
_MOST, _NAMED = 1000, len(MARKERS)
# Values of pixels that differ by more than this factor are drawn on a logarithmic axis, and have no average.
_WIDE = 30.0


def plot_frames(
    frames: Frames,
    pixels: Any = None,
    *,
    bias: CCDData | str | os.PathLike[str] | u.Quantity | None = None,
    expected: u.Quantity | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the values of some pixels through a stack of frames, and their average.

    Parameters
    ----------
    frames : list of `~astropy.nddata.CCDData` or of FITS paths, or `~ccdproc.ImageFileCollection`
        Two frames and more. Of files, only the rows of these pixels are read.
    pixels : sequence of pairs (x, y), or table, optional
        Up to 1000 pixels: column and row, from 0; or a table with the columns x and y, such as
        `~ccdproc_darks.changed_pixels` gives. None: 20 random good pixels, none of them hot; the same ones in each
        call.
    bias : `~astropy.nddata.CCDData`, FITS path or `~astropy.units.Quantity`, optional
        Master bias, or level, in the unit of the frames, which is subtracted. None: values are drawn as they are.
    expected : `~astropy.units.Quantity`, optional
        Expected value, drawn as a dashed line: counts (adu or electron), or a dark rate (electron/s), of which the
        exposure times and EGAIN in the headers make counts.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw on. None: those of a new figure.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The picture: image number, from 1, against counts.

    Raises
    ------
    TypeError
        If frames are no images; if ``expected`` has no unit; if pixels are not whole numbers.
    astropy.units.UnitsError
        If ``bias`` is in another unit than the frames, or ``expected`` is not in adu, electron or electron/s.
    ValueError
        If there is one frame only; if frames or bias have different shapes; if a pixel is outside of the image; if the
        headers do not have the exposure time or the gain that ``expected`` needs.

    See Also
    --------
    plot_pixel_counts : Draws the counts of pixels against exposure time.

    Notes
    -----
    Each thin line is a pixel, the thick one their average. A pixel scatters by its noise about its own value; a single
    spike is a cosmic ray, and a pixel that jumps between two values is a telegraph pixel. Up to ten pixels that are
    given are told apart and named in the legend; their average is drawn where there is an expected value beside it.
    Where the values of pixels differ by more than a factor of 30 the axis is logarithmic, without values at or below
    zero, and there is no average.

    Examples
    --------
    Twenty dark frames of an ideal sensor, whose mean counts are 0.667 adu:

    >>> from astropy import units as u
    >>> from ccdproc_darks import simulate_dark
    >>> from ccdproc_darks.plotting import plot_frames
    >>> rate = 0.01 * u.electron / u.s
    >>> darks = [simulate_dark((200, 200), exposure=100 * u.s, rate=rate, gain=1.5 * u.electron / u.adu,
    ...                        dtype="float32", rng=number)
    ...          for number in range(20)]
    >>> ax = plot_frames(darks, expected=rate)
    >>> print(ax.get_xlabel(), len(ax.lines))
    image number 22

    .. plot::

        from astropy import units as u
        from ccdproc_darks import simulate_dark
        from ccdproc_darks.plotting import plot_frames

        rate = 0.01 * u.electron / u.s
        darks = [simulate_dark((200, 200), exposure=100 * u.s, rate=rate, gain=1.5 * u.electron / u.adu,
                               dtype="float32", rng=number)
                 for number in range(20)]
        plot_frames(darks, expected=rate)
    """
    frames = as_frames(frames, "frames")
    if len(frames) < 2:
        raise ValueError(f"frames must be two or more, got {len(frames)}")
    unit = frames[0].unit
    the_bias = None if bias is None else _checked_bias(bias, frames)
    line = None if expected is None else _expected(expected, frames)
    if pixels is None:
        x, y, values = _good_pixels(frames, the_bias)
    else:
        x, y = checked_pixels(pixels, frames[0].shape, _MOST)
        values = _values(frames, the_bias, x, y)
    is_named = pixels is not None and x.size <= _NAMED
    ax = axes_or_new(ax, (6.4, 4.6))
    numbers = np.arange(1, len(frames) + 1)
    for index, pixel in enumerate(zip(x, y, strict=True)):
        style = {"color": "0.65", "lw": 0.6, "label": "_pixel"}
        if is_named:
            name = f"({pixel[0]}, {pixel[1]})"
            style = line_style(index) | {"marker": MARKERS[index], "ms": 4, "lw": 0.8, "label": name}
        elif index == 0:
            style["label"] = f"each of {x.size} pixels"
        ax.plot(numbers, values[:, index], **style)
    is_wide = _is_wide(values)
    if is_wide:
        ax.set_yscale("log")
    elif x.size > 1 and (line is not None or not is_named):
        ax.plot(numbers, _average(values), color="k", lw=3, label=f"average of {x.size} pixels")
    if line is not None:
        label = f"expected: {line.mean():.3g} {unit}"
        ax.plot(numbers, line, color="#d55e00", lw=2.5, ls="--", label=label)
    ax.set(xlabel="image number", ylabel=f"counts ({unit})" if bias is None else f"counts due to dark current ({unit})")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1), frameon=False, ncols=3, alignment="left", columnspacing=1.0,
        handlelength=1.6, handletextpad=0.5,
        title="pixel (x, y)" if is_named else None,
    )  # fmt: skip
    return ax


def _checked_bias(bias, frames):
    """`Bias` in the unit of the frames."""
    unit = frames[0].unit
    the_bias = as_bias(bias, frames, 1.0)
    given = the_bias.frame.unit if the_bias.frame is not None else bias.unit
    if given != unit:
        raise u.UnitsError(f"bias is in {unit_name(given)}, and the frames are in {unit}: pass it in {unit}")
    return the_bias


def _expected(expected, frames):
    """Expected value of each frame, in the unit of the frames."""
    if not isinstance(expected, u.Quantity) or expected.unit not in (u.adu, u.electron):
        if isinstance(expected, u.Quantity) and not expected.unit.is_equivalent(ELECTRON_PER_SECOND):
            raise u.UnitsError(f"expected must be in adu, electron or electron / s, got {unit_name(expected.unit)}")
        electrons = checked_quantity("expected", expected, ELECTRON_PER_SECOND, zero=True)
        electrons = electrons * np.array(exposures(None, frames))
        return electrons if frames[0].unit == u.electron else electrons / known_gain(None, frames)
    unit = frames[0].unit
    value = checked_quantity("expected", expected, expected.unit, zero=True, negative=True)
    if expected.unit != unit:
        gain = known_gain(None, frames)
        if gain is None:
            raise ValueError(f"expected is in {expected.unit}, and the frames are in {unit}: pass it in {unit}")
        value = value / gain if unit == u.adu else value * gain
    return np.full(len(frames), value)


def _values(frames, bias, x, y):
    """Values of pixels (columns x, rows y) in the unit of the frames, shape (frames, pixels); NaN where masked."""
    rows, places = np.unique(y, return_inverse=True)
    blocks = [slice(row, row + 1) for row in rows.tolist()]
    values = np.empty((len(frames), x.size))
    bad = np.zeros(values.shape, dtype=bool)
    with open_files([frame.for_rows(slice(None)) for frame in frames]) as readers:
        for index, reader in enumerate(readers):
            samples = reader.rows(blocks)
            values[index] = samples.values[places, x]
            if samples.mask is not None:
                bad[index] = samples.mask[places, x]
    if bias is not None:
        # Of a master bias the same rows alone, one after the other.
        level, of_bias = bias.sample(blocks).rows(slice(None))
        values -= level if np.ndim(level) == 0 else level[places, x]
        bad |= False if of_bias is None else of_bias[places, x]
    values[bad | ~np.isfinite(values)] = np.nan
    return values


def _good_pixels(frames, bias):
    """Columns, rows and values of random pixels that are not masked in any frame, and are like the median one."""
    rng = np.random.default_rng(0)
    rows, columns = frames[0].shape
    some = rng.choice(rows, min(rows, _ROWS), replace=False)
    y = some[np.arange(_CANDIDATES) % some.size]
    x = rng.integers(columns, size=_CANDIDATES)
    _, first = np.unique(y * columns + x, return_index=True)
    x, y = x[np.sort(first)], y[np.sort(first)]
    values = _values(frames, bias, x, y)
    mean = values.mean(axis=0)
    usable = np.isfinite(mean)
    if not usable.any():
        raise ValueError("no pixel of a sample has values in all frames: pass pixels")
    away = np.abs(mean - np.median(mean[usable]))
    good = usable & (away <= _UNLIKE * 1.4826 * np.median(away[usable]))
    chosen = np.flatnonzero(good)[:_RANDOM]
    return x[chosen], y[chosen], values[:, chosen]


def _average(values):
    """Mean value of the pixels in each frame, of those that have one."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=1) / known.sum(axis=1)


def _is_wide(values):
    """Whether the values of pixels differ by so much that those of low ones would lie on the axis."""
    found = [np.median(each[np.isfinite(each)]) for each in values.T if np.isfinite(each).any()]
    return len(found) > 1 and min(found) > 0 and max(found) > _WIDE * min(found)
