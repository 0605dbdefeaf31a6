# Licensed under a 3-clause BSD style license - see LICENSE
"""Findings as a table, and as numbers with names."""

from astropy import units as u

from .shown_table import ShownTable
from .verdict import verdict_sentence

__all__ = ["as_text", "check_meta", "check_table"]


def check_table(findings, **numbers):
    """`~astropy.table.QTable` of a list of `Finding`, as `check_frames` returns it; ``numbers`` are for its meta."""
    rows = {
        "check": [one.check for one in findings],
        "verdict": [one.verdict for one in findings],
        "found": [as_text(one.found) for one in findings],
        "told": [as_text(one.told) for one in findings],
        "sentence": [one.sentence for one in findings],
    }
    table = ShownTable(rows, dtype=[str] * len(rows))
    table.meta = check_meta(findings) | numbers
    return table


def check_meta(findings):
    """Dict of the verdict in one sentence, and of the numbers of a list of `Finding` by names with their units."""
    meta = {"verdict": verdict_sentence(findings)}
    for one in findings:
        for kind in ("found", "told"):
            value, name = _number(getattr(one, kind)), f"{one.check.replace(' ', '_')}_{kind}"
            if isinstance(value, u.Quantity) and value.unit != u.dimensionless_unscaled:
                unit = str(value.unit).replace(" ", "").replace("/", "_per_").replace("%", "percent")
                meta[f"{name}_{unit}"] = float(value.value)
            elif value is not None:
                meta[name] = float(value)
    return meta


def _number(value):
    """A Quantity or number, also of a text; else None."""
    if isinstance(value, str):
        try:
            return u.Quantity(value)
        except (TypeError, ValueError):
            return None
    return value


def as_text(value):
    """What was found or told as text that `~astropy.units.Quantity` reads where it is a quantity; None is ''."""
    if value is None:
        return ""
    if isinstance(value, u.Quantity):
        return f"{value.value:.4g} {value.unit}".strip()
    return f"{value:.4g}" if isinstance(value, float) else str(value)
