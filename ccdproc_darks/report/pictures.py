# Licensed under a 3-clause BSD style license - see LICENSE
"""Pictures of a report, each with a sentence that says what to see in it. matplotlib is imported with the first one."""

import io
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND
from .._interface.flags import DARK_FLAGS
from .._interface.number_text import percent_text, plain_number, with_error
from .._interface.progress import current_progress
from ..plotting import (
    plot_frames,
    plot_mask,
    plot_pixel_counts,
    plot_rate_histogram,
    plot_rate_map,
    plot_rate_scatter,
)
from .picture_words import evenness, hot_pixels, hottest, share_of_flags
from .verdict import counted

__all__ = ["FIGURES", "Picture", "as_png", "draw_all", "new_axes", "write_pictures"]

#: Folder of the figures.
FIGURES = "figures"

# Dots per inch: sharp on a phone, and in two columns on a wide page.
_DPI = 120
# Width of all pictures (inches): their texts are large enough on a phone.
_WIDTH = 5.6
# That of values through frames, whose legend needs more.
_OF_FRAMES = 6.4
# Rates (electron/s) of the closer look at two exposure times, and the fewest pixels between them that are worth it.
_CLOSER, _FEWEST = (0.5, 10.0), 10
# Pictures of a group that has two exposure times.
_USUAL_NUMBER = 8
# Pixels that a closer look shows all.
_CROWD = 1_000_000
# Pixels that are shown one by one, of each kind.
_OF_A_KIND = 2
# Hot pixels that are followed through the frames, and how many of them jump between levels, where there are such.
_THROUGH, _JUMPING = 6, 3
_NOT_STEADY = DARK_FLAGS.TELEGRAPH | DARK_FLAGS.SATURATED
# Random places in which a usual pixel is looked for.
_TRIED = 100


@dataclass(frozen=True)
class Picture:
    """A picture of a group."""

    name: str  # of its file, without the ending
    title: str
    sentence: str  # sentences: what to see in it
    alt: str  # what it shows, with its numbers, for who cannot see it
    figure: object  # of matplotlib


def draw_all(measured, rng=0):
    """Draw all pictures of a `Measured`, of pixels chosen by ``rng``: yields each `Picture`."""
    rng = np.random.default_rng(rng)
    yield _rate_map(measured)
    yield _mask_map(measured)
    yield _histogram(measured)
    if measured.pair is not None and measured.has_bias:
        yield _scatter(measured)
        closer = _closer_scatter(measured)
        if closer is not None:
            yield closer
        yield _pixel_counts(measured, rng)
    seconds, frames = max(measured.exposures, key=lambda item: (len(item[1]), item[0]))
    if len(frames) > 1:
        yield _usual_frames(measured, seconds, frames)
        hot = _hot_frames(measured, seconds, frames)
        if hot is not None:
            yield hot


def as_png(figure):
    """PNG of a figure (bytes)."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()


def write_pictures(folder, pictures):
    """Write the figures of some `Picture` into `FIGURES` in a folder; returns pairs of each and its PNG (bytes)."""
    written, pictures = [], iter(pictures)
    with current_progress().within() as progress:
        while True:
            # How many there will be is not known before they are drawn.
            number = len(written) + 1
            progress.begin(f"picture {number}", 1, max(_USUAL_NUMBER - number, 1))
            picture = next(pictures, None)
            if picture is None:
                return written
            (folder / FIGURES).mkdir(exist_ok=True)
            png = as_png(picture.figure)
            (folder / FIGURES / f"{picture.name}.png").write_bytes(png)
            written.append((picture, png))


def new_axes(height, width=_WIDTH):
    """Axes of a new figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").subplots()


def _map_height(shape):
    """Height (inches) of a map with its profiles."""
    return 1.4 + 3.6 * (0.3 + min(max(shape[0] / shape[1], 0.2), 1.6))


def _rate_map(measured):
    rate = measured.rate
    axes = plot_rate_map(rate, ax=new_axes(_map_height(rate.shape) + 1.2))
    even, most = evenness(measured), hottest(measured)
    return Picture(
        "rate_map",
        "The dark current over the sensor",
        f"{even} Below and to the right are the means of columns and rows: a bad column, a gradient or the glow of "
        "an amplifier stands out there. At the bottom are the hottest pixels.",
        f"Map of the dark current of {rate.shape[1]} x {rate.shape[0]} pixels. {even} {most}".strip(),
        axes.figure,
    )


