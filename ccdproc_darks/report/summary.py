# Licensed under a 3-clause BSD style license - see LICENSE
"""Numbers of a report, as a table."""

import numpy as np
from astropy import units as u
from astropy.table import QTable

from .._interface.arguments import ELECTRON_PER_SECOND
from .._interface.flags import DARK_FLAGS
from .._interface.shown import shown
from .check_table import as_text
from .verdict import verdict_sentence

__all__ = ["flag_counts", "rate_rows", "summary_table"]

_FLAGS = (
    "HOT", "NONLINEAR", "TELEGRAPH", "SATURATED", "UNRELIABLE_DARK", "UNRELIABLE_ERROR", "OTHER_BAD_PIXEL",
    "DO_NOT_USE",
)  # fmt: skip


def flag_counts(mask):
    """Number of pixels with each flag; None for a flag that the mask does not test, as with a single rate."""
    of_one = ("HOT", "TELEGRAPH", "UNRELIABLE_ERROR", "OTHER_BAD_PIXEL", "DO_NOT_USE")
    tested = _FLAGS if "DKSIGMA" in mask.meta else of_one
    if "NTELEGR" not in mask.meta:
        tested = [name for name in tested if name != "TELEGRAPH"]
    # Only with a read noise of each pixel, or the scatter of two exposure times.
    names = [name for name in _FLAGS if name != "UNRELIABLE_ERROR" or "NNOISY" in mask.meta]
    # Most pixels have none.
    flags = mask.data[mask.data != 0]
    return {name: int(np.count_nonzero(flags & DARK_FLAGS[name])) if name in tested else None for name in names}


def rate_rows(measured):
    """For each rate image: label, frames, typical rate, its error (or None), pixels without a usable sample."""
    for key, (typical, error) in measured.typical_rates.items():
        label, rate = ("all", measured.rate) if key == "all" else (f"{key:g} s", measured.rates[key])
        yield label, rate.meta["NCOMBINE"], typical, error, int(np.count_nonzero(rate.mask))


def summary_table(results, failures, unusable):
    """Table with a row for each exposure time of each group, and one for all its exposure times together.

    The arguments are what `ccdproc_darks.report.run.make_report` returns. The ``meta`` of the `~astropy.table.QTable`
    has the number of pixels with each flag and the notes of each group, and the files not used.
    """
    rows = [
        {
            "group": folder,
            "camera": shown(measured.group.camera),
            "temperature": np.nan if measured.group.temperature is None else measured.group.temperature,
            "exposure": label,
            "frames": frames,
            "typical_rate": typical,
            "typical_error": np.nan if error is None else error,
            "unusable_pixels": lacking,
        }
        for folder, measured in results
        for label, frames, typical, error, lacking in rate_rows(measured)
    ]
    table = QTable(rows=rows)
    table["temperature"].unit = u.deg_C
    table["typical_rate"].unit = table["typical_error"].unit = ELECTRON_PER_SECOND
    table.meta = {
        "groups": {folder: _group_meta(measured) for folder, measured in results},
        "not_measured": [{"group": shown(name), "reason": shown(reason)} for name, reason in failures],
        "not_used": [{"file": shown(item.name), "reason": shown(item.reason)} for item in unusable],
    }
    return QTable(table)


def _group_meta(measured):
    meta = measured.rate.meta
    entry = {
        "title": shown(measured.group.title),
        "flags": flag_counts(measured.mask),
        "threshold_electron_per_s": measured.mask.meta["DKTHRESH"],
        "bias_frames": 0 if measured.bias is None else measured.bias.meta["NCOMBINE"],
        "gain_from": measured.camera.gain_source,
        "read_noise_from": measured.noise_source,
        "verdict": verdict_sentence(measured.findings, measured.settled),
        "checks": [
            {
                "check": one.check,
                "verdict": one.verdict,
                "found": shown(as_text(one.found)),
                "told": shown(as_text(one.told)),
                "sentence": shown(one.sentence),
            }
            for one in measured.findings
        ],
        "overscan": measured.trimmed.overscan,
        "trim": measured.trimmed.trim,
        "notes": [shown(note) for note in measured.notes],
        "pairs": [
            {
                "short_s": pair.short,
                "long_s": pair.long,
                "offset_electron": pair.offset,
                "width": pair.width,
                "ratio": pair.ratio,
                "ratio_pixels": pair.ratio_pixels,
            }
            for pair in measured.pairs
        ],
    }
    for key, name in (
        ("DKGAIN", "gain_electron_per_adu"),
        ("DKRDNOI", "read_noise_electron"),
        ("DKSATUR", "saturation_adu"),
        ("DKSATSRC", "saturation_from"),
    ):
        if key in meta:
            entry[name] = meta[key]
    if measured.camera.gain_error is not None:
        entry["gain_error_electron_per_adu"] = measured.camera.gain_error.value
    spread = measured.camera.spread
    if spread is not None:
        entry["read_noise_spread"] = {
            "spread": None if spread.one_will_do is False else spread.spread, "frames": spread.frames,
            "one_will_do": {None: "unknown"}.get(spread.one_will_do, spread.one_will_do),
        }  # fmt: skip
    if measured.noise_map is not None:
        entry["read_noise_map"] = {
            name: measured.noise_map.meta[key]
            for key, name in (("NCOMBINE", "frames"), ("DKRNSPR", "spread"), ("DKRNTEL", "telegraph"))
            if key in measured.noise_map.meta
        }
    if measured.limit is not None:
        entry["proportional_up_to"] = str(measured.limit)
    if measured.truth is not None:
        entry["truth"] = list(measured.truth.sentences())
    if measured.significance is not None:
        entry["significance_width"] = measured.significance.meta.get("DKWIDTH")
    return entry
