# Licensed under a 3-clause BSD style license - see LICENSE
"""Table of the pixels whose dark rate has changed between two epochs: born, healed, higher or lower."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import QTable, vstack

from .._compute.blocks import sample_blocks
from .._compute.workers import Execution
from .._interface.arguments import ELECTRON_PER_SECOND, checked_choice, checked_number, checked_quantity, numpy_images
from .._interface.warnings import filtered
from ..comparison.compare_dark_rates import NULLS, checked_map
from ..comparison.dark_rate_change import SCALES, change_of_epochs
from ..comparison.false_positives import FalsePositiveControl
from ..comparison.two_epochs import TwoEpochs
from ..rates.amplifiers import amplifiers_of_rates
from ..rates.rate_images import RateImages
from ..rates.typical_rate import TYPICAL_PIXELS
from .hot_pixels import HotPixelTest
from .pixel_rates import pixel_rates

__all__ = ["KINDS", "changed_pixels"]

_DESCRIPTIONS = {
    "x": "column, from 0 (FITS and ds9: from 1)",
    "y": "row, from 0 (FITS and ds9: from 1)",
    "before": "dark rate of the earlier epoch",
    "before_error": "its standard deviation; NaN where saturated, and the rate a lower limit",
    "after": "dark rate of the later epoch on the scale of the earlier: less the offset, over the factor",
    "after_error": "its standard deviation; NaN where saturated, and the rate a lower limit",
    "significance": "change over its noise, a signed normal deviate; positive where the later rate is higher",
    "change": "born (hot only in the later epoch), healed (only in the earlier), higher or lower",
}
_RATES = ("before", "before_error", "after", "after_error")
KINDS = ("born", "healed", "higher", "lower")
_COUNTS = ("NCHANGED", *(f"N{kind.upper()}" for kind in KINDS), "NSATUR", "DKNCOMP", "DKFALSE", "DKSCLPIX")
_OF_COMPARISON = ("DKSCALE", "DKSCLERR", "DKSCLSPR", "DKSCLPIX", "DKSCLSRC", "DKOFF2", "DKWIDTH", "DKOFFSET", "DKNULL")


class _Changes(QTable):
    """Table that writes to FITS without a warning: FITS has no name for the unit electron, astropy reads it back."""

    def write(self, *args, **options):
        """As `~astropy.table.Table.write`."""
        with filtered("ignore"):
            return super().write(*args, **options)


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
    """List the pixels whose dark rate has changed between two epochs, the most significant first.

    Parameters
    ----------
    before, after : `~astropy.nddata.CCDData`
        Results of `dark_rate` of the earlier and of the later epoch: see `dark_rate_change`.
    false_positives : float
        Expected number of unchanged pixels in the image that are beyond DKSIGMA (:term:`false positives`).
    fdr : float, optional
        :term:`False discovery rate`, in place of ``false_positives``: expected fraction of unchanged pixels in the
        table.
    tolerance : float
        Smallest change worth listing, as a fraction of the mean of both rates.
    threshold : `~astropy.units.Quantity`, optional
        Dark rate (electron/s, of the earlier epoch) above which a pixel is :term:`hot`, which tells born and healed
        ones. None: the higher of those that `hot_pixel_mask` sets for the two rates.
    scale, offset, null, read_noise, check_headers
        See `dark_rate_change`.
    mem_limit, executor
        See `dark_rate`.

    Returns
    -------
    `~astropy.table.QTable`
        A row for each pixel. ``x``, ``y``: column and row, from 0 (FITS and ds9 count from 1). ``before``,
        ``before_error``, ``after``, ``after_error``: both rates and their standard deviations (electron/s), the later
        one on the scale of the earlier: without the offset, over the common factor, whose error is not in these.
        ``significance``: change over its noise, as a signed normal deviate. ``change``: 'born' (hot in the later epoch
        only), 'healed' (hot in the earlier only), 'higher' or 'lower'. ``meta`` has NCHANGED, NBORN, NHEALED, NHIGHER,
        NLOWER, NSATUR (pixels in the table that are saturated in one epoch), DKNCOMP (pixels compared), DKFALSE or
        DKFDR, DKTOLER, DKSIGMA (deviate beyond which a change is significant), DKTHRESH (electron/s), and DKSCALE,
        DKSCLERR, DKSCLSPR, DKSCLPIX, DKSCLSRC, DKOFF2, DKWIDTH, DKOFFSET, DKNULL of `dark_rate_change`; of amplifiers,
        with their letters. Without a changed pixel the table has no rows, and all columns.

        A pixel saturated in every frame of one epoch has a lower limit there, and no error; it is listed where that
        limit is above the rate of the other epoch significantly, and by more than the tolerance. A pixel without data
        in one epoch, or masked by the user, is not compared.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        See `dark_rate_change`; ValueError also if an option is out of range.

    Warns
    -----
    BiasWarning, NoiseWarning, NoUsablePixelWarning, TemperatureWarning
        See `dark_rate_change`.

    See Also
    --------
    dark_rate_change : The test, of every pixel.
    hot_pixel_mask : Which pixels are hot, and which must not be used.

    Notes
    -----
    A pixel is listed on two conditions. The change is beyond the deviate that ``false_positives / n`` of normal ones
    exceed, both sides together, with n the number of pixels compared (with ``fdr``, that of Benjamini and Hochberg
    1995). And it is larger than ``tolerance`` times the mean of both rates. After a change of temperature hot pixels do
    not follow one factor, as their activation energies differ: the scatter of their own factors (DKSCLSPR, found from
    the rates) then counts as noise of a change, in proportion to a pixel's rate above the typical one.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy import units as u
    >>> from ccdproc_darks import changed_pixels, dark_rate, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=5 * u.electron, bias=1000 * u.adu,
    ...               hot_fraction=0.01, hot_rate=5 * u.electron / u.s)
    >>> nights = [[simulate_dark((100, 100), exposure=100 * u.s, rng=seed, **camera) for seed in seeds]
    ...           for seeds in (range(5), range(5, 10))]
    >>> for dark in nights[1]:
    ...     dark.data[20, 30] += 2000
    >>> changes = changed_pixels(*(dark_rate(darks, bias=1000 * u.adu) for darks in nights))
    >>> print(*changes["x", "y", "change"][0])
    30 20 born
    """
    execution = Execution(executor, mem_limit)
    control = FalsePositiveControl(false_positives, fdr)
    tolerance = checked_number("tolerance", tolerance, maximum=1e6)
    above = None if threshold is None else checked_quantity("threshold", threshold, ELECTRON_PER_SECOND)
    checked_choice("scale", scale, SCALES)
    checked_choice("offset", offset, SCALES)
    checked_choice("null", null, NULLS)
    checked_map(read_noise)
    # Once: what is converted is told.
    before, after = numpy_images((before, after), ("before", "after"))
    sections = amplifiers_of_rates((before, after), ("before", "after"))
    if sections is not None:
        options: dict[str, Any] = {
            "fdr": fdr, "tolerance": tolerance, "threshold": threshold, "scale": scale, "offset": offset, "null": null,
            "check_headers": check_headers, "mem_limit": mem_limit, "executor": executor,
        }  # fmt: skip
        return _of_amplifiers(sections, before, after, read_noise, control, options)
    epochs = TwoEpochs.of(before, after, scale=scale, offset=offset, check_headers=check_headers, read_noise=read_noise)
    control.check(before.shape[0] * before.shape[1])
    found = change_of_epochs(epochs, before, "significance", offset, null, execution)
    shift = found.meta["DKOFF2"] / epochs.infos[1].longest
    limits = _saturated(epochs, shift)
    number = int(np.count_nonzero(~found.mask)) + limits.places.size
    critical = control.critical(number, 2) if fdr is None else control.least
    with np.errstate(invalid="ignore"):
        places = np.flatnonzero(np.abs(found.data) > critical)
    deviates = _with_spread(epochs, shift, places, found.data.ravel()[places].astype(float))
    places, deviates = np.append(places, limits.places), np.append(deviates, limits.deviates)
    if fdr is not None:
        size = np.abs(deviates)
        critical = control.critical(number, 2, size[size > control.least])
    if above is None:
        of_before, of_after = map(_threshold_of, (before, after))
        above = max(of_before, (of_after - shift) / epochs.scale.factor)
    table = _table(before.shape, places, deviates, _values(epochs, shift, places), critical, tolerance, above)
    numbers = {
        "DKNCOMP": number,
        "DKFALSE": None if fdr is not None else float(control.false_positives),
        "DKFDR": fdr,
        "DKTOLER": tolerance,
        "DKSIGMA": critical if np.isfinite(critical) else None,
        "DKTHRESH": above,
        **{key: found.meta.get(key) for key in _OF_COMPARISON},
    }
    table.meta = _counts(table) | {key: value for key, value in numbers.items() if value is not None}
    return table


class _Limits:
    """Pixels that are saturated in one epoch and not in the other: places, and deviates of the limit from the rate."""

    def __init__(self, places, deviates):
        self.places, self.deviates = places, deviates


def _saturated(epochs, shift):
    places = []
    for block in epochs.measured.blocks():
        _, _, usable, lower_limits = epochs.measured.values(block)
        one = (usable[0] & np.isfinite(lower_limits[1])) | (usable[1] & np.isfinite(lower_limits[0]))
        places.append(np.flatnonzero(one) + block.start * one.shape[1])
    places = np.concatenate(places)
    values = _values(epochs, shift, places)
    later = np.isnan(values["after_error"])
    limit = np.where(later, values["after"], values["before"])
    rate = np.where(later, values["before"], values["after"])
    error = np.where(later, values["before_error"], values["after_error"])
    earlier, other = epochs.infos
    total = np.where(later, earlier.total, other.total * epochs.scale.factor)
    # Noise of the rate, were it as high as the limit.
    variance = error**2 + (np.maximum(limit, 0) - np.maximum(rate, 0)) / total
    with np.errstate(invalid="ignore"):
        deviate = np.maximum(limit - rate, 0) / np.sqrt(np.maximum(variance, error**2))
    return _Limits(places, np.where(later, deviate, -deviate))


def _values(epochs, shift, places):
    """Rates and their standard deviations (electron/s) of some pixels, on the scale of the earlier epoch, by name."""
    rates, variances, usable, _ = epochs.values(places)
    errors = np.where(usable, np.sqrt(variances), np.nan)
    factor = epochs.scale.factor
    return dict(zip(_RATES, (rates[0], errors[0], (rates[1] - shift) / factor, errors[1] / factor), strict=True))


def _with_spread(epochs, shift, places, deviates):
    """Deviates of some pixels whose own factors spread about the common one."""
    spread = epochs.scale.spread
    if not spread or not places.size:
        return deviates
    values = _values(epochs, shift, places)
    own = spread * np.abs((values["before"] + values["after"]) / 2 - epochs.scale.level)
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = (values["after"] - values["before"]) / deviates
        return np.where(own > 0, deviates / np.sqrt(1 + np.square(own / noise)), deviates)


def _table(shape, places, deviates, values, critical, tolerance, threshold):
    """Table of the pixels whose change is significant and larger than the tolerance."""
    before, after, size = values["before"], values["after"], np.abs(deviates)
    changed = np.flatnonzero(
        (size > critical) & (np.abs(after - before) > tolerance * np.maximum((before + after) / 2, 0))
    )
    changed = changed[np.argsort(-size[changed], kind="stable")]
    rows, columns = np.unravel_index(places[changed], shape)
    was, is_now = before[changed] > threshold, after[changed] > threshold
    change = np.where(deviates[changed] > 0, "higher", "lower").astype("<U6")
    change[~was & is_now], change[was & ~is_now] = "born", "healed"
    table = _Changes(
        {
            "x": columns.astype(int),
            "y": rows.astype(int),
            **{name: values[name][changed] * ELECTRON_PER_SECOND for name in _RATES},
            "significance": deviates[changed],
            "change": change,
        }
    )
    for name, text in _DESCRIPTIONS.items():
        table[name].info.description = text
    return table


def _counts(table):
    saturated = np.isnan(table["before_error"]) | np.isnan(table["after_error"])
    kinds = {f"N{kind.upper()}": int(np.count_nonzero(table["change"] == kind)) for kind in KINDS}
    return {"NCHANGED": len(table), **kinds, "NSATUR": int(np.count_nonzero(saturated))}


def _threshold_of(rate):
    """Rate (electron/s) above which pixels of a rate are hot, as `hot_pixel_mask` sets it."""
    images = RateImages((rate,), check_headers=False)
    samples = [(block, pixel_rates(images, None, block)) for block in sample_blocks(images.shape, TYPICAL_PIXELS)]
    number = sum(int(np.count_nonzero(image.usable(block))) for image in images for block in images.blocks())
    hot = HotPixelTest(None, None, samples, images)
    hot.set_threshold(FalsePositiveControl(), number)
    return float(hot.entries()["DKTHRESH"][0])


def _of_amplifiers(sections, before, after, read_noise, control, options):
    """Table of the changed pixels of all amplifiers, each with its share of the false positives."""
    tables = []
    for number, section in enumerate(sections.sections):
        if control.fdr is None:
            options["false_positives"] = control.false_positives * sections.share(number)
        parts = (sections.part(image, number) for image in (before, after))
        table = changed_pixels(*parts, read_noise=sections.part(read_noise, number), **options)
        rows, columns = section.slices
        table["x"] += columns.start
        table["y"] += rows.start
        tables.append(table)
    metas = [table.meta for table in tables]
    joined = vstack(tables, metadata_conflicts="silent")
    joined = joined[np.argsort(-np.abs(joined["significance"]), kind="stable")]
    joined.meta = {}
    for key in dict.fromkeys(key for meta in metas for key in meta):
        told = [meta.get(key) for meta in metas]
        if key in _COUNTS:
            joined.meta[key] = sum(value for value in told if value is not None)
        elif all(value == told[0] for value in told):
            joined.meta[key] = told[0]
        else:
            joined.meta |= {
                f"{key[:7]}{letter}": value
                for letter, value in zip(sections.letters, told, strict=True)
                if value is not None
            }
    return joined