def _mask_map(measured):
    mask = measured.mask
    axes = plot_mask(mask, ax=new_axes(_map_height(mask.shape)))
    share = percent_text(np.count_nonzero(mask.mask), mask.data.size)
    text = share_of_flags(mask)
    return Picture(
        "mask",
        "Where the bad pixels are",
        f"{share} of the pixels are masked. Scattered points are usual; a line or a patch is a defect of the sensor, "
        "or glow.",
        f"Map of the {mask.shape[1]} x {mask.shape[0]} pixels of the mask: {share} are masked. {text}",
        axes.figure,
    )


def _histogram(measured):
    rates = [measured.rates[seconds] for seconds in measured.pair or measured.rates] if measured.has_bias else []
    rates = rates or [measured.rate]
    axes = plot_rate_histogram(*rates, mask=measured.mask, ax=new_axes(4.4 + 0.2 * len(rates)))
    typical = with_error(*measured.typical_rates["all"], "electron/s")
    threshold = plain_number(measured.mask.meta["DKTHRESH"])
    return Picture(
        "histogram",
        "How many pixels have which dark current",
        f"The typical pixel has {typical}; the tail to the right is the hot pixels, above {threshold} electron/s. "
        "Where the steps follow the shaded area, they show noise, and not the dark current of single pixels.",
        f"Histogram of the dark current on logarithmic axes: typical pixel {typical}, threshold of hot pixels "
        f"{threshold} electron/s, {counted(measured.mask.meta['NHOT'], 'pixel')} above it.",
        axes.figure,
    )


def _scatter(measured):
    short, long = (measured.rates[seconds] for seconds in measured.pair)
    axes = plot_rate_scatter(short, long, mask=measured.mask, ax=new_axes(5.8))
    number, (first, second) = measured.mask.meta["NNONLIN"], measured.pair
    pixels, is_or_are = counted(number, "pixel"), "is" if number == 1 else "are"
    return Picture(
        "scatter",
        "Are pixels proportional to exposure time?",
        f"A pixel on the line has the same dark current in {first:g} s and in {second:g} s: a scaled dark removes it. "
        f"{pixels} {is_or_are} off the line by more than noise and tolerance allow, and {is_or_are} masked. Below the "
        "line, the longer exposure reads lower.",
        f"Dark current of the same pixels in {first:g} s and {second:g} s against each other, with the line of equal "
        f"dark current: {pixels} {is_or_are} not proportional.",
        axes.figure,
    )


