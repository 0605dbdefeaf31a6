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
    reductions,
    scales,
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
        reductions,
        simulation,
        plans,
        checks,
        scales,
        command,
    )
    for title, rows in module.GROUPS.items()
}
ROWS = [row for rows in GROUPS.values() for row in rows]
