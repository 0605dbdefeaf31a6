"""All bad inputs that are tried: groups of rows by their title."""

from . import (
    checks,
    command,
    detectors,
    duplicates,
    files,
    headers,
    numbers,
    plans,
    rates_by_hand,
    reductions,
    sections,
    simulation,
)

__all__ = ["GROUPS", "ROWS"]

GROUPS = {
    title: rows
    for module in (
        duplicates,
        files,
        detectors,
        headers,
        sections,
        numbers,
        rates_by_hand,
        reductions,
        simulation,
        plans,
        checks,
        command,
    )
    for title, rows in module.GROUPS.items()
}
ROWS = [row for rows in GROUPS.values() for row in rows]
