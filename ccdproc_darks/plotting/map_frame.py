# Licensed under a 3-clause BSD style license - see LICENSE
"""What maps have in common: their place and that of what is beside them, and pixels in place of cells in a zoom."""

import numpy as np

from .style import GREY

__all__ = ["MapFrame"]

# Pixels of the longer side of the view up to which each is drawn, if the view is half of the image or less.
_ZOOMED = 200
# Height or width of a profile, and of a cutout, in longer sides of the map.
_PROFILE, _CUTOUT = 0.25, 0.3
# An image longer than that, in its shorter sides, is drawn as if it were not: its pixels are no squares then.
_LONGEST = 5.0
# A map narrower than this, in its heights, has few numbers on its colour bar.
_NARROW = 0.7
# Inches: gaps; the colour bar; numbers and name of an axis; a line of the legend; the titles of cutouts.
_GAP, _BAR, _AXIS, _LINE, _TITLE = 0.08, 0.12, 0.5, 0.2, 0.58
# Between the map and the profile below it: so that their lowest and highest numbers do not touch.
_APART = 0.17
# Width of a new figure, its greatest height, and what numbers and names need there (inches).
_WIDTH, _HIGHEST, _LEFT, _TOP = 5.2, 8.0, 0.75, 0.6


class MapFrame:
    """Axes of a map of an image, and the Axes beside it: all within the place that the map's Axes had.

    Attributes
    ----------
    ax : `matplotlib.axes.Axes`
        The Axes of the map.
    columns, rows : `matplotlib.axes.Axes` or None
        Those of the profile of the columns, below the map, and of the rows, to the right.
    cutouts : list of `matplotlib.axes.Axes`
        Those of cutouts, below all else.
    """

    def __init__(self, ax, shape, *, profiles=True, bar=True, legend_lines=0, cutouts=0):
        self.shape = shape
        self._ratio = float(np.clip(shape[1] / shape[0], 1 / _LONGEST, _LONGEST))
        self._profiles, self._bar, self._lines, self._number = profiles, bar, legend_lines, cutouts
        self.ax = ax if ax is not None else self._new()
        self.ax.set(xlim=(-0.5, shape[1] - 0.5), ylim=(-0.5, shape[0] - 0.5), xlabel="column (x)", ylabel="row (y)")
        square = np.isclose(self._ratio, shape[1] / shape[0])
        self.ax.set_aspect("equal" if square else "auto")
        self.ax.set_axes_locator(self._place_of_map)
        self.columns = self.rows = None
        if profiles:
            self.columns = self._beside(self._place_of_columns, sharex=self.ax)
            self.rows = self._beside(self._place_of_rows, sharey=self.ax)
            self.ax.tick_params(labelbottom=False)
            self.ax.set_xlabel("")
            self.columns.set_xlabel("column (x)")
            self.rows.tick_params(labelleft=False)
            self.rows.tick_params(axis="x", labelrotation=90)
        self.cutouts = [self._beside(self._place_of_cutout(number)) for number in range(cutouts)]

    def _needs(self):
        """Width and height that all needs: in longer sides of the map, and in inches."""
        wide, high = min(1.0, self._ratio), min(1.0, 1 / self._ratio)
        inches_high = _AXIS + _LINE * self._lines + (_GAP + _BAR) * self._bar
        if self._number:
            high, inches_high = high + _CUTOUT, inches_high + _TITLE
        if self._profiles:
            return wide + _PROFILE, _GAP, high + _PROFILE, inches_high + _APART
        return wide, 0.0, high, inches_high

    def _new(self):
        import matplotlib.pyplot as plt

        wide, inches_wide, high, inches_high = self._needs()
        side = min((_WIDTH - _LEFT - inches_wide) / wide, (_HIGHEST - _TOP - inches_high) / high)
        # The text above and below needs a width of its own.
        size = max(side * wide + inches_wide + _LEFT, 0.8 * _WIDTH), side * high + inches_high + _TOP
        return plt.subplots(figsize=size, layout="constrained")[1]

    def _beside(self, place, **options):
        axes = self.ax.inset_axes([0, 0, 1, 1], **options)
        axes.set_axes_locator(place)
        return axes

    # Places, as boxes in fractions of the figure. Those of profiles follow the map, which a zoom may make smaller.

    def _slot(self):
        """Left and upper edge of all, longer side of the map, and the figure's width and height (all in inches)."""
        width, height = self.ax.figure.get_size_inches()
        slot = self.ax.get_position(original=True)
        wide, inches_wide, high, inches_high = self._needs()
        side = min((slot.width * width - inches_wide) / wide, (slot.height * height - inches_high) / high)
        side = max(side, 0.2)
        # Not centred: a layout engine would measure the room for the numbers on the left where they are not.
        return slot.x0 * width, slot.y1 * height, side, width, height

    def _box(self, left, low, wide, high):
        from matplotlib.transforms import Bbox

        width, height = self.ax.figure.get_size_inches()
        return Bbox.from_bounds(left / width, low / height, wide / width, high / height)

    def _place_of_map(self, axes, renderer):
        left, top, side, *_ = self._slot()
        wide, high = side * min(1.0, self._ratio), side * min(1.0, 1 / self._ratio)
        return self._box(left, top - (_GAP + _BAR) * self._bar - high, wide, high)

    def _map(self):
        """Left and lower edge, width and height of the map as it is drawn, and its longer side unzoomed (inches)."""
        _, _, side, width, height = self._slot()
        box = self.ax.get_position()
        return box.x0 * width, box.y0 * height, box.width * width, box.height * height, side

    def _place_of_columns(self, axes, renderer):
        left, low, wide, _, side = self._map()
        return self._box(left, low - _APART - _PROFILE * side, wide, _PROFILE * side)

    def _place_of_rows(self, axes, renderer):
        left, low, wide, high, side = self._map()
        return self._box(left + wide + _GAP, low, _PROFILE * side, high)

    def _place_of_bar(self, axes, renderer):
        left, low, wide, high, _ = self._map()
        return self._box(left, low + high + _GAP, wide, _BAR)

    def _below(self):
        """Left edge, upper edge of the room below the axes, width of all, and longer side of the map (inches)."""
        left, top, side, *_ = self._slot()
        wide, inches_wide, high, inches_high = self._needs()
        below = _TITLE + _CUTOUT * side if self._number else 0.0
        low = top - high * side - inches_high + below + _LINE * self._lines
        return left, low, wide * side + inches_wide, side

    def _place_of_legend(self, axes, renderer):
        left, low, wide, _ = self._below()
        return self._box(left, low - _LINE * self._lines, wide, _LINE * self._lines)

    def _place_of_cutout(self, number):
        def place(axes, renderer):
            left, low, wide, side = self._below()
            size = min(_CUTOUT * side, wide / self._number - 0.1)
            step = (wide - size) / max(self._number - 1, 2)
            low -= _LINE * self._lines + _TITLE
            return self._box(left + number * step, low - size, size, size)

        return place

    # What is drawn.

    def image(self, cells, side, pixels, **options):
        """Draw an image of cells, which in a zoom becomes one of pixels: ``pixels`` gives those of two slices."""
        rows, columns = cells.shape
        whole = (-0.5, columns * side - 0.5, -0.5, rows * side - 0.5)
        limits = self.ax.get_xlim(), self.ax.get_ylim()
        image = self.ax.imshow(
            cells, extent=whole, origin="lower", interpolation="nearest", aspect=self.ax.get_aspect(), **options
        )
        self.ax.set(xlim=limits[0], ylim=limits[1])
        if side > 1:
            self._zoom(image, cells, whole, pixels)
        return image

    def _zoom(self, image, cells, whole, pixels):
        def drawn(_):
            (left, right), (low, high) = (sorted(limits()) for limits in (self.ax.get_xlim, self.ax.get_ylim))
            if max(right - left, high - low) > min(_ZOOMED, max(self.shape) / 2):
                image.set(data=cells, extent=whole)
                return
            x0, y0 = max(0, int(left)), max(0, int(low))
            x1, y1 = min(self.shape[1], int(right) + 2), min(self.shape[0], int(high) + 2)
            if x1 > x0 and y1 > y0:
                part = pixels(slice(y0, y1), slice(x0, x1))
                image.set(data=part, extent=(x0 - 0.5, x1 - 0.5, y0 - 0.5, y1 - 0.5))

        for axes in (self.ax, self.columns, self.rows):
            if axes is not None:
                axes.callbacks.connect("xlim_changed", drawn)
                axes.callbacks.connect("ylim_changed", drawn)

    def colour_bar(self, image, label, **options):
        """Draw the colour bar above the map."""
        from matplotlib.colors import LogNorm

        bar = self._beside(self._place_of_bar)
        found = self.ax.figure.colorbar(image, cax=bar, orientation="horizontal", **options)
        # It may be wider than the map.
        found.set_label(label, loc="left")
        bar.xaxis.set_ticks_position("top")
        bar.xaxis.set_label_position("top")
        if not isinstance(image.norm, LogNorm):
            _few_numbers(bar.xaxis, 5 if self._ratio > _NARROW else 2)
        return found

    def legend(self, handles, **options):
        """Draw a legend below the axes."""
        place = self._beside(self._place_of_legend)
        place.set_axis_off()
        options = {"loc": "upper left", "fontsize": "small", "frameon": False, "borderpad": 0.0} | options
        return self.ax.legend(
            handles=handles, bbox_to_anchor=(0, 0, 1, 1), bbox_transform=place.transAxes, borderaxespad=0.0, **options
        )

    def profile(self, kind, values, limits, label, band=()):
        """Draw the profile of the columns or the rows, with a band (low, high) of what noise makes of it."""
        axes, upright = (self.columns, False) if kind == "column" else (self.rows, True)
        # Each line is a step, one pixel wide.
        numbers = np.repeat(np.arange(len(values) + 1) - 0.5, 2)[1:-1]
        values, *band = (np.repeat(of_lines, 2) for of_lines in (values, *band))
        if band:
            fill = axes.fill_betweenx if upright else axes.fill_between
            fill(numbers, *band, color="0.8", linewidth=0)
        axes.plot(*((values, numbers) if upright else (numbers, values)), color="#0072b2", linewidth=0.8)
        (axes.set_xlabel if upright else axes.set_ylabel)(label, fontsize="small")
        (axes.set_xlim if upright else axes.set_ylim)(limits)
        _few_numbers(axes.xaxis if upright else axes.yaxis, 3)
        axes.grid(True, color=GREY, alpha=0.3, linewidth=0.5)

    def marked(self, kind, numbers, values, limits):
        """Mark lines that stand out, at their values or the end of the axis, with their numbers."""
        axes, upright = (self.columns, False) if kind == "column" else (self.rows, True)
        for number in numbers:
            value = float(np.clip(values[number], *limits))
            at = (value, number) if upright else (number, value)
            after = number > self.shape[0 if upright else 1] * 0.8
            marker = "<" if upright else "v"
            axes.plot(*at, marker=marker, color="#d55e00", markersize=5, linestyle="none", clip_on=False)
            offset, side = ((-6, 0), "right") if upright else ((-5, 0), "right") if after else ((5, 0), "left")
            if not upright:
                offset = (offset[0], 2 if value < sum(limits) / 2 else -9)
            axes.annotate(
                str(number), at, xytext=offset, textcoords="offset points", color="#a04000", fontsize="small", ha=side,
                va="center" if upright else "baseline",
            )  # fmt: skip


def _few_numbers(axis, number):
    """Have about so many numbers on an axis, each as it is: no common part of them at its end."""
    axis.get_major_locator().set_params(nbins=number)
    axis.get_major_formatter().set_useOffset(False)
