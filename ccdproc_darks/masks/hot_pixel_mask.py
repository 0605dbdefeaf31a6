# Licensed under a 3-clause BSD style license - see LICENSE
"""Flags and mask: which pixels are hot, which are not proportional to exposure time, which must not be used."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.workers import Execution, fill_images
from .._interface.arguments import (
    ELECTRON_PER_SECOND,
    checked_choice,
    checked_number,
    checked_quantity,
    numpy_images,
)
from .._interface.flags import DARK_FLAGS
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header, set_keys
from .._interface.warnings import NoUsablePixelWarning, warn
from ..comparison.compare_dark_rates import NULLS, checked_map, checked_offset, comparison_entries
from ..comparison.comparer import RateComparer
from ..comparison.dark_scatter import ScatterImages
from ..comparison.false_positives import FalsePositiveControl
from ..comparison.proportionality_limit import ProportionalityLimit
from ..rates.amplifiers import amplifiers_of_rates
from ..rates.rate_images import RateImages
from .background import checked_background, local_background
from .best_rates import best_rates
from .flagging import COUNTED, UNTESTED, FlagJob, masked_flags
from .hot_pixels import HotPixelTest
from .noisy_pixels import NoisyPixels
from .other_bad_pixels import OtherBadPixels
from .thresholds import set_thresholds, typical_samples

__all__ = ["hot_pixel_mask"]


def hot_pixel_mask(
    *rates: CCDData,
    threshold: u.Quantity | None = None,
    background: Literal["local"] | CCDData | u.Quantity | None = None,
    read_noise: CCDData | None = None,
    scatter: CCDData | Sequence[CCDData] | None = None,
    false_positives: float = 1.0,
    fdr: float | None = None,
    tolerance: float = 0.1,
    limit: ProportionalityLimit | u.Quantity | None = None,
    mask: str | Sequence[str] | None = None,
    offset: Literal["common", "pixel"] | None = "common",
    null: Literal["theoretical", "empirical"] = "theoretical",
    lines: bool = True,
    grow: int | None = None,
    check_headers: bool = True,
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """Flag hot pixels and pixels not proportional to exposure time, and mask the pixels that must not be used.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `dark_rate`, shape (rows, columns): one, or two and more of one exposure time each, all different.
    threshold : `~astropy.units.Quantity`, optional
        Dark rate (electron/s) above which a pixel is :term:`hot`; with ``background``, the rate above that. None: set
        so that ``false_positives`` :term:`typical pixels <typical pixel>` exceed it, by their noise and by how much
        their rates differ.
    background : None, "local", `~astropy.nddata.CCDData` or `~astropy.units.Quantity`
        Dark rate (electron/s) of each pixel's surroundings, such as the glow of an amplifier. A pixel that exceeds it
        by the threshold is HOT; one that exceeds the threshold only together with it is WARM. ``"local"`` takes it from
        the rates themselves (`photutils.background.Background2D`, boxes of 16 pixels). Where a glow is steep, some tens
        of good pixels too many are then HOT, which an image of the glow avoids.
    read_noise : `~astropy.nddata.CCDData`, optional
        Read noise of each pixel (electron) with which the rates are compared: a result of `read_noise_map`, or an image
        of your own. None: what the rates were measured with.
    scatter : `~astropy.nddata.CCDData` or sequence of these, optional
        Results of `dark_scatter`, from which TELEGRAPH pixels are flagged.
    false_positives : float
        Expected number of good pixels in the image that are flagged HOT (where ``threshold`` is None); the same for
        NONLINEAR, for TELEGRAPH, and for all pixels of good columns and rows that are flagged OTHER_BAD_PIXEL.
    fdr : float, optional
        :term:`False discovery rate`, in place of ``false_positives``: expected fraction of good pixels among those
        flagged HOT; the same for NONLINEAR and for TELEGRAPH, and of good lines among bad columns and rows.
    tolerance : float
        Smallest departure from proportionality worth flagging, as a fraction of the pixel's rate.
    limit : `~ccdproc_darks.ProportionalityLimit` or `~astropy.units.Quantity`, optional
        Dark rate (electron/s) above which all pixels are NONLINEAR, as typical pixels of that rate are: a result of
        `proportionality_limit` (one that found none changes nothing), or a rate of your own.
    mask : str or sequence of str, optional
        Names of the flags whose pixels are masked, such as ``"HOT"`` or ``("NONLINEAR", "TELEGRAPH", "HOT")``: any of
        `DARK_FLAGS` but DO_NOT_USE. Pixels without a usable sample are masked besides. None: NONLINEAR, TELEGRAPH,
        SATURATED and OTHER_BAD_PIXEL; with a single rate HOT, TELEGRAPH and OTHER_BAD_PIXEL.
    offset : {"common", None, "pixel"}
        See `compare_dark_rates`.
    null : {"theoretical", "empirical"}
        See `compare_dark_rates`.
    lines : bool
        Whether bad columns and rows are looked for: more of their pixels are bad, or their pixels are higher or lower,
        than chance allows. See Notes.
    grow : int, optional
        Number of masked pixels of a cluster from which on its neighbours are masked too: pixels that touch it, at a
        side or at a corner. 1 is all clusters and single pixels; None: no cluster grows.
    check_headers : bool
        See `compare_dark_rates`; also of ``background`` and ``scatter``.
    mem_limit, executor
        See `dark_rate`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKMASK where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        ``data``, and ``flags``, is a uint32 bit field of shape (rows, columns), without unit, named in `DARK_FLAGS`:

        * HOT: the rate, the best estimate from all unsaturated exposures, is above the threshold; where every exposure
          is saturated, its lower limit is.
        * WARM (with ``background``): above the threshold, but not by the threshold above its surroundings.
        * NONLINEAR (two rates or more): not proportional to exposure time, significantly and by more than the
          tolerance; or above ``limit``.
        * TELEGRAPH (with ``scatter``): equal frames scatter more than the noise allows, not in one frame only: the dark
          current switches. With ``scatter`` of two exposure times or more, of which one is three times as long as
          another, the scatter must grow with exposure.
        * SATURATED (two rates or more): every frame of at least one exposure time is saturated.
        * UNRELIABLE_DARK (two rates or more): HOT, and a departure as large as the tolerance would be found in less
          than 50 % of such pixels. Not to be NONLINEAR means nothing for these.
        * UNRELIABLE_ERROR (with a read noise of each pixel, or ``scatter`` of two exposure times): the read noise is
          above what the sensor's pixels have; or equal frames scatter too much, and no more where exposures are long.
        * OTHER_BAD_PIXEL: in a bad column or row (with ``lines``), or next to a cluster of bad pixels (with ``grow``),
          and not masked for another reason.
        * DO_NOT_USE: exactly where ``mask`` is True.

        ``mask`` is True where a pixel must not be used, if you choose no other flags: NONLINEAR, TELEGRAPH, SATURATED,
        OTHER_BAD_PIXEL, or without a usable sample in one of the rates; and with a single rate HOT, as nothing shows
        that it is proportional. A hot pixel that is proportional is *not* masked: a scaled dark corrects it. Nor is one
        that is UNRELIABLE_DARK, see Notes. Without SATURATED among the flags that you choose, a pixel that saturates in
        one of the rates is not masked for that, as long as it has a sample in another.
        ``meta`` has DKTHRESH (threshold for a typical pixel, electron/s), DKTYPIC (rate of the typical pixel), DKTYPERR
        (its standard error), DKHOTWID (scatter of good pixels over their noise), DKSIGMA (deviate beyond which a pixel
        is NONLINEAR), DKLIMIT, DKFALSE or DKFDR, DKTOLER, DKOFFSET, DKOFF1..., DKNULL, DKWIDTH, DKMASKBY (bits of the
        flags that you chose), and the number of pixels flagged: NHOT, NWARM, NNONLIN, NTELEGR, NSATUR, NUNRELI, NNOISY,
        NOTHER, NMASKED. NNOTEST is the number of pixels that are not HOT, and too noisy to be tested as well. NCOLUMN
        and NROW are the numbers of bad columns and rows; DKCOLS and DKROWS say which, from 0: ``198 (from 458)``.

    Raises
    ------
    TypeError
        If a rate or ``read_noise`` is not CCDData, or ``threshold`` has no unit.
    astropy.units.UnitsError
        If a unit is wrong.
    ValueError
        If rates do not fit together or lack an uncertainty that is needed, or an option is out of range.
    ImportError
        If ``background="local"`` and photutils is not installed.

    Warns
    -----
    NoUsablePixelWarning
        If all pixels are masked.
    BiasWarning, NoiseWarning, TemperatureWarning
        See `compare_dark_rates`.

    See Also
    --------
    dark_scatter : Finds telegraph pixels in equal frames.
    proportionality_limit : Finds the rate above which pixels are not proportional.
    ccdproc_darks.planning : How many frames are needed, and of what exposure time.
    ccdproc.ccdmask : Finds pixels of bad *response* in flats.
    ccdproc.bitfield_to_boolean_mask : Makes a mask of chosen flags.

    Notes
    -----
    A pixel below ``limit`` is NONLINEAR on two conditions. The significance (see `compare_dark_rates`) is beyond the
    deviate that ``false_positives / n`` of normal ones exceed, both sides together, with n the number of pixels
    compared; with ``fdr`` it is the deviate of Benjamini and Hochberg (1995). And the departure, of the exposure that
    is furthest, in sigmas, from what the others predict, is more than ``tolerance`` times the rate. A pixel cannot be
    tested where a departure of ``tolerance`` times the rate, in the exposure that would show it best, gives a
    non-central chi-square whose median is below the critical value (50 % power).

    A hot pixel that could not be tested is not masked. Most hot pixels of a cold sensor are little above the threshold,
    too faint for a test: 85 % of those that ten darks of 30 s and one of 300 s of an SBIG STL-1001 show, 97 % in a
    simulated Aspen CG16M with the darks of the CCD guide. To mask them would mask nearly all hot pixels, and more of
    them the better the darks are. And they can do little harm: chi-square is the sum of squares, so that what the test
    did not see is at no exposure time much more than DKSIGMA times the noise of the mean of its darks. Of ten darks
    that is less than two times the noise of one frame. Where it is too much, mask these pixels too (see Examples).

    A column is bad where it has more HOT, NONLINEAR (or SATURATED), or TELEGRAPH pixels than the 24 columns on either
    side allow: at least twice as many, and one in a hundred of its own. Clusters along it count once; the law is a
    negative binomial one, with the overdispersion of the sensor's columns. Or where its pixels are higher, or lower, by
    half of their noise at least, all together, than the 11 columns on either side, and further than columns of this
    sensor are. It must differ from *both* sides: a gradient, a glow and a step between amplifiers are no bad columns. A
    column is bad as a whole, from a row on, or up to a row, whichever is the most likely. Rows are tested in the same
    way, and each amplifier has lines of its own. In images of less than 64 pixels on a side there are no tests.

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

    `ccdproc.bitfield_to_boolean_mask` makes a mask of flags of your choice. By default it is True in every pixel that
    has any flag, hot pixels that are proportional included; with ``ignore_bits="~1"`` it is ``mask``:

    >>> from ccdproc import bitfield_to_boolean_mask
    >>> print(bitfield_to_boolean_mask(hot).sum(), bitfield_to_boolean_mask(hot, ignore_bits="~1").sum())
    25 25
    >>> print(bitfield_to_boolean_mask(hot, ignore_bits=f"~{DARK_FLAGS.HOT}").sum())
    25

    Two exposure times show that hot pixels are proportional, but of those that are too faint for a test:

    >>> short = [simulate_dark((50, 50), exposure=20 * u.s, rng=seed, **camera) for seed in range(40, 45)]
    >>> hot = hot_pixel_mask(*(dark_rate(frames, bias=1000 * u.adu) for frames in (short, darks)))
    >>> print(hot.meta["NHOT"], hot.meta["NUNRELI"], hot.meta["NMASKED"])
    26 26 0
    >>> careful = hot.mask | bitfield_to_boolean_mask(hot, ignore_bits=f"~{DARK_FLAGS.UNRELIABLE_DARK}")
    >>> print(careful.sum())
    26

    ``mask=`` chooses beforehand, here all hot pixels:

    >>> rates = [dark_rate(frames, bias=1000 * u.adu) for frames in (short, darks)]
    >>> print(hot_pixel_mask(*rates, mask=["HOT", "NONLINEAR", "TELEGRAPH", "SATURATED"]).mask.sum())
    26
    """
    execution = Execution(executor, mem_limit)
    checked_log_entry(add_keyword)
    control = FalsePositiveControl(false_positives, fdr)
    tolerance = checked_number("tolerance", tolerance, maximum=1e6)
    above = None if threshold is None else checked_quantity("threshold", threshold, ELECTRON_PER_SECOND)
    rate_limit = _checked_rate_limit(limit)
    checked_choice("null", null, NULLS)
    checked_map(read_noise)
    masked = masked_flags(mask, len(rates) > 1)
    others = OtherBadPixels(lines, grow, control, bool(masked & DARK_FLAGS.OTHER_BAD_PIXEL))
    arguments = {
        "rates": rates, "threshold": threshold, "background": background, "read_noise": read_noise,
        "scatter": scatter, "false_positives": false_positives, "fdr": fdr, "tolerance": tolerance, "limit": limit,
        "mask": mask, "offset": offset, "null": null, "lines": lines, "grow": grow, "check_headers": check_headers,
    }  # fmt: skip
    # Once: what is converted is told.
    rates = tuple(numpy_images(rates, [f"rates[{number}]" for number in range(len(rates))]))
    sections = amplifiers_of_rates(rates)
    if sections is not None:
        # Columns and rows are looked for in the whole image, where their numbers are known.
        work = {"mem_limit": mem_limit, "executor": executor, "lines": False, "grow": None}
        result = sections.joined(
            lambda number: _mask_of_amplifier(sections, number, arguments | work), wcs=rates[0].wcs,
            fill=int(DARK_FLAGS.DO_NOT_USE),
        )  # fmt: skip
        result.meta["NMASKED"] = int(np.count_nonzero(result.mask))
        set_keys(result.meta, others.flag(result.data, result.mask, rates, sections))
        return logged(result, "DKMASK", "hot_pixel_mask", arguments, add_keyword)
    images = RateImages(rates, check_headers=check_headers, read_noise=read_noise)
    control.check(images.shape[0] * images.shape[1])
    surroundings = checked_background(background, images.shape)
    telegraph = ScatterImages(scatter, images.shape)
    if check_headers:
        headers = {"background": background.meta} if isinstance(background, CCDData) else {}
        images.check_one_sensor(headers | telegraph.headers)
    several = len(images) > 1
    comparer = None
    if several:
        checked_offset(offset, images)
        comparer = RateComparer(images, offset, null)
    elif above is None and rates[0].uncertainty is None:
        raise ValueError("threshold is needed for a rate without an uncertainty, as a Quantity in electron / s")

    if isinstance(surroundings, str):
        surroundings = local_background(best_rates(images, comparer, execution))
    samples = typical_samples(images, comparer, surroundings) if above is None else ()
    hot_pixels = HotPixelTest(above, surroundings, samples, images)
    compared, critical = set_thresholds(control, images, comparer, hot_pixels, execution)
    critical_scatter = telegraph.critical(control)
    if len(telegraph) > 1:
        *_, longest = images
        telegraph.find_unstable(critical_scatter, longest.data * longest.factor, images.noise)
    job = FlagJob(
        images, comparer, hot_pixels, telegraph, critical, control.planned(compared, 2, critical), critical_scatter,
        tolerance, rate_limit,
        None if images.noise is None else NoisyPixels(images.noise, control), masked,
    )  # fmt: skip
    flags, bad = np.zeros(images.shape, dtype=np.uint32), np.zeros(images.shape, dtype=bool)
    number = dict(zip((*COUNTED, UNTESTED), fill_images(job, [flags, bad], execution).tolist(), strict=True))
    if bad.all():
        found = ", ".join(f"{number[name]} are {name}" for name in ("NONLINEAR", "TELEGRAPH", "SATURATED", "HOT"))
        warn(f"all pixels are masked: {found}; {images.usable_pixels()}", NoUsablePixelWarning)
    noisy_are_found = images.noise is not None or len(telegraph) > 1
    entries = {
        **(comparison_entries(images, offset, comparer.offsets, null, comparer.width) if comparer else {}),
        **hot_pixels.entries(),
        "DKSIGMA": (critical if several and np.isfinite(critical) else None, "deviate beyond which NONLINEAR"),
        "DKLIMIT": (rate_limit if np.isfinite(rate_limit) else None, "[electron/s] NONLINEAR above this"),
        "DKFALSE": (None if fdr is not None else control.false_positives, "false positives expected in an image"),
        "DKFDR": (control.fdr, "false discovery rate"),
        "DKTOLER": (tolerance, "smallest departure worth flagging"),
        "DKMASKBY": (None if mask is None else masked, "bits of the flags that are masked"),
        "NHOT": (number["HOT"], "pixels flagged HOT"),
        "NWARM": (None if background is None else number["WARM"], "pixels flagged WARM"),
        "NNONLIN": (number["NONLINEAR"], "pixels flagged NONLINEAR"),
        "NTELEGR": (number["TELEGRAPH"] if len(telegraph) else None, "pixels flagged TELEGRAPH"),
        "NSATUR": (number["SATURATED"], "pixels flagged SATURATED"),
        "NUNRELI": (number["UNRELIABLE_DARK"], "pixels flagged UNRELIABLE_DARK"),
        "NNOTEST": (number[UNTESTED] if several else None, "pixels not HOT that could not be tested"),
        "NNOISY": (number["UNRELIABLE_ERROR"] if noisy_are_found else None, "pixels flagged UNRELIABLE_ERROR"),
        "NMASKED": (number["DO_NOT_USE"], "pixels that must not be used"),
        **others.flag(flags, bad, rates),
    }
    header = safe_header(images.meta, entries)
    result = result_image(flags, u.dimensionless_unscaled, header, mask=bad, wcs=images.wcs)
    return logged(result, "DKMASK", "hot_pixel_mask", arguments, add_keyword)


def _mask_of_amplifier(sections, number, arguments):
    """Result of `hot_pixel_mask` for one amplifier, which gets its share of the false positives."""
    options = dict(arguments)
    rates, scatter = options.pop("rates"), options.pop("scatter")
    if scatter is not None:
        scatter = [
            sections.part(image, number) for image in (scatter if isinstance(scatter, list | tuple) else [scatter])
        ]
    for name in ("background", "read_noise"):
        if isinstance(options[name], CCDData | u.Quantity):
            options[name] = sections.part(options[name], number)
    if options["fdr"] is None:
        options["false_positives"] *= sections.share(number)
    return hot_pixel_mask(
        *(sections.part(rate, number) for rate in rates), scatter=scatter, add_keyword=None, **options
    )


def _checked_rate_limit(limit):
    """Rate (electron/s) above which all pixels are NONLINEAR; infinite where there is none."""
    if limit is None:
        return np.inf
    if isinstance(limit, ProportionalityLimit):
        rate = limit.limit.to_value(ELECTRON_PER_SECOND)
        return float(rate) if np.isfinite(rate) else np.inf
    return checked_quantity("limit", limit, ELECTRON_PER_SECOND)
