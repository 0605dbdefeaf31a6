# Licensed under a 3-clause BSD style license - see LICENSE
"""Pictures of a report. matplotlib is imported when the first one is drawn."""

import io
from dataclasses import dataclass

import numpy as np

from .._interface.flags import DARK_FLAGS

__all__ = ["Picture", "as_png", "draw_all"]

# Dots per inch: sharp on a phone, and in two columns on a wide page.
_DPI = 120
_POINTS = 20_000
_SHORT, _LONG, _BAD, _GREY = "#d95f02", "#1b6ca8", "#c2185b", "0.45"
_RATE = r"dark rate (electron s$^{-1}$)"


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
    drawn = [("map", "Where it is dark and where not", _rate_map(measured))]
    drawn.append(("histogram", "How many pixels have which dark current", _histograms(measured)))
    if measured.pair is not None and measured.has_bias:
        drawn.append(("scatter", "Are hot pixels proportional?", _short_against_long(measured, rng, None)))
        drawn.append(("scatter_zoom", "A closer look", _short_against_long(measured, rng, (0.5, 10.0))))
    if measured.has_bias:
        drawn.append(("pixels", "Random pixels", _random_pixels(measured, rng)))
    through = _through_the_frames(measured, rng)
    if through is not None:
        drawn.append(("frames", "Through the frames", through))
    for name, title, (text, figure) in drawn:
        yield Picture(name, title, text, text, figure)