def _closer_scatter(measured):
    rates = [measured.rates[seconds] for seconds in measured.pair]
    low, high = _CLOSER
    seen = (rates[1].data > low) & (rates[1].data < high)
    number = np.count_nonzero(seen)
    if number < _FEWEST:
        return None
    # Where they are most pixels of the sensor, some rows show the same of those without a flag.
    every = max(1, number // _CROWD)
    if every > 1:
        rows = np.arange(seen.shape[0]) % every == 0
        seen &= rows[:, np.newaxis] | (measured.mask.data != 0)
    thinned = f" Of those without a flag, one row in {every} is drawn." if every > 1 else ""
    # These pixels alone, as an image of one row: the others are not in the picture, and there are many.
    short, long, mask = (_of_pixels(image, seen) for image in (*rates, measured.mask))
    limits = [limit * ELECTRON_PER_SECOND for limit in _CLOSER]
    axes = plot_rate_scatter(short, long, mask=mask, limits=limits, ax=new_axes(5.8))
    return Picture(
        "scatter_closer",
        f"The same, from {low:g} to {high:g} electron/s",
        f"The {number} pixels of a moderate dark current: where they leave the line, they stop being proportional."
        f"{thinned}",
        f"Dark current in two exposure times against each other, from {low:g} to {high:g} electron/s: {number} pixels.",
        axes.figure,
    )


def _of_pixels(image, seen):
    """Image of one row, of the pixels of another one that are ``seen``."""
    error = image.uncertainty
    return CCDData(
        image.data[seen][np.newaxis],
        unit=image.unit,
        mask=image.mask[seen][np.newaxis],
        uncertainty=None if error is None else type(error)(error.array[seen][np.newaxis]),
        meta=image.meta,
    )


def _pixel_counts(measured, rng):
    pixels = _examples(measured, rng)
    rates = list(measured.rates.values())
    axes = plot_pixel_counts(pixels, *rates, mask=measured.mask, ax=new_axes(6.2))
    listed = ", ".join(f"({x}, {y})" for x, y in pixels)
    return Picture(
        "pixel_counts",
        "Single pixels against exposure time",
        "The electrons of a proportional pixel lie on its line, and its residuals in the grey band. A pixel that "
        "leaves the band is not proportional.",
        f"Dark electrons of the pixels (x, y) {listed} against {len(rates)} exposure times, with a line through zero "
        "for each, and what is left over.",
        axes.figure,
    )


def _usual_frames(measured, seconds, frames):
    typical, _ = measured.typical_rates["all"]
    bias = measured.bias
    expected = typical * seconds * u.electron
    if frames[0].file.unit == u.adu:
        expected = expected / (measured.rate.meta["DKGAIN"] * u.electron / u.adu)
    known = bias is not None or measured.without_bias
    files = [frame.file for frame in frames]
    axes = plot_frames(files, bias=bias, expected=expected if known else None, ax=new_axes(4.2, _OF_FRAMES))
    told = f", {plain_number(expected.value)} {expected.unit}," if known else ""
    return Picture(
        "frames",
        f"Usual pixels through the {len(frames)} frames of {seconds:g} s",
        f"Single pixels scatter by their noise; their average{told} should be level. A step means that the level of "
        "the bias has drifted, a slope that the temperature has.",
        f"Counts of 20 usual pixels in {len(frames)} frames of {seconds:g} s, and their average.",
        axes.figure,
    )


def _hot_frames(measured, seconds, frames):
    jumping = hot_pixels(measured, "TELEGRAPH")[:_JUMPING]
    # Not saturated ones, whose line says nothing, nor the hottest alone, beside which others lie on the axis.
    hot = hot_pixels(measured)
    hot = hot[measured.mask.data.ravel()[hot] & _NOT_STEADY == 0]
    number = _THROUGH - len(jumping)
    some = np.unique(np.geomspace(hot.size / 100, hot.size / 2, number).astype(int)) if hot.size else []
    places = [*jumping, *(hot[one] for one in some)]
    if not places:
        return None
    columns = measured.mask.shape[1]
    pixels = [(int(place % columns), int(place // columns)) for place in places]
    axes = plot_frames([frame.file for frame in frames], pixels, ax=new_axes(4.2, _OF_FRAMES))
    listed = ", ".join(f"({x}, {y})" for x, y in pixels)
    return Picture(
        "hot_frames",
        "Hot pixels through the same frames",
        "A steady hot pixel is level. One that jumps between levels is a telegraph pixel, which no dark removes; a "
        "single spike is a cosmic ray.",
        f"Counts of the hot pixels (x, y) {listed} in {len(frames)} frames of {seconds:g} s.",
        axes.figure,
    )


def _examples(measured, rng):
    """Columns and rows of pixels to show: usual ones, hot ones that are proportional, and ones that are not."""
    flags = measured.mask.data.ravel()
    usable = ~measured.rate.mask.ravel()
    # Most pixels are usual ones: a few random places will do.
    some = rng.integers(flags.size, size=_TRIED)
    flagged = np.flatnonzero(flags)
    hot, nonlinear, masked = (flags[flagged] & DARK_FLAGS[name] != 0 for name in ("HOT", "NONLINEAR", "DO_NOT_USE"))
    found = []
    for number, places in (
        (1, np.unique(some[flags[some] == 0])),
        (_OF_A_KIND, flagged[hot & ~masked]),
        (_OF_A_KIND, flagged[nonlinear]),
    ):
        places = places[usable[places]]
        found += rng.choice(places, min(number, places.size), replace=False).tolist()
    return [(place % measured.mask.shape[1], place // measured.mask.shape[1]) for place in found or some[:1].tolist()]
