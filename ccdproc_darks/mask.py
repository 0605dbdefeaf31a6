# Licensed under a 3-clause BSD style license - see LICENSE
"""Which pixels are hot, which are not proportional to exposure time, and which must not be used."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from scipy.special import chdtri, ndtr

from .arguments import ELECTRON_PER_SECOND, checked_number, checked_quantity
from .blocks import row_blocks, sample_blocks
from .comparison import checked_offset, compare_rows, comparison_entries
from .fit import rate_variance
from .flags import DARK_FLAGS
from .offset import common_offsets
from .rate_stack import RateStack
from .results import logged, result_image, safe_header, set_keys
from .significance import critical_deviate
from .threshold import typical_pixel

__all__ = ["hot_pixel_mask"]

# Enough to know the scatter of good pixels to 0.3 %.
_TYPICAL_PIXELS = 2**18


def hot_pixel_mask(*rates, threshold=None, false_positives=1.0, tolerance=0.1, offset="common", add_keyword=True):
    """
    Flag hot pixels and pixels whose dark signal is not proportional to exposure time, and mask what must not be used.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `dark_rate`, shape (rows, columns): one, or two and more of one exposure time each, all different.
    threshold : `~astropy.units.Quantity`, optional
        Dark rate (electron/s) above which a pixel is hot. None: as far above the typical pixel as its noise, and the
        scatter of good pixels, put ``false_positives`` good pixels of the image.
    false_positives : float
        Good pixels, expected per image, that may be called hot (where ``threshold`` is None), and as many that may be
        called not proportional.
    tolerance : float
        Smallest departure from proportionality worth flagging, as a fraction of the pixel's rate.
    offset : {"common", None, "pixel"}
        As of `compare_dark_rates`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKMASK where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        ``data`` is a uint32 bit field of shape (rows, columns), without unit; the names are in `DARK_FLAGS`:

        * HOT: the rate, the best estimate from all unsaturated exposures, is above the threshold; or its lower limit,
          where every exposure is saturated.
        * NONLINEAR (two rates or more): not proportional to exposure time, significantly and by more than the
          tolerance.
        * SATURATED (two rates or more): every frame of at least one exposure time is saturated.
        * UNRELIABLE_DARK (two rates or more): a departure as large as the tolerance could not have been seen with
          a power of 50 %. "Not flagged NONLINEAR" says nothing of these pixels.
        * DO_NOT_USE: exactly where ``mask`` is True.

        ``mask`` is True where a pixel must not be used: NONLINEAR, SATURATED, no usable sample in one of the rates, or
        HOT without two exposure times that show that it is proportional. A hot pixel that is proportional is *not*
        masked: a scaled dark removes it. ``meta`` has DKTHRESH (threshold for a typical pixel, electron/s), DKTYPIC
        (rate of the typical pixel), DKHOTWID (scatter of good pixels over their noise), DKSIGMA (deviate beyond which
        a pixel is NONLINEAR), DKFALSE, DKTOLER, DKOFFSET, DKOFF1..., and the number of pixels flagged: NHOT, NNONLIN,
        NSATUR, NUNRELI, NMASKED.

    Raises
    ------
    TypeError
        If a rate is not CCDData, or ``threshold`` has no unit.
    astropy.units.UnitsError
        If a unit is wrong.
    ValueError
        If rates do not fit together or lack an uncertainty that is needed, or an option is out of range.

    See Also
    --------
    ccdproc.ccdmask : Finds pixels of bad *response* in flats.
    ccdproc.bitfield_to_boolean_mask : Makes a mask of chosen flags.

    Notes
    -----
    With n pixels compared, NONLINEAR needs a significance (see `compare_dark_rates`) beyond the deviate that
    ``false_positives / n`` of normal ones exceed, both sides together; and a departure (of that exposure which is
    furthest, in sigmas, from what the others foretell) of more than ``tolerance`` times the rate. UNRELIABLE_DARK is
    where a departure of ``tolerance`` times the rate, in the exposure that would show it best, gives the test a
    non-centrality below the critical value's (the median of a non-central chi-square; 50 % power).

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import DARK_FLAGS, dark_rate, hot_pixel_mask, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=1000 * u.adu,
    ...               hot_fraction=0.01, hot_rate=5 * u.electron / u.s)
    >>> darks = [simulate_dark((50, 50), exposure=100 * u.s, rng=seed, **camera) for seed in range(25, 30)]
    >>> hot = hot_pixel_mask(dark_rate(darks, bias=1000 * u.adu))
    >>> print(hot.mask.sum(), hot.meta["NHOT"])
    25 25

    Flags of one's own choice make a mask by `ccdproc.bitfield_to_boolean_mask`:

    >>> from ccdproc import bitfield_to_boolean_mask
    >>> print(bitfield_to_boolean_mask(hot, ignore_bits=f"~{DARK_FLAGS.HOT}").sum())
    25
    """
    false_positives = checked_number("false_positives", false_positives)
    tolerance = checked_number("tolerance", tolerance, maximum=1e6)
    limit = None if threshold is None else checked_quantity("threshold", threshold, ELECTRON_PER_SECOND)
    stack = RateStack(rates)
    several = len(stack) > 1
    if several:
        checked_offset(offset, stack)
    offsets = common_offsets(stack, offset == "pixel") if several and offset is not None else np.zeros(len(stack))

    def measure(block):
        if several:
            return _measure_several(stack, block, offsets, offset == "pixel")
        return _measure_one(stack, block)

    compared, with_rate = _countable(stack)
    typical, hot_deviate = None, None
    if limit is None:
        if not several and rates[0].uncertainty is None:
            raise ValueError("threshold is needed for a rate without an uncertainty, as a Quantity in electron / s")
        samples = [measure(block) for block in sample_blocks(stack.shape, len(stack), _TYPICAL_PIXELS)]
        typical = _typical(samples)
        hot_deviate = critical_deviate(min(false_positives / max(with_rate, 1), 0.5))
        limit = _nominal_threshold(typical, hot_deviate, samples)
    critical = critical_deviate(min(false_positives / max(compared, 1), 1.0) / 2)

    flags = np.zeros(stack.shape, dtype=np.uint32)
    for block in row_blocks(stack.shape, len(stack)):
        flags[block] = _flag_rows(measure(block), limit, typical, hot_deviate, critical, tolerance)

    mask = (flags & DARK_FLAGS.DO_NOT_USE) != 0

    def number(flag):
        return int(np.count_nonzero(flags & flag))

    entries = {
        **(comparison_entries(stack, offset, offsets) if several else {}),
        "DKTHRESH": (float(limit), "[electron/s] a pixel above this is hot"),
        "DKTYPIC": (None if typical is None else typical.rate, "[electron/s] rate of a typical pixel"),
        "DKHOTWID": (None if typical is None else typical.width, "scatter of good pixels over their noise"),
        "DKSIGMA": (critical if several else None, "deviate beyond which NONLINEAR"),
        "DKFALSE": (false_positives, "false positives expected in an image"),
        "DKTOLER": (tolerance, "smallest departure worth flagging"),
        "NHOT": (number(DARK_FLAGS.HOT), "pixels flagged HOT"),
        "NNONLIN": (number(DARK_FLAGS.NONLINEAR), "pixels flagged NONLINEAR"),
        "NSATUR": (number(DARK_FLAGS.SATURATED), "pixels flagged SATURATED"),
        "NUNRELI": (number(DARK_FLAGS.UNRELIABLE_DARK), "pixels flagged UNRELIABLE_DARK"),
        "NMASKED": (int(mask.sum()), "pixels that must not be used"),
    }
    header = set_keys(safe_header(stack.meta), entries)
    result = result_image(flags, u.dimensionless_unscaled, header, mask=mask, wcs=stack.wcs)
    arguments = {
        "rates": rates, "threshold": threshold, "false_positives": false_positives, "tolerance": tolerance,
        "offset": offset,
    }  # fmt: skip
    return logged(result, "DKMASK", "hot_pixel_mask", arguments, add_keyword)


@dataclass
class _Measured:
    """What the flags of some rows are made from.

    Attributes
    ----------
    rate : `numpy.ndarray`
        Best estimate of the rate (electron/s); NaN where there is none.
    variance_at : callable
        Its variance, were the pixel's rate the one given.
    exposure : `numpy.ndarray`
        Total exposure behind it (s).
    limit : `numpy.ndarray`
        Lower limit of the rate where saturated, else NaN.
    unusable : `numpy.ndarray` of bool
        Pixels that lack a usable sample in one of the rates, for whatever reason.
    comparison : Comparison or None
        Of two rates or more.
    """

    rate: np.ndarray
    variance_at: object
    exposure: np.ndarray
    limit: np.ndarray
    unusable: np.ndarray
    comparison: object = None


def _measure_one(stack, block):
    rate, variance, usable, limit = (plane[0] for plane in stack.values(block))
    info = stack.infos[0]
    rate = np.where(usable, rate, np.nan)
    exposure = np.full(rate.shape, info.total)
    # u^2(d0) = u^2 + (d0 - max(d, 0)) / T moves a variance to another rate.
    constant = np.maximum(variance - np.maximum(rate, 0) / info.total, 0)
    return _Measured(rate, lambda at: constant + np.maximum(at, 0) / info.total, exposure, limit, ~usable)


def _measure_several(stack, block, offsets, free_offset):
    rows = stack.rows(block)
    comparison = compare_rows(rows, stack.seconds, stack.shared, offsets, free_offset)
    exposure = (rows.usable * rows.frames * stack.seconds[:, None, None]).sum(axis=0)

    def variance_at(rate):
        return rate_variance(
            rate, stack.seconds, rows.frames, rows.read_variance, rows.usable,
            shared=stack.shared, free_offset=free_offset,
        )  # fmt: skip

    limits = np.where(np.isnan(rows.limit), -np.inf, rows.limit).max(axis=0)
    limit = np.where(np.isfinite(limits), limits, np.nan)
    return _Measured(comparison.fit.rate, variance_at, exposure, limit, ~rows.usable.all(axis=0), comparison)


def _countable(stack):
    """Number of pixels that can be compared, and of those that have a rate."""
    compared = with_rate = 0
    for block in row_blocks(stack.shape, len(stack)):
        usable = stack.values(block)[2].sum(axis=0)
        compared += int(np.count_nonzero(usable > 1))
        with_rate += int(np.count_nonzero(usable > 0))
    return compared, with_rate


def _typical(samples):
    finite = [np.isfinite(sample.rate) for sample in samples]

    def deviation_at(rate):
        return np.sqrt(
            np.concatenate([sample.variance_at(rate)[keep] for sample, keep in zip(samples, finite, strict=True)])
        )

    rates = np.concatenate([sample.rate[keep] for sample, keep in zip(samples, finite, strict=True)])
    return typical_pixel(rates, deviation_at)


def _nominal_threshold(typical, deviate, samples):
    variances, exposures = [], []
    for sample in samples:
        keep = np.isfinite(sample.rate)
        variances.append(sample.variance_at(typical.rate)[keep])
        exposures.append(sample.exposure[keep])
    variances = np.concatenate(variances)
    if variances.size == 0:
        return 0.0
    return typical.threshold(deviate, float(np.median(variances)), float(np.median(np.concatenate(exposures))))


def _flag_rows(measured, limit, typical, hot_deviate, critical, tolerance):
    """Bit field of some rows."""
    with np.errstate(invalid="ignore"):
        if typical is None:
            hot = measured.rate > limit
        else:
            excess = typical.excess(measured.rate, measured.variance_at(typical.rate), measured.exposure)
            hot = excess > hot_deviate
        lower_limit_counts = np.isnan(measured.rate) & (measured.limit > limit)
    hot |= lower_limit_counts
    flags = np.where(hot, np.uint32(DARK_FLAGS.HOT), np.uint32(0))
    comparison = measured.comparison
    if comparison is None:
        do_not_use = hot | measured.unusable
    else:
        saturated = np.isfinite(measured.limit)
        nonlinear, unreliable = _proportionality(comparison, critical, tolerance)
        flags |= np.where(saturated, np.uint32(DARK_FLAGS.SATURATED), np.uint32(0))
        flags |= np.where(nonlinear, np.uint32(DARK_FLAGS.NONLINEAR), np.uint32(0))
        flags |= np.where(unreliable & ~nonlinear, np.uint32(DARK_FLAGS.UNRELIABLE_DARK), np.uint32(0))
        do_not_use = nonlinear | measured.unusable | (hot & ~(comparison.fit.degrees > 0))
    return flags | np.where(do_not_use, np.uint32(DARK_FLAGS.DO_NOT_USE), np.uint32(0))


def _proportionality(comparison, critical, tolerance):
    """Pixels that are not proportional, and those that could not be told."""
    fit = comparison.fit
    with np.errstate(invalid="ignore"):
        worth = tolerance * np.maximum(fit.rate, 0)
        nonlinear = (np.abs(comparison.significance) > critical) & (comparison.departure() > worth)
        # In chi-square: the median of a non-central one is its non-centrality plus its degrees, less about 1.
        departure = worth * comparison.seconds[:, None, None]
        seen = (departure**2 * fit.information).max(axis=0)
        needed = _critical_chi_square(critical, fit.degrees) - fit.degrees + 1
        unreliable = ~(seen >= needed) | ~(fit.rate > 0)
    return nonlinear & (fit.degrees > 0), unreliable


def _critical_chi_square(critical, degrees):
    """Chi-square of the two-sided probability of a deviate, for each number of degrees of freedom."""
    probability = 2 * ndtr(-critical)
    table = np.array([np.inf, *(chdtri(k, probability) for k in range(1, max(int(degrees.max(initial=0)), 1) + 1))])
    return table[np.maximum(degrees, 0)]
