# Licensed under a 3-clause BSD style license - see LICENSE
"""Why frames have no sample that can be used: what is said where a whole result is masked."""

import numpy as np

from .._compute.blocks import row_blocks
from .._interface.warnings import NoUsablePixelWarning, warn

__all__ = ["warn_lost_samples"]

# Memory (bytes) that a pixel takes while its samples are counted.
_BYTES = 40


def warn_lost_samples(dark_sets, reader, what):
    """Warn that all pixels of a result are masked, and count what is wrong with the samples.

    ``dark_sets`` are a list of `DarkSet`, read by an `ElectronReader`. ``what`` is said first: what no pixel has.
    """
    samples, lost = 0, {}
    for frame in (frame for dark_set in dark_sets for frame in dark_set.frames):
        for block in row_blocks(frame.shape, _BYTES):
            rows = frame.rows(block)
            samples += rows.values.size
            for reason, number in _counts(rows, reader, block):
                lost[reason] = lost.get(reason, 0) + number
    reasons = ", ".join(f"{number} are {reason}" for reason, number in lost.items() if number)
    warn(
        f"all pixels of the result are masked, as {what}: of {samples} samples, {reasons or 'all are good'}",
        NoUsablePixelWarning,
    )


def _counts(rows, reader, block):
    """Pairs of a reason and the number of samples of some rows that cannot be used for it; each sample counts once."""
    _, bad_bias = reader.bias.rows(block)
    checks = {"not finite": ~np.isfinite(rows.values)}
    if rows.mask is not None:
        checks["masked"] = rows.mask
    if bad_bias is not None:
        checks["without a bias, which is masked or not finite there"] = bad_bias
    if reader.own_noise:
        checks["without an uncertainty that is finite"] = ~np.isfinite(rows.deviation)
    if reader.saturation is not None:
        level = f"at the saturation level, {reader.saturation:g} with the bias, or above"
        checks[level] = rows.values >= reader.saturated_from
    left = np.ones(rows.values.shape, dtype=bool)
    for reason, bad in checks.items():
        yield reason, np.count_nonzero(left & bad)
        left &= ~bad
