# Licensed under a 3-clause BSD style license - see LICENSE
"""Why a pixel is not proportional to exposure time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from scipy.special import chdtrc

from .._compute.blocks import Block, BlockJob, shifted
from .._compute.workers import Execution, fill_images
from .._interface.arguments import checked_choice
from .._interface.flags import DARK_FLAGS, NONLINEAR_KINDS
from .._interface.pixel_mask import checked_mask
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header
from .._interface.warnings import collected
from ..comparison.compare_dark_rates import checked_map, comparison_entries
from ..comparison.comparer import RateComparer
from ..rates.amplifiers import amplifiers_of_rates
from ..rates.rate_images import RateImages
from ..statistics.count_shapes import CountShapes, Explained
from .hot_pixel_mask import hot_pixel_mask

__all__ = ["nonlinear_kind"]

# Probability above which a kind is told, and of a chi-square as large as that of its fit below which none is.
_TOLD, _ABSURD = 0.95, 1e-4
# Pixels that follow no rule, to those of a kind. With more, few bends are told of three exposure times; with fewer,
# more than 5 % of what is told can be wrong where many pixels switch.
_SELDOM = 0.02
# Exposure times that a pixel needs: with two, any kind explains both.
_LEAST_EXPOSURES = 3
# Low exposures over high ones from which on a high frame is not told: a pixel that switches has either.
_SWITCHING = 0.05
# Pixels that are explained at once.
_AT_ONCE = 4096
_OFFSETS = ("common", None)
_COUNTED = {
    "NBENDS": NONLINEAR_KINDS.BENDS,
    "NOFFSET": NONLINEAR_KINDS.OFFSET,
    "NCLIPS": NONLINEAR_KINDS.CLIPS,
    "NHIGH": NONLINEAR_KINDS.HIGH_FRAME,
    "NSWITCH": NONLINEAR_KINDS.SWITCHES,
    "NUNEXPL": NONLINEAR_KINDS.UNEXPLAINED,
    "NUNTOLD": NONLINEAR_KINDS.UNTOLD,
}
# Codes within this module: typical and hot pixels of which one exposure is low, hot ones of which one is high.
_LOW, _HOT_LOW, _HOT_HIGH = 8, 9, 10


def nonlinear_kind(
    *rates: CCDData,
    mask: CCDData | None = None,
    scatter: CCDData | Sequence[CCDData] | None = None,
    read_noise: CCDData | None = None,
    offset: Literal["common"] | None = "common",
    check_headers: bool = True,
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """Tell why pixels are not proportional to exposure time, from their counts at three exposure times or more.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `dark_rate`, shape (rows, columns): three and more, of one exposure time each, all different. With
        few exposure times little can be told, see Notes.
    mask : `~astropy.nddata.CCDData`, optional
        Result of `hot_pixel_mask` for the same rates: its NONLINEAR pixels are explained. None: those of
        `hot_pixel_mask` with its defaults.
    scatter : `~astropy.nddata.CCDData` or sequence of these, optional
        Results of `dark_scatter`, which tell the pixels that switch. Not with ``mask``, whose TELEGRAPH pixels are
        those that switch.
    read_noise, check_headers
        See `compare_dark_rates`.
    offset : {"common", None}
        See `compare_dark_rates`.
    mem_limit, executor
        See `dark_rate`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKKIND where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        ``data`` has a code (uint8) for each pixel, shape (rows, columns), without unit; the names are in
        `NONLINEAR_KINDS`:

        * PROPORTIONAL: not NONLINEAR.
        * BENDS: the rate falls as the pixel fills (edge of the depletion region).
        * OFFSET: a fixed number of electrons at every exposure, positive or negative.
        * CLIPS: proportional up to a level that the counts do not exceed (low full well).
        * HIGH_FRAME: proportional but for one exposure, of a single frame, that is high: a cosmic ray.
        * SWITCHES: TELEGRAPH as well, so that its exposures differ by chance.
        * UNEXPLAINED: none of these, as a pixel whose rate differs from exposure to exposure without a rule.
        * UNTOLD: more than one of these explains it.

        ``mask`` is True where a NONLINEAR pixel is UNTOLD, and where a pixel cannot be compared at all.
        ``meta`` has the number of pixels of each kind: NBENDS, NOFFSET, NCLIPS, NHIGH, NSWITCH, NUNEXPL, NUNTOLD.

    Raises
    ------
    TypeError
        If a rate, ``mask`` or ``read_noise`` is not CCDData.
    astropy.units.UnitsError
        If a unit is wrong.
    ValueError
        If there are fewer than three rates; if rates do not fit together; if ``mask`` has another shape, or no flags;
        if both ``mask`` and ``scatter`` are given.

    Warns
    -----
    BiasWarning, NoiseWarning, NoUsablePixelWarning, TemperatureWarning
        See `hot_pixel_mask`.

    See Also
    --------
    hot_pixel_mask : Finds the pixels.
    dark_scatter : Finds pixels that switch, in equal frames.

    Notes
    -----
    Each kind is a curve of counts m against exposure time t: BENDS is ``m = d t + Q (1 - exp(-k t))`` (Widenhorn,
    Dunlap and Bodegom 2010, IEEE Trans. Electron Devices 57, 581), OFFSET is ``m = d t + a``, CLIPS is
    ``m = min(d t, w)``, HIGH_FRAME is ``m = d t`` but in one exposure. Beside them are two that are no kind: one low
    exposure, and rates that scatter from exposure to exposure. Each is fitted with the noise of the counts and
    weighed by its evidence, the probability of the counts averaged over the parameters (Kass and Raftery 1995, J. Am.
    Stat. Assoc. 90, 773): a curve with more parameters must fit so much the better. A kind is told where its
    probability is above 0.95, all of them being equally likely before, and where its chi-square is no larger than one
    in 10 000 is by chance.

    In simulated sensors the kind is right in 95 % and more of the pixels where one is told (see *Validation* in the
    documentation). How many are told depends on the exposure times: about half of the bending pixels with three, all
    but a few with eleven. Two exposure times can never tell a bend from an offset.

    A pixel that switched up during one exposure alone looks like one that a cosmic ray has hit. As often it switches
    down, and it is a hot pixel more often than a typical one. So no high frame is told where more than 5 pixels have
    one low exposure for 100 that have a high one; nor of hot pixels, where more of them have one than of others.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import DarkSequence, NONLINEAR_KINDS, Sensor, dark_rate, nonlinear_kind
    >>> from ccdproc_darks.simulation import OffsetPixels
    >>> sensor = Sensor(shape=(50, 50), rate=1 * u.electron / u.s, read_noise=5 * u.electron, bias=1000 * u.adu, seed=1,
    ...                 defects=[OffsetPixels(fraction=0.004, offset=300 * u.electron)])
    >>> rates = [dark_rate(list(DarkSequence(sensor, [(5, seconds * u.s)], rng=1)), bias=sensor.bias)
    ...          for seconds in (20, 60, 180, 400)]
    >>> kinds = nonlinear_kind(*rates)
    >>> print(kinds.meta["NOFFSET"], (kinds.data == NONLINEAR_KINDS.OFFSET).sum())
    10 10
    """
    execution = Execution(executor, mem_limit)
    checked_log_entry(add_keyword)
    checked_choice("offset", offset, _OFFSETS)
    checked_map(read_noise)
    arguments = {
        "rates": rates, "mask": mask, "scatter": scatter, "read_noise": read_noise, "offset": offset,
        "check_headers": check_headers,
    }  # fmt: skip
    if mask is not None and scatter is not None:
        raise ValueError("scatter is for mask=None: give it to hot_pixel_mask, whose TELEGRAPH pixels are in mask")
    if len(rates) < _LEAST_EXPOSURES:
        RateImages(rates, check_headers=check_headers)
        raise ValueError(
            f"rates of three exposure times or more are needed, got {len(rates)}: any kind explains one or two"
        )
    if mask is None:
        flags, twice = hot_pixel_mask(
            *rates, scatter=scatter, read_noise=read_noise, offset=offset, lines=False, check_headers=check_headers,
            mem_limit=mem_limit, executor=executor, add_keyword=None,
        ), collected()  # fmt: skip
    else:
        flags, twice = checked_mask(mask, only_flags=True), nullcontext()
    # What there is to warn of, the mask has warned of.
    with twice:
        sections = amplifiers_of_rates(rates)
        if sections is None:
            result = _explained(rates, flags, read_noise, offset, check_headers, execution)
        else:
            result = sections.joined(
                lambda number: _explained(
                    [sections.part(rate, number) for rate in rates], sections.part(flags, number),
                    sections.part(read_noise, number), offset, check_headers, execution,
                ),
                wcs=rates[0].wcs, fill=int(NONLINEAR_KINDS.PROPORTIONAL),
            )  # fmt: skip
    return logged(result, "DKKIND", "nonlinear_kind", arguments, add_keyword)


def _explained(rates, flags, read_noise, offset, check_headers, execution):
    """Result of `nonlinear_kind`, not logged, of one amplifier."""
    images = RateImages(rates, check_headers=check_headers, read_noise=read_noise)
    if flags.shape != images.shape:
        raise ValueError(f"mask must have the shape of the rates, {images.shape}, got {flags.shape}")
    comparer = RateComparer(images, offset, "theoretical")
    codes, untold = np.zeros(images.shape, dtype=np.uint8), np.zeros(images.shape, dtype=bool)
    threshold = flags.meta.get("DKTHRESH", np.inf)
    fill_images(_KindJob(comparer, np.asarray(flags.data), threshold), [codes, untold], execution)
    _tell_high_frames(codes, untold, np.count_nonzero(flags.data & DARK_FLAGS.HOT))
    entries = {
        **comparison_entries(images, offset, comparer.offsets, "theoretical", comparer.width),
        **{key: (int(np.count_nonzero(codes == kind)), f"pixels: {kind.name}") for key, kind in _COUNTED.items()},
    }
    header = safe_header(images.meta, entries)
    return result_image(codes, u.dimensionless_unscaled, header, mask=untold, wcs=images.wcs)


def _tell_high_frames(codes, untold, hot):
    """Put public codes in the place of those within this module; high frames are told, or not, for all pixels at once.

    A pixel that switches is as often low as high in one exposure alone; and cosmic rays hit the ``hot`` pixels (their
    number) as often as others.
    """
    typical = np.count_nonzero(codes == NONLINEAR_KINDS.HIGH_FRAME)
    expected = typical * hot / max(codes.size - hot, 1)
    for low_code, high_code, most in (
        (_LOW, NONLINEAR_KINDS.HIGH_FRAME, np.inf),
        (_HOT_LOW, _HOT_HIGH, expected + 2 * np.sqrt(expected)),
    ):
        low, high = codes == low_code, codes == high_code
        number = np.count_nonzero(high)
        switching = number > most or np.count_nonzero(low) > _SWITCHING * number
        codes[high], untold[high] = NONLINEAR_KINDS.UNTOLD if switching else NONLINEAR_KINDS.HIGH_FRAME, switching
        codes[low] = NONLINEAR_KINDS.UNEXPLAINED


@dataclass
class _KindJob(BlockJob):
    """Makes the codes, those within this module among them, and the mask.

    Attributes
    ----------
    comparer : `ccdproc_darks.comparison.comparer.RateComparer`
        The rates.
    flags : `numpy.ndarray`
        Flags of all pixels.
    threshold : float
        Rate (electron/s) above which a pixel is hot.
    start : int
        Number of the first row of ``flags``.
    """

    comparer: RateComparer
    flags: np.ndarray
    threshold: float
    start: int = 0

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return 20 * len(self.comparer.images)

    def for_rows(self, rows):
        """The job for some rows alone."""
        return replace(
            self, comparer=self.comparer.for_rows(rows), flags=self.flags[shifted(rows, self.start)], start=rows.start
        )

    def block(self, rows, out=None):
        """Codes and mask of a block of rows."""
        flags = self.flags[shifted(rows, self.start)].ravel()
        usable = np.array([image.usable(rows) for image in self.comparer.images])
        codes = np.zeros(flags.size, dtype=np.uint8)
        untold = usable.sum(axis=0) < 2
        nonlinear = np.flatnonzero(((flags & flags.dtype.type(DARK_FLAGS.NONLINEAR)) > 0) & ~untold)
        for first in range(0, nonlinear.size, _AT_ONCE):
            pixels = nonlinear[first : first + _AT_ONCE]
            codes[pixels] = _kinds(self.comparer, rows, pixels, self.threshold)
        telegraph = nonlinear[(flags[nonlinear] & flags.dtype.type(DARK_FLAGS.TELEGRAPH)) > 0]
        codes[telegraph] = NONLINEAR_KINDS.SWITCHES
        untold |= codes == NONLINEAR_KINDS.UNTOLD
        return Block([codes, untold])


def _kinds(comparer, rows, pixels, threshold):
    """Codes of some ``pixels`` (flat indices) of a block of rows; above the ``threshold`` (electron/s) they are hot."""
    images = comparer.images
    compared = comparer.rows(rows, pixels)
    counts, frames, variance, usable, _ = (part[:, 0] for part in compared.rows.parts)
    shared = [(members, bias if np.ndim(bias) == 0 else bias[0]) for members, bias in compared.shared]
    shapes = CountShapes(counts, images.seconds, frames, variance, usable, shared)
    single = np.array([info.frames == 1 for info in images.infos])
    # Where there are several frames a cosmic ray was left out: what is high is the pixel itself.
    high, low = shapes.one_exposure(np.flatnonzero(single), 1), shapes.one_exposure(range(len(single)), -1)
    jumps = Explained.best_of([shapes.one_exposure(np.flatnonzero(~single), 1), shapes.erratic()])
    kinds = [shapes.bends(), shapes.offset(), shapes.clips(), high, low, shapes.steps(), jumps]
    evidence = np.array([kind.log_evidence for kind in kinds])
    evidence[-1] += np.log(_SELDOM)
    probability = np.exp(evidence - np.logaddexp.reduce(evidence, axis=0))
    best, everyone = evidence.argmax(axis=0), np.arange(pixels.size)
    chi_square, degrees = (
        np.array([getattr(kind, name) for kind in kinds])[best, everyone] for name in ("chi_square", "degrees")
    )
    absurd = chdtrc(np.maximum(degrees, 1), chi_square) < _ABSURD
    # What is low alone, and what follows no rule, are no kinds: which one of them it is does not matter.
    none = (probability[4:].sum(axis=0) > _TOLD) | absurd
    told = [
        (probability[0] > _TOLD, NONLINEAR_KINDS.BENDS),
        (probability[1] > _TOLD, NONLINEAR_KINDS.OFFSET),
        (probability[2] > _TOLD, NONLINEAR_KINDS.CLIPS),
        (probability[3] > _TOLD, np.where(high.rate > threshold, _HOT_HIGH, NONLINEAR_KINDS.HIGH_FRAME)),
        (none, NONLINEAR_KINDS.UNEXPLAINED),
        ((probability[4] > _TOLD) & ~absurd, np.where(low.rate > threshold, _HOT_LOW, _LOW)),
        (usable.sum(axis=0) < _LEAST_EXPOSURES, NONLINEAR_KINDS.UNTOLD),
    ]  # fmt: skip
    codes = np.full(pixels.size, NONLINEAR_KINDS.UNTOLD, dtype=np.uint8)
    for those, code in told:
        np.copyto(codes, np.asarray(code, dtype=np.uint8), where=those)
    return codes
