# Licensed under a 3-clause BSD style license - see LICENSE
"""Table of the pixels whose dark rate has changed between two epochs: born, healed, higher or lower."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import QTable

from .._compute.blocks import sample_blocks
from .._compute.workers import Execution
from .._interface.arguments import ELECTRON_PER_SECOND, checked_choice, checked_number, checked_quantity
from ..comparison.compare_dark_rates import NULLS, checked_map
from ..comparison.dark_rate_change import SCALES, change_of_epochs
from ..comparison.false_positives import FalsePositiveControl
from ..comparison.two_epochs import TwoEpochs
from ..rates.rate_images import RateImages
from ..rates.typical_rate import TYPICAL_PIXELS
from .hot_pixels import HotPixelTest
from .pixel_rates import pixel_rates

__all__ = ["changed_pixels"]

_DESCRIPTIONS = {
    "x": "column, from 0 (FITS and ds9: from 1)",
    "y": "row, from 0 (FITS and ds9: from 1)",
    "before": "dark rate of the earlier epoch",
    "before_error": "its standard deviation; NaN where saturated, and the rate a lower limit",
    "after": "dark rate of the later epoch, on the scale of the earlier: without the offset, over the factor",
    "after_error": "its standard deviation; NaN where saturated, and the rate a lower limit",
    "significance": "change over its noise, a signed normal deviate; positive where the later rate is higher",
    "change": "born (hot only in the later epoch), healed (only in the earlier), higher or lower",
}
_KINDS = ("born", "healed", "higher", "lower")


def changed_pixels(
    before: CCDData,
    after: CCDData,
    *,
    false_positives: float = 1.0,
    fdr: float | None = None,
    tolerance: float = 0.1,
    threshold: u.Quantity | None = None,
    scale: Literal["common"] | None = "common",
    offset: Literal["common"] | None = "common",
    null: Literal["theoretical", "empirical"] = "theoretical",
    read_noise: CCDData | None = None,
    check_headers: bool = True,
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
) -> QTable:
    """List the pixels whose dark rate has changed between two epochs."""
    execution = Execution(executor, mem_limit)
    control = FalsePositiveControl(false_positives, fdr)
    tolerance = checked_number("tolerance", tolerance, maximum=1e6)
    above = None if threshold is None else checked_quantity("threshold", threshold, ELECTRON_PER_SECOND)
    checked_choice("scale", scale, SCALES)
    checked_choice("offset", offset, ("common", None))
    checked_choice("null", null, NULLS)
    checked_map(read_noise)
    epochs = TwoEpochs.of(before, after, scale=scale, offset=offset, check_headers=check_headers, read_noise=read_noise)
    control.check(before.shape[0] * before.shape[1])
    found = change_of_epochs(epochs, before, "significance", offset, null, execution)
    pixels = _Pixels(epochs, before, after, found)
    number = pixels.significance.size
    critical = control.critical(number, 2, pixels.deviates_above(control.least) if fdr is not None else None)
    chosen = pixels.changed(critical, tolerance)
    above = pixels.threshold(above)
    table = pixels.table(chosen, above)
    meta = found.meta
    kinds = {f"N{kind.upper()}": int(np.count_nonzero(table["change"] == kind)) for kind in _KINDS}
    table.meta = {
        "NCHANGED": len(table),
        **kinds,
        "DKNCOMP": number,
        "DKFALSE": None if fdr is not None else float(control.false_positives),
        "DKFDR": control.fdr,
        "DKTOLER": tolerance,
        "DKSIGMA": critical if np.isfinite(critical) else None,
        "DKTHRESH": above,
        **{key: meta.get(key) for key in (
            "DKSCALE", "DKSCLERR", "DKSCLSPR", "DKSCLPIX", "DKSCLSRC", "DKOFF2", "DKWIDTH", "DKOFFSET", "DKNULL",
        )},
    }  # fmt: skip
    table.meta = {key: value for key, value in table.meta.items() if value is not None}
    return table


class _Pixels:
    """Pixels that both epochs tell of, with their rates on the scale of the earlier epoch (flat arrays)."""

    def __init__(self, epochs, before, after, found):
        self._epochs, self._rates, self._shape = epochs, (before, after), before.shape
        self._offset = found.meta["DKOFF2"] / epochs.infos[1].longest
        significance = np.asarray(found.data, dtype=float).ravel()
        self.places = np.flatnonzero(~found.mask.ravel())
        self.significance = significance[self.places]
        values = {}
        for name, rate in zip(("before", "after"), self._rates, strict=True):
            images = RateImages((rate,), check_headers=False, labels=(name,))
            rates, variances, _, _ = images.values(slice(None))
            values[name], values[f"{name}_error"] = rates.ravel()[self.places], np.sqrt(variances.ravel()[self.places])
        factor = epochs.scale.factor
        values["after"] = (values["after"] - self._offset) / factor
        values["after_error"] /= factor
        self.values = values
        spread = epochs.scale.spread
        if spread:
            difference = values["after"] - values["before"]
            pooled = (values["after"] + values["before"]) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                noise = np.where(self.significance == 0, np.inf, difference / self.significance)
            # Pixels of different activation energies do not follow one factor.
            own = spread * np.maximum(pooled - epochs.scale.level, 0)
            self.significance = self.significance / np.sqrt(1 + np.square(own / noise))

    def deviates_above(self, least):
        """Absolute deviates above ``least``."""
        size = np.abs(self.significance)
        return size[size > least]

    def changed(self, critical, tolerance):
        """Indices of the pixels whose change is significant and larger than the tolerance, the most significant first."""
        size = np.abs(self.significance)
        chosen = np.flatnonzero(size > critical)
        before, after = self.values["before"][chosen], self.values["after"][chosen]
        chosen = chosen[np.abs(after - before) > tolerance * np.maximum((before + after) / 2, 0)]
        return chosen[np.argsort(-size[chosen], kind="stable")]

    def threshold(self, given):
        """Rate (electron/s, on the scale of the earlier epoch) above which a pixel is hot: ``given``, or of both."""
        if given is not None:
            return given
        of_before, of_after = map(_threshold_of, self._rates)
        return max(of_before, (of_after - self._offset) / self._epochs.scale.factor)

    def table(self, chosen, threshold):
        """`~astropy.table.QTable` of the chosen pixels."""
        rows, columns = np.unravel_index(self.places[chosen], self._shape)
        values = {name: value[chosen] * ELECTRON_PER_SECOND for name, value in self.values.items()}
        was, is_now = (values[name].value > threshold for name in ("before", "after"))
        change = np.where(self.significance[chosen] > 0, "higher", "lower").astype("<U6")
        change[~was & is_now], change[was & ~is_now] = "born", "healed"
        table = QTable(
            {
                "x": columns.astype(int), "y": rows.astype(int),
                **{name: values[name] for name in ("before", "before_error", "after", "after_error")},
                "significance": self.significance[chosen], "change": change,
            }
        )  # fmt: skip
        for name, text in _DESCRIPTIONS.items():
            table[name].info.description = text
        return table


def _threshold_of(rate):
    """Rate (electron/s) above which pixels of a rate are hot, as `hot_pixel_mask` sets it."""
    images = RateImages((rate,), check_headers=False)
    samples = [(block, pixel_rates(images, None, block)) for block in sample_blocks(images.shape, TYPICAL_PIXELS)]
    number = sum(int(np.count_nonzero(image.usable(block))) for image in images for block in images.blocks())
    hot = HotPixelTest(None, None, samples, images)
    hot.set_threshold(FalsePositiveControl(), number)
    return float(hot.entries()["DKTHRESH"][0])
