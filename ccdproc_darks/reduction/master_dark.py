# Licensed under a 3-clause BSD style license - see LICENSE
"""The dark of any exposure time, from rates measured at one or several."""

from __future__ import annotations

import re
from concurrent.futures import Executor
from typing import Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import (
    GAIN_UNIT,
    SAME_EXPOSURE,
    checked_choice,
    checked_flag,
    checked_number,
    checked_quantity,
)
from .._interface.flags import DARK_FLAGS
from .._interface.pixel_mask import checked_mask
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header
from .._interface.warnings import MissingInformationWarning, NoUsablePixelWarning, warn
from ..comparison.compare_dark_rates import checked_offset, comparison_entries
from ..comparison.predicted_counts import BAD, OWN, predicted_counts
from ..rates.amplifiers import amplifiers_of_rates
from ..rates.rate_images import RateImages
from ..rates.rate_meta import RateMeta
from ..rates.temperature_groups import TEMPERATURE_SPREAD, temperature_groups
from ..temperature import checked_kelvin
from .between_temperatures import between_temperatures

__all__ = ["master_dark"]

_KELVIN = 273.15
# Keys of a dark of one temperature, which a dark between temperatures has not.
_OF_A_TEMPERATURE = re.compile("NBYRATE|NBYOWN|DKWID(TH|[A-Z])|DKOFF[0-9]+[A-Z]?")
_UNITS = {"adu": u.adu, "electron": u.electron}
# Flags that say nothing of a dark by themselves, or that the rates tell better for one exposure time.
_SETTLED_HERE = DARK_FLAGS.DO_NOT_USE | DARK_FLAGS.NONLINEAR | DARK_FLAGS.SATURATED
_HARMLESS = DARK_FLAGS.HOT | DARK_FLAGS.WARM | DARK_FLAGS.UNRELIABLE_DARK | DARK_FLAGS.UNRELIABLE_ERROR


