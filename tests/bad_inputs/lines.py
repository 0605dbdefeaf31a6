"""Bad columns and rows, and clusters that grow, in masks."""

from .given import rates
from .wanted import Error, Row

__all__ = ["GROUPS"]


def masked(name, tried, wanted, **options):
    """Row for options of a mask."""
    return Row(name, tried, "hot_pixel_mask", lambda t: t(*rates(), **options), wanted)


LINES = [
    masked("lines-number", "lines=1", Error("TypeError", "lines", "1"), lines=1),
    masked("lines-text", "lines='columns'", Error("TypeError", "lines", "columns"), lines="columns"),
    masked("grow-zero", "grow=0", Error("ValueError", "grow", "0"), grow=0),
    masked("grow-half", "grow=2.5", Error("ValueError", "grow", "2.5"), grow=2.5),
    masked("grow-true", "grow=True", Error("TypeError", "grow", "True"), grow=True),
]

GROUPS = {"Bad columns, rows and clusters": LINES}
