# Licensed under a 3-clause BSD style license - see LICENSE
"""Colours, line styles and markers of all pictures, and the Axes that they are drawn on."""

from typing import Any

from .._interface.flags import DARK_FLAGS

__all__ = [
    "AXIS_RATE",
    "FLAG_STYLES",
    "GREY",
    "LEGEND_WORDS",
    "LINE_STYLES",
    "MARKERS",
    "SATURATED",
    "add_legend_below",
    "axes_or_new",
    "in_digits",
    "line_style",
    "panel_below",
    "plain_log_ticks",
]  # fmt: skip

AXIS_RATE = "dark current (electron/s)"
GREY = "0.45"

# Colour and dashes of the first rate, the second one, and so on. The colours are those of Okabe and Ito (2008), which
# colour-blind readers tell apart, in an order in which neighbours differ in brightness as well; dashes for grey print.
LINE_STYLES: tuple[dict[str, Any], ...] = (
    {"color": "#0072b2", "linestyle": "-"},
    {"color": "#e69f00", "linestyle": "--"},
    {"color": "#000000", "linestyle": ":"},
    {"color": "#56b4e9", "linestyle": "-."},
    {"color": "#d55e00", "linestyle": (0, (5, 1, 1, 1, 1, 1))},
    {"color": "#009e73", "linestyle": (0, (8, 2))},
    {"color": "#cc79a7", "linestyle": (0, (1, 1))},
)

# Range of a logarithmic axis, highest over lowest number, that powers of ten alone would leave nearly without numbers.
_FEW_DECADES = 300.0

# Markers of the first pixel, the second one, and so on.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")

# Colour and marker of each flag: never told by colour alone.
FLAG_STYLES: dict[int, dict[str, Any]] = {
    DARK_FLAGS.HOT: {"color": "#e69f00", "marker": "o"},
    DARK_FLAGS.NONLINEAR: {"color": "#d55e00", "marker": "x"},
    DARK_FLAGS.SATURATED: {"color": "#000000", "marker": "^"},
    DARK_FLAGS.TELEGRAPH: {"color": "#cc79a7", "marker": "D"},
    DARK_FLAGS.OTHER_BAD_PIXEL: {"color": "#0072b2", "marker": "s"},
    DARK_FLAGS.UNRELIABLE_ERROR: {"color": "#009e73", "marker": "P"},
    DARK_FLAGS.UNRELIABLE_DARK: {"color": "#e69f00", "marker": "+"},
    DARK_FLAGS.WARM: {"color": "#56b4e9", "marker": "v"},
}
# What legends call pixels of each flag: a beginner does not know the flags' names.
LEGEND_WORDS: dict[int, str] = {
    DARK_FLAGS.HOT: "hot",
    DARK_FLAGS.NONLINEAR: "not proportional",
    DARK_FLAGS.SATURATED: "saturated",
    DARK_FLAGS.TELEGRAPH: "jumping",
    DARK_FLAGS.OTHER_BAD_PIXEL: "in a bad line",
    DARK_FLAGS.UNRELIABLE_ERROR: "noisy to read",
    DARK_FLAGS.UNRELIABLE_DARK: "hot, too faint to test",
    DARK_FLAGS.WARM: "in glow",
}
# Saturated pixels are told by the rates themselves too.
SATURATED = FLAG_STYLES[DARK_FLAGS.SATURATED]


def axes_or_new(ax, size=(6.2, 4.4)):
    """Axes to draw on: ``ax`` itself, or where it is None, those of a new figure of pyplot of a size in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def add_legend_below(ax, handles=None, **options):
    """Put the legend of Axes below them, where it hides nothing."""
    ax.legend(
        handles=handles, frameon=False, loc="upper left", bbox_to_anchor=(-0.12, -0.14),
        borderaxespad=0, columnspacing=1, handlelength=1.8, labelspacing=0.35, **options,
    )  # fmt: skip


def in_digits(number):
    """A number as a reader takes it in: whole ones in groups of three digits, others in three digits that count."""
    if not isinstance(number, float):
        return f"{number:,}".replace(",", " ")
    return f"{float(f'{number:.3g}'):g}"


def panel_below(ax, share=0.3):
    """New Axes in the lowest part of the place of ``ax``, which keeps the other part, with the same horizontal axis."""
    place = ax.get_subplotspec()
    if place is None:
        left, bottom, width, height = ax.get_position().bounds
        ax.set_position([left, bottom + height * share, width, height * (1 - share)])
        below = ax.figure.add_axes([left, bottom, width, height * (share - 0.03)], sharex=ax)
    else:
        upper, lower = place.subgridspec(2, 1, height_ratios=(1 - share, share), hspace=0.05)
        ax.set_subplotspec(upper)
        below = ax.figure.add_subplot(lower, sharex=ax)
    ax.tick_params(labelbottom=False)
    return below


def plain_log_ticks(axis):
    """Plain numbers on a logarithmic axis: 1, 2, 5 of each decade where there are few decades."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < _FEW_DECADES * low else (1,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def line_style(number):
    """Colour and dashes of the line of a number, counted from 0; after the last they begin again."""
    return LINE_STYLES[number % len(LINE_STYLES)]