def as_png(figure):
    """PNG of a figure (bytes)."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()


def _figure(width, height, columns=1, rows=1):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns)


def _good(rate):
    return ~rate.mask & np.isfinite(rate.data)


def _rate_map(measured):
    from astropy.visualization import AsinhStretch, ImageNormalize, PercentileInterval

    rate, flags = measured.rate, measured.mask.data
    rows, columns = flags.shape
    wide = columns > 1.6 * rows
    figure, (left, right) = _figure(10, 1 + 2 * 9 * rows / columns, 1, 2) if wide else _figure(12, 5.6, 2)
    data = np.where(_good(rate), rate.data, np.nan)
    finite = data[np.isfinite(data)]
    low, high = PercentileInterval(99).get_limits(finite) if finite.size else (0, 1)
    shown = left.imshow(
        data, origin="lower", cmap="viridis", interpolation="nearest",
        norm=ImageNormalize(vmin=low, vmax=max(high, low + 1e-9), stretch=AsinhStretch(0.3)),
    )  # fmt: skip
    figure.colorbar(shown, ax=left, label=_RATE, shrink=0.85, aspect=12 if wide else 20)
    left.set_title("rate, from all frames")
    for flag, label, colour, marker in (
        (DARK_FLAGS.HOT, "HOT", "#e6a700", "."),
        (DARK_FLAGS.NONLINEAR, "NONLINEAR", _BAD, "x"),
        (DARK_FLAGS.SATURATED, "SATURATED", "k", "+"),
    ):
        rows, columns = np.nonzero(flags & flag)
        if rows.size == 0:
            continue
        every = max(1, rows.size // _POINTS)
        right.plot(columns[::every], rows[::every], marker, ms=2 if marker == "." else 5, color=colour,
                   alpha=0.6, ls="none", label=f"{label}: {rows.size}", rasterized=True)  # fmt: skip
    right.set(
        xlim=(-0.5, flags.shape[1] - 0.5), ylim=(-0.5, flags.shape[0] - 0.5), aspect="equal", title="flagged pixels"
    )
    if right.get_legend_handles_labels()[0]:
        right.legend(loc="upper left", bbox_to_anchor=(0, -0.1), ncols=3, frameon=False)
    return "The dark rate over the sensor, and where the flagged pixels are.", figure


def _histograms(measured):
    figure, axes = _figure(10, 5.4)
    if measured.has_bias:
        times = [seconds for seconds, _ in measured.exposures]
        shown = {seconds: measured.rates[seconds] for seconds in measured.pair or times}
        labels = {seconds: f"{seconds:g} s x {measured.rates[seconds].meta['NCOMBINE']}" for seconds in shown}
    else:
        shown, labels = {0.0: measured.rate}, {0.0: "slope over all exposure times"}
    first = next(iter(shown.values()))
    values = {seconds: rate.data[_good(rate)] for seconds, rate in shown.items()}
    positive = np.concatenate([value[value > 0] for value in values.values()])
    if positive.size:
        # No bins below a few steps of the ADC: they would show the steps.
        step = first.meta.get("DKGAIN", 1.0) / first.meta["NCOMBINE"] / first.meta["DKEXPMIN"]
        low = max(np.percentile(positive, 0.5), positive.max() * 1e-7, min(4 * step, np.median(positive) / 3))
        bins = np.geomspace(low, positive.max() * 1.01, 120)
        for (seconds, value), colour in zip(values.items(), (_SHORT, _LONG), strict=False):
            axes.hist(value, bins=bins, histtype="stepfilled", alpha=0.35, color=colour, label=labels[seconds])
            axes.hist(value, bins=bins, histtype="step", color=colour)
        axes.set(xscale="log", yscale="log")
    noise = first.meta.get("DKRDNOI")
    if measured.has_bias and noise is not None:
        lowest = noise / np.sqrt(first.meta["NCOMBINE"]) / first.meta["DKEXPMIN"]
        where = f"{first.meta['DKEXPMIN']:g} s x {first.meta['NCOMBINE']}"
        axes.axvline(lowest, color=_GREY, ls="--", label=f"read noise of {where}: {lowest:.2g}")
        axes.axvline(2 * lowest, color=_GREY, ls=":", label=f"twice it: {2 * lowest:.2g}")
    threshold = measured.mask.meta["DKTHRESH"]
    axes.axvline(threshold, color=_BAD, lw=1, label=f"threshold of HOT: {threshold:.3g}")
    axes.set(xlabel=_RATE, ylabel="pixels")
    axes.legend(frameon=False)
    text = "Rates of all pixels."
    if measured.has_bias:
        text += " Below the read-noise limit of the short exposure its histogram shows noise, not dark current."
    return text, figure


def _short_against_long(measured, rng, zoom):
    short, long = measured.pair
    first, second = measured.rates[short], measured.rates[long]
    # Saturated pixels are shown at their lower limits: these form the ceiling.
    seen = np.isfinite(first.data) & np.isfinite(second.data) & (second.data > (zoom[0] if zoom else 1.0))
    x, y = first.data[seen], second.data[seen]
    bad = (measured.mask.data[seen] & DARK_FLAGS.NONLINEAR) != 0
    # Of the many good pixels with a typical rate, only a sample is drawn.
    typical = np.flatnonzero(measured.mask.data[seen] & (DARK_FLAGS.HOT | DARK_FLAGS.NONLINEAR) == 0)
    if typical.size > _POINTS:
        hidden = rng.permutation(typical)[_POINTS:]
        x, y, bad = (np.delete(values, hidden) for values in (x, y, bad))
    figure, axes = _figure(7.2, 7)
    axes.plot(x[~bad], y[~bad], ".", ms=3, alpha=0.4, color=_LONG, label="not flagged NONLINEAR", rasterized=True)
    axes.plot(x[bad], y[bad], ".", ms=3, alpha=0.6, color=_BAD, label="NONLINEAR", rasterized=True)
    top = zoom[1] if zoom else max(float(x.max(initial=1.0)), float(y.max(initial=1.0))) * 1.1
    low = zoom[0] if zoom else 0.8
    axes.plot([low, top], [low, top], color="k", lw=1, label="ideal: same rate")
    ceiling = _ceiling(second, long)
    if ceiling is not None and (zoom is None or ceiling < top):
        axes.axhline(ceiling, color=_GREY, ls="--", label=f"saturation ceiling: {ceiling:.3g}")
    if zoom:
        axes.set(xlim=zoom, ylim=zoom)
        text = f"The same, between {zoom[0]:g} and {zoom[1]:g} electron/s."
    else:
        axes.set(xscale="log", yscale="log", xlim=(low, top), ylim=(low, top))
        text = (
            f"Pixels above 1 electron/s at {long:g} s. A proportional pixel lies on the line; below it, the longer "
            "exposure reads lower. Saturated pixels are drawn at their lower limits."
        )
    axes.set(xlabel=f"{_RATE}, {short:g} s", ylabel=f"{_RATE}, {long:g} s", aspect="equal")
    axes.legend(frameon=False, loc="upper left", markerscale=3)
    return text, figure


def _ceiling(rate, seconds):
    """Rate (electron/s) at which a pixel saturates in an exposure: the median of those that did, or None."""
    lower_limits = rate.data[rate.mask & np.isfinite(rate.data)]
    return float(np.median(lower_limits)) if lower_limits.size else None


def _random_pixels(measured, rng):
    times = np.array([seconds for seconds, _ in measured.exposures])
    counts = np.stack([measured.rates[seconds].data * seconds for seconds in times])
    errors = np.zeros(counts.shape)
    for number, seconds in enumerate(times):
        if measured.rates[seconds].uncertainty is not None:
            errors[number] = measured.rates[seconds].uncertainty.array * seconds
    flags = measured.mask.data
    fitted = np.linspace(0, times[-1] * 1.1, 200)
    figure, (left, right) = _figure(12, 5.2, 2)
    hot = (flags & DARK_FLAGS.HOT) != 0
    for axes, chosen, title in ((left, ~hot, "pixels that are not hot"), (right, hot, "hot pixels")):
        rows, columns = np.nonzero(chosen)
        axes.set(title=f"random {title}", xlabel="exposure time (s)", ylabel="electrons")
        if rows.size == 0:
            continue
        for index in rng.choice(rows.size, min(8, rows.size), replace=False):
            y, x = rows[index], columns[index]
            remark = " NONLINEAR" if flags[y, x] & DARK_FLAGS.NONLINEAR else ""
            line = axes.errorbar(times, counts[:, y, x], errors[:, y, x], fmt="o", ms=3, capsize=2)
            slope = measured.rate.data[y, x]
            axes.plot(fitted, slope * fitted, lw=0.8, color=line[0].get_color(),
                      label=f"({x}, {y}): {slope:.3g}{remark}")  # fmt: skip
        if chosen is hot:
            axes.set(xscale="log", yscale="log", xlim=(times[0] / 1.5, times[-1] * 1.5))
            axes.set_ylim(bottom=max(axes.get_ylim()[0], 1.0))
        axes.legend(frameon=False, fontsize="small", title="pixel (x, y): electron/s")
    return "Electrons of random pixels at each exposure time, and the proportional rate fitted to all frames.", figure


def _through_the_frames(measured, rng):
    seconds, frames = max(measured.exposures, key=lambda item: (len(item[1]), item[0]))
    if len(frames) < 2:
        return None
    rate = measured.rate.data
    usable = _good(measured.rate)
    order = np.argsort(np.where(usable, rate, -np.inf), axis=None)[::-1][: int(usable.sum())]
    if order.size == 0:
        return None
    # From the hottest pixel to a typical one, evenly in the logarithm of the rank.
    ranks = np.unique(np.geomspace(1, max(order.size // 2, 1), 10).astype(int) - 1)
    rows, columns = np.unravel_index(order[ranks], rate.shape)
    unit = frames[0].file.unit
    counts = np.array([frame.file.rows(slice(None)).values[rows, columns] for frame in frames], dtype=float)
    figure, axes = _figure(10, 5.4)
    numbers = np.arange(1, len(frames) + 1)
    for index, (y, x) in enumerate(zip(rows, columns, strict=True)):
        axes.plot(numbers, counts[:, index], "o-", ms=3, lw=0.8, label=f"({x}, {y}): {rate[y, x]:.3g}")
    axes.set(xlabel=f"frame of {seconds:g} s", ylabel=f"counts ({unit}), with the bias", yscale="log")
    axes.legend(
        frameon=False, fontsize="small", title="pixel (x, y): electron/s", loc="center left", bbox_to_anchor=(1, 0.5)
    )
    axes.xaxis.get_major_locator().set_params(integer=True)
    return (
        f"Counts of some pixels, from the hottest to a typical one, through the {len(frames)} frames of {seconds:g} s. "
        "A pixel that jumps between levels is a telegraph pixel; a single spike is a cosmic ray.",
        figure,
    )