def master_dark(
    *rates: CCDData,
    exposure: u.Quantity,
    unit: Literal["adu", "electron"] = "adu",
    gain: u.Quantity | None = None,
    temperature: u.Quantity | None = None,
    mask: CCDData | np.ndarray | None = None,
    tolerance: float = 0.1,
    offset: Literal["common", "pixel"] | None = "common",
    check_headers: bool = True,
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """Dark of any exposure time, with its error and its mask, from dark rates measured at others.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `dark_rate`, shape (rows, columns): one, or two and more of one exposure time each, all different.
        They may be of several sensor temperatures (DKTEMP in their meta): see ``temperature``.
    exposure : `~astropy.units.Quantity`
        Exposure time of the dark (s), that of the frames to be reduced.
    unit : {"adu", "electron"}
        Unit of the dark: "adu" for frames that are not gain corrected, "electron" for those that are.
    gain : `~astropy.units.Quantity`, optional
        Gain (electron/adu) by which electrons are divided for "adu". None: that of the rates (DKGAIN).
    temperature : `~astropy.units.Quantity`, optional
        Sensor temperature of the dark (deg_C or K). Needed where rates are of several temperatures, more than 2 deg C
        apart: a dark of each is then made, and the dark between them, up to 10 deg C outside. Typical pixels have one
        step of temperature in common, hot ones their own, as far as their counts tell it.
    mask : `~astropy.nddata.CCDData` or `numpy.ndarray` of bool, optional
        Result of `hot_pixel_mask`, shape (rows, columns). Its NONLINEAR pixels are predicted by their own counts; for a
        single rate, of another exposure time or of several, they are masked. Those that are DO_NOT_USE for another
        reason (TELEGRAPH, a column, HOT of a single rate) are masked. Which pixels are SATURATED is found anew for this
        exposure time; for a single rate they are masked from its longest exposure on. Of an array of bool, True is
        masked; other arrays are refused, as their numbers may be counts.
    tolerance : float
        Fraction by which ``exposure`` may be above the longest exposure time of the rates, for pixels that are not
        proportional. Beyond it they are masked.
    offset : {"common", None, "pixel"}
        See `compare_dark_rates`. "common" removes what one set of frames has more than the longest exposure's in all
        pixels. With "pixel", for rates without a bias, the dark has each pixel's own offset.
    check_headers : bool
        See `compare_dark_rates`.
    mem_limit, executor
        See `dark_rate`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKMASTER where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Dark counts (adu or electron) without bias, shape (rows, columns), as a good master dark of that exposure has.
        ``uncertainty`` is a `~astropy.nddata.StdDevUncertainty`, the error of the dark itself, that of the bias in it:
        the noise of the science frame is not in it, nor that of another bias subtracted from it. There is none for a
        single rate without one.

        ``mask`` is True where the dark cannot be told: saturated at that exposure time, not proportional and beyond
        the longest exposure by more than the tolerance, with a single usable exposure time and that another one,
        without any data, or by ``mask``. For a single rate, of another exposure time or of several, all hot pixels are
        masked, as nothing shows whether they are proportional (`hot_pixel_mask` does the same); with ``mask``, those
        that it masks, NONLINEAR ones included, and no others. A masked pixel keeps the best number there is, so that to
        subtract it leaves no hole: the level at which it is full, or what its rate or its counts give. It is NaN where
        there is none.

        ``meta`` has EXPTIME and EXPOSURE (s), DKGAIN, the keys of the rates together (DKEXPMIN, DKEXPMAX, DKNEXP,
        DKTOTAL, NCOMBINE), DKOFFSET, DKOFF1..., DKWIDTH, DKTOLER, DKSTAT ('dark'), and the number of pixels that are
        predicted by their rate (NBYRATE), by their own counts (NBYOWN), and masked (NMASKED). Between temperatures
        DKTEMP is that of the dark; DKNEXP is the largest number of exposure times at one of them; and there is no
        DKOFF1..., DKWIDTH, NBYRATE or NBYOWN.

    Raises
    ------
    TypeError
        If a rate is not CCDData, or an argument that needs a unit has none.
    astropy.units.UnitsError
        If a unit cannot be converted, or ``mask`` has one.
    ValueError
        If a rate is not a result of `dark_rate`; if rates are not of one sensor, two of the same exposure time, or of
        several temperatures without ``temperature``; if ``mask`` is no mask; if no gain is known for "adu", or rates
        have different ones; or if an option is unknown.

    Warns
    -----
    BiasWarning
        If the optical black that the camera subtracts was added to some rates only.
    MissingInformationWarning
        If ``exposure`` is above the longest exposure time by more than the tolerance: which pixels bend or are full
        beyond it cannot be told.
    NoUsablePixelWarning
        If all pixels are masked.
    NoiseWarning
        If good pixels scatter more than 1.2 times their noise.

    See Also
    --------
    dark_rate : The rates.
    hot_pixel_mask : Which pixels must not be used in a science frame, the dark subtracted or not.

    Notes
    -----
    A proportional pixel has the counts ``d t`` and the variance ``t^2 Var(d)``, with the rate d of all exposures by
    generalised least squares (that of `compare_dark_rates`, with the common offsets removed).

    A pixel that is not proportional is predicted by the curves that it may follow: a line with an offset, a charge
    that bends as it fills a depletion edge (Dunlap et al. 2012), or a level at which it is full. Their mean is weighted
    by how well each fits the pixel's counts (Bayesian model averaging: Hoeting et al. 1999), and the variance is that
    of the mixture. Where one exposure alone is too high, as by a cosmic ray in a single frame, it is the rate of the
    others. Where no curve fits, it is the middle of what a monotone curve without an inflection can have between the
    exposures that bracket ``t``, and half of that range is an error of its own. Between only two exposure times, and
    before the shortest, an offset and a bend cannot be told apart: the error covers both, so that pixels of one kind
    are on one side, and by less than it says.

    Whether a pixel is proportional is not certain. The odds of a departure of z sigmas are the ratio of the densities
    of pixels that depart and that do not (a local false discovery rate: Efron 2004). Of hot pixels, the strong
    departures tell how many are too weak to be seen, as their sizes are evenly spread in their logarithm. The dark is
    the mean by these odds, its variance that of the mixture. A weak bend that the other exposures do not show is
    therefore in the error of all hot pixels that look alike: those that are proportional scatter 1 to 5 % less than
    their error, those that bend up to 30 % more.

    A pixel that never was full is masked where it would be at this exposure time. The level is that of pixels that
    were, without the bias; where none was, it is the saturation level (DKSATUR) with the bias in it, and a pixel
    between both is not masked.

    Pixels that switch (TELEGRAPH) scatter more than their error says; pass ``mask``. See *Validation* in the
    documentation for held-out exposure times.

    Examples
    --------
    >>> from astropy import units as u
    >>> import ccdproc
    >>> from ccdproc_darks import dark_rate, master_dark, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=1000 * u.adu)
    >>> short = dark_rate([simulate_dark((50, 50), exposure=90 * u.s, rng=seed, **camera) for seed in range(10)],
    ...                   bias=1000 * u.adu)
    >>> long = dark_rate([simulate_dark((50, 50), exposure=1000 * u.s, rng=seed, **camera) for seed in range(10, 30)],
    ...                  bias=1000 * u.adu)
    >>> dark = master_dark(short, long, exposure=600 * u.s)
    >>> dark.unit, dark.meta["EXPTIME"], dark.meta["NBYRATE"]
    (Unit("adu"), 600.0, 2500)
    >>> science = simulate_dark((50, 50), exposure=600 * u.s, rng=99, **camera)
    >>> science = science.subtract(1000 * u.adu, handle_meta="first_found")
    >>> reduced = ccdproc.subtract_dark(science, dark, exposure_time="EXPTIME", exposure_unit=u.s)
    >>> print(f"{reduced.data.std():.0f} {reduced.unit}")
    7 adu
    """
    checked_log_entry(add_keyword)
    checked_choice("unit", unit, tuple(_UNITS))
    at = checked_quantity("exposure", exposure, u.s)
    given = None if gain is None else checked_quantity("gain", gain, GAIN_UNIT)
    tolerance = checked_number("tolerance", tolerance, maximum=1e6, inclusive=True)
    arguments = {
        "rates": rates, "exposure": exposure, "unit": unit, "gain": gain, "temperature": temperature, "mask": mask,
        "tolerance": tolerance, "offset": offset, "check_headers": check_headers,
    }  # fmt: skip
    kelvin = None if temperature is None else checked_kelvin("temperature", temperature)
    told = None if mask is None else checked_mask(mask)
    settings = {
        "at": at, "unit": unit, "gain": given, "mask": told, "tolerance": tolerance, "offset": offset,
        "check_headers": check_headers, "mem_limit": mem_limit, "executor": executor,
    }  # fmt: skip
    checked_flag("check_headers", check_headers)
    groups = [(None, list(range(len(rates))))]
    if all(isinstance(rate, CCDData) for rate in rates):
        groups = temperature_groups(rates, check_headers)
    if len(groups) == 1:
        _check_temperature(kelvin, groups[0][0], rates)
        result = _dark_of_one_temperature(rates, **settings)
    elif kelvin is None:
        raise ValueError(
            f"rates are of several temperatures (DKTEMP: {_shown([celsius for celsius, _ in groups])} deg C): pass "
            "temperature=, or rates of one of them"
        )
    else:
        result = _dark_between(rates, groups, kelvin, **settings)
    _warn_beyond(at, tolerance, [[rates[number] for number in numbers] for _, numbers in groups])
    return logged(result, "DKMASTER", "master_dark", arguments, add_keyword)


def _dark_between(rates, groups, kelvin, **settings):
    """Result of `master_dark` for groups of rates of several temperatures, not logged."""
    full = _full_counts(rates, settings["unit"], settings["gain"])
    darks = [
        _dark_of_one_temperature(
            [rates[number] for number in numbers], labels=[f"rates[{number}]" for number in numbers], **settings
        )
        for _, numbers in groups
    ]
    result = between_temperatures(darks, [celsius + _KELVIN for celsius, _ in groups], kelvin)
    kind = darks[0].data.dtype
    data, deviation = result.data.astype(kind), result.uncertainty.array.astype(kind)
    is_full = data >= full
    mask = is_full if result.mask is None else is_full | result.mask
    np.minimum(data, full, out=data, where=is_full)
    # As in a dark of one temperature: NaN where there is no number, and an error only where there is one.
    data[np.all([np.isnan(dark.data) for dark in darks], axis=0)] = np.nan
    deviation[mask & ~(deviation > 0)] = np.nan
    metas, infos = [dark.meta for dark in darks], [RateMeta.of(rate, "rate") for rate in rates]
    changes = {
        "DKEXPMIN": (min(info.shortest for info in infos), "[s] shortest exposure time"),
        "DKEXPMAX": (max(info.longest for info in infos), "[s] longest exposure time"),
        "DKNEXP": (max(meta["DKNEXP"] for meta in metas), "number of exposure times"),
        "DKTOTAL": (sum(info.total for info in infos), "[s] total exposure of all frames"),
        "NCOMBINE": (sum(info.frames for info in infos), "number of frames"),
        "NMASKED": (int(np.count_nonzero(mask)), "pixels whose dark cannot be told"),
        **{key: (None, "") for key in result.meta if _OF_A_TEMPERATURE.fullmatch(key)},
    }
    return result_image(
        data, result.unit, safe_header(result.meta, changes), mask=mask, deviation=deviation, wcs=result.wcs
    )


def _dark_of_one_temperature(
    rates, *, at, unit, gain, mask, tolerance, offset, check_headers, mem_limit, executor, labels=None
):
    """Result of `master_dark` for rates of one temperature, not logged; for ``labels`` see `RateImages`."""
    execution = {"mem_limit": mem_limit, "executor": executor}
    settings = {"unit": unit, "gain": gain, "tolerance": tolerance, "offset": offset, "check_headers": check_headers}
    sections = amplifiers_of_rates(rates, labels)
    if sections is not None:
        result = sections.joined(
            lambda number: _dark_of_one_temperature(
                [sections.part(rate, number) for rate in rates], at=at, **settings, **execution,
                mask=sections.part(mask, number), labels=labels,
            ),
            wcs=rates[0].wcs,
        )  # fmt: skip
        result.meta["NMASKED"] = int(np.count_nonzero(result.mask))
        return result
    images = RateImages(rates, check_headers=check_headers, labels=labels)
    checked_offset(offset, images)
    known, per_electron = _gain(images.infos, gain, unit)
    found = predicted_counts(
        images, offset, **execution, at=at, tolerance=tolerance, per_electron=per_electron,
        full=_full(images.infos), told=_told(mask, images, at),
    )  # fmt: skip
    if found.mask.all():
        warn(f"no pixel has a dark at {at:g} s, all are masked: {images.usable_pixels()}", NoUsablePixelWarning)
    entries = {
        **comparison_entries(images, offset, found.offsets, "", found.width),
        "DKNULL": (None, ""),
        "DKSTAT": ("dark", "a dark, not a rate"),
        "EXPTIME": (at, "[s] exposure time"),
        "EXPOSURE": (at, "[s] exposure time"),
        "DKGAIN": (known, "[electron/adu] gain used"),
        "DKTOLER": (tolerance, "longest exposure may be exceeded by"),
        "NBYRATE": (found.by_rate, "pixels predicted by their rate"),
        "NBYOWN": (found.by_own_counts, "pixels predicted by own counts"),
        "NMASKED": (found.masked, "pixels whose dark cannot be told"),
    }
    deviation = None if rates[0].uncertainty is None else found.deviation
    return result_image(
        found.counts, _UNITS[unit], safe_header(images.meta, entries), mask=found.mask, deviation=deviation,
        wcs=images.wcs,
    )  # fmt: skip


def _check_temperature(kelvin, celsius, rates):
    """A ValueError where the rates, all of one temperature, are of another one than that asked for."""
    if kelvin is None:
        return
    wanted = f"temperature: a dark at {kelvin - _KELVIN:.1f} deg C needs rates of several temperatures around it"
    if celsius is None:
        raise ValueError(f"{wanted}, and no rate tells its own (DKTEMP in its meta); leave out temperature")
    if abs(kelvin - _KELVIN - celsius) > TEMPERATURE_SPREAD:
        raise ValueError(f"{wanted}, and all {len(rates)} are of {celsius:.1f} deg C (DKTEMP)")


def _warn_beyond(at, tolerance, groups):
    """Warn where the rates of a temperature end too early to show what pixels do at the exposure time (s)."""
    longest = min(max(RateMeta.of(rate, "rate").longest for rate in rates) for rates in groups)
    if at > longest * (1 + max(tolerance, SAME_EXPOSURE)):
        which = "the rates" if len(groups) == 1 else "the rates of one temperature"
        warn(
            f"exposure is {at:g} s, {at / longest:.3g} times the longest one of {which}, {longest:g} s: which pixels "
            "bend or are full beyond it cannot be told, and their dark may be wrong. Take darks as long as the frames",
            MissingInformationWarning,
        )


def _shown(temperatures):
    return ", ".join(f"{celsius:.1f}" for celsius in temperatures)


def _full(infos):
    """Counts (electron) that no pixel exceeds, as far as the saturation level tells; infinite where it does not.

    The level has the bias in it, of which a rate knows nothing: pixels are full at somewhat less. `predicted_counts`
    finds out from pixels that were, where there are any.
    """
    return max((info.full for info in infos if info.full is not None), default=np.inf)


def _full_counts(rates, unit, gain):
    """Counts, in the unit of the dark, that no pixel exceeds: one number, or an image where amplifiers differ."""
    sections = amplifiers_of_rates(rates)
    if sections is None:
        infos = [RateMeta.of(rate, f"rates[{number}]") for number, rate in enumerate(rates)]
        return _full(infos) * _gain(infos, gain, unit)[1]
    full = np.full(sections.shape, np.inf)
    for number, section in enumerate(sections.sections):
        full[section.slices] = _full_counts([sections.part(rate, number) for rate in rates], unit, gain)
    return full


def _gain(infos, given, unit):
    """Gain (electron/adu) that the user gave, or with which the rates were measured; and counts per electron.

    The gain is None where neither tells it, which is an error for counts in adu.
    """
    told = {info.gain for info in infos if info.gain is not None}
    if given is None and len(told) > 1:
        raise ValueError(
            f"rates were measured with different gains (DKGAIN: {', '.join(f'{one:g}' for one in sorted(told))} "
            "electron/adu): pass gain=, that of the frames to be reduced"
        )
    gain = given if given is not None or not told else told.pop()
    if unit == "adu" and gain is None:
        raise ValueError(
            "gain is needed for a dark in adu, as no rate tells it (DKGAIN in its meta): pass gain=, as a Quantity in "
            "electron / adu, or unit='electron'"
        )
    return gain, 1 / gain if unit == "adu" else 1.0


def _told(mask, images, at):
    """What a mask tells of each pixel at a time (s): see `ccdproc_darks.comparison.predicted_counts.PredictionJob`."""
    if mask is None:
        return None
    if mask.shape != images.shape:
        raise ValueError(f"mask must have the shape of the rates, {images.shape}, got {mask.shape}")
    if not isinstance(mask, CCDData):
        return np.where(mask, np.uint8(BAD), np.uint8(0))
    flags = mask.data.astype(np.int64)
    told = np.where(flags & int(DARK_FLAGS.NONLINEAR), np.uint8(OWN), np.uint8(0))
    unusable = (flags & int(DARK_FLAGS.DO_NOT_USE)) > 0
    others = (flags & ~int(_SETTLED_HERE | _HARMLESS)) > 0
    none = (flags & int(_SETTLED_HERE & ~DARK_FLAGS.DO_NOT_USE)) == 0
    told[unusable & (others | none)] = BAD
    # At which exposure, and at which level, a pixel was full a single rate does not tell.
    info = images.infos[0]
    slack = 1 - SAME_EXPOSURE if info.exposures > 1 else 1 + SAME_EXPOSURE
    if len(images) == 1 and at > info.longest * slack:
        told[(flags & int(DARK_FLAGS.SATURATED)) > 0] = BAD
    return told
