# Licensed under a 3-clause BSD style license - see LICENSE
"""Photon transfer on dark current: variance between equal frames against mean counts, on plain arrays.

Dark electrons are Poisson distributed, so that a pixel of ``m`` counts (adu) above another one has a variance that is
larger by ``m / g`` (adu^2), g being the gain in electron/adu (Janesick 2007, Photon Transfer, chapter 5; EMVA Standard
1288, release 4.0, section 6). Only differences between pixels of the same frames are used: the level of the bias
cancels, and only its pattern matters.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtr, chdtri

from .noise import trimmed_variance
from .robust import robust_deviation
from .warm_pixels import are_above_noise, are_noisy, are_steady

__all__ = ["EqualFrames", "Transfer", "equal_frames", "fit_transfer", "typical_variance"]

# Pixels of the typical ones that are enough, and fewest of them.
_TYPICAL, _LEAST_TYPICAL = 2**14, 100
# Pixels that are enough for the noise of a frame.
_FEW = 2**12
# Widths of the typical pixels' means: within the first a pixel is typical, above the second one warm or hot.
_CORE, _HOT = 4.0, 8.0
# Warm pixels are used up to so many times the variance of typical ones by their Poisson noise, as hotter ones tell no
# more, and vary by more than Poisson noise; and, where the highest are clipped, up to this part of the way to them.
_REACH, _BELOW_TOP = 50.0, 0.75
# Least part of the pixels that are not cut off, for a variance, or a line, to be theirs.
_MOST = 0.5
# Fewest warm pixels for a line, and for the scale of each frame.
_LEAST_WARM, _LEAST_FOR_SCALE = 30, 30
# Largest difference of the slopes of the colder and the hotter half of warm pixels, as a part of the slope.
_STRAIGHT = 0.6
# Standard errors from which on a scale is significant.
_SIGNIFICANT = 5.0
# Probability that a variance by Gaussian noise is kept, with few degrees of freedom, and with so many or more.
_KEEP_FEW, _KEEP_MANY, _MANY = 0.9, 0.8, 4
# Variance by the lower quartile over that of most pixels below which they are not alike; that of all but the largest
# over that of most pixels above which cosmic rays are in it.
_ALIKE, _HIT = 0.6, 1.15
# Fewer 16-bit integers than this have a sum of 32 bits.
_MOST_SHORT = 2**16
# Most rounds of a fit; it ends earlier where it changes by less than this part of the standard error.
_ROUNDS, _SETTLED = 30, 0.01


@dataclass
class EqualFrames:
    """Means and variances of the pixels of some equal frames (in the frames' unit, and its square).

    Attributes
    ----------
    frames : int
        Number of frames.
    typical : float
        Mean counts of typical pixels, above the bias.
    levels : `numpy.ndarray`
        Level of each frame, above the mean of all.
    variances : `numpy.ndarray`
        Variances of typical pixels.
    excess, excess_variances : `numpy.ndarray`
        Counts of warm pixels above the typical ones; their variances.
    scales : `numpy.ndarray` or None
        Signal of the warm pixels in each frame over that in all, shape (frames,); None where they are too few.
    noise : `numpy.ndarray`
        Standard deviation of a typical pixel in each frame; of two frames, that of typical pixels over the sensor.
    """

    frames: int
    typical: float
    levels: np.ndarray
    variances: np.ndarray
    excess: np.ndarray
    excess_variances: np.ndarray
    scales: np.ndarray | None
    noise: np.ndarray

    @property
    def drift(self):
        """Level of the highest frame minus that of the lowest."""
        return float(np.ptp(self.levels))


@dataclass
class Transfer:
    """The line through variances against means.

    Attributes
    ----------
    slope, slope_error : float
        Variance per count: 1 / gain (adu); its standard error.
    typical : list of (float, float)
        For each set of equal frames, the variance of typical pixels and its standard error.
    pixels : int
        Number of warm pixels with a weight in the fit.
    """

    slope: float
    slope_error: float
    typical: list
    pixels: int


def equal_frames(values, bias=0.0, top=np.inf, masked=None):
    """`EqualFrames` of two frames or more; None where there are too few typical pixels, or these do not vary.

    Parameters
    ----------
    values : list of `numpy.ndarray`
        Values of each frame, flat, in any type of number.
    bias : `numpy.ndarray` or float
        Bias of each pixel, or of all.
    top : float
        Value from which a sample is saturated.
    masked : `numpy.ndarray` of bool, optional
        Pixels that take no part.
    """
    count = len(values)
    # Short integers are added exactly, and quicker, as integers.
    is_short = all(frame.dtype.kind == "u" and frame.dtype.itemsize <= 2 for frame in values) and count < _MOST_SHORT
    total = np.zeros(values[0].shape, np.uint32 if is_short else float)
    highest = values[0]
    with np.errstate(invalid="ignore"):
        for frame in values:
            total += frame
            highest = np.maximum(highest, frame)
        mean = total / count - bias
    usable = np.isfinite(mean) & (highest < top)
    if masked is not None:
        usable &= ~masked
    some = np.flatnonzero(usable)[:: max(1, np.count_nonzero(usable) // _TYPICAL)]
    if some.size < _LEAST_TYPICAL:
        return None
    middle = np.median(mean[some])
    width = robust_deviation(mean[some])
    core = some[np.abs(mean[some] - middle) <= _CORE * width]
    if core.size < _LEAST_TYPICAL:
        return None
    ceiling = _BELOW_TOP * (float(np.max(mean[usable])) - middle)
    warm = np.flatnonzero(usable & (mean > middle + _HOT * width))
    cold = np.flatnonzero(usable & (mean < middle - _HOT * width))
    typical = float(mean[core].mean())
    background = bias[core] if np.ndim(bias) else bias
    # Departures from each pixel's mean, without what all pixels of a frame share.
    residuals = _departures(values, core)
    levels = np.array([_middle(row) for row in residuals])
    residuals -= levels[:, None]
    below, fallen = typical - mean[cold], _departures(values, cold) - levels[:, None]
    if cold.size >= _LEAST_FOR_SCALE:
        # Frames of another temperature change pixels of a lower rate by less than the typical ones.
        fallen += _common_ratios(-fallen, below)[:, None] * below
    cold = cold[are_noisy(fallen, residuals)]
    warm = warm[are_above_noise(mean[warm] - middle, middle - mean[cold])]
    hot = _departures(values, warm) - levels[:, None]
    steady = are_steady(hot, mean[warm] - typical)
    hot, excess = hot[:, steady], mean[warm[steady]] - typical
    scales = None
    if excess.size >= _LEAST_FOR_SCALE:
        scales = 1 + _common_ratios(hot, excess)
        hot -= (scales - 1)[:, None] * excess
    variances, excess_variances = (np.square(some).sum(axis=0) / (count - 1) for some in (residuals, hot))
    if not np.median(variances) > 0:
        return None
    below = _below_clipping(excess, excess_variances - np.median(variances), ceiling)
    return EqualFrames(
        count,
        typical,
        levels,
        variances,
        excess[below],
        excess_variances[below],
        scales,
        _noise_of_each(residuals)
        if count > 2
        else np.array([robust_deviation(frame[core] - background) for frame in values]),
    )


def _departures(values, pixels):
    chosen = np.array([frame[pixels] for frame in values], dtype=float)
    return chosen - chosen.mean(axis=0)


def _below_clipping(excess, growth, ceiling):
    """Whether pixels are below a level above which variances no longer grow with the counts."""
    is_high = excess > ceiling
    if is_high.any():
        slopes = growth / excess
        expected = 0.5 * np.median(slopes[~is_high]) if not is_high.all() else 0.0
        if np.median(slopes[is_high]) > expected:
            return np.ones(excess.size, bool)
    return ~is_high


def _middle(values):
    """Mean of the middle half."""
    quarter = values.size // 4
    return np.partition(values, [quarter, values.size - quarter - 1])[quarter : values.size - quarter].mean()


def _common_ratios(departures, excess):
    """Departure of each frame over the excess, common to all warm pixels; 0 where none is significant."""
    # Brighter pixels tell more. Those that a cosmic ray made bright are pale, and there are fewer of them.
    weights = np.sqrt(excess)
    ratios = departures / excess
    common = np.array([_weighted_median(row, weights) for row in ratios])
    common -= common.mean()
    away = np.abs(ratios - common[:, None])
    errors = np.array([1.86 * _weighted_median(row, weights) for row in away])  # 1.253 x 1.4826
    errors *= np.sqrt(np.square(weights).sum()) / weights.sum()
    return common if np.any(np.abs(common) > _SIGNIFICANT * errors) else np.zeros(len(common))


def _weighted_median(values, weights):
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return values[order[np.searchsorted(total, total[-1] / 2)]]


def _noise_of_each(residuals):
    """Standard deviation of each of three frames or more, from departures from their mean; robust."""
    count = len(residuals)
    # The departure of frame i has the variance v_i (1 - 2 / n) + sum(v) / n^2, whose sum is sum(v) (1 - 1 / n).
    apparent = np.array([robust_deviation(row[:_FEW]) ** 2 for row in residuals])
    total = apparent.sum() / (1 - 1 / count)
    return np.sqrt(np.maximum((apparent - total / count**2) / (1 - 2 / count), 0))


@dataclass
class _Law:
    """The law of ``y = s^2 / sigma^2`` with so many degrees of freedom, of which the part ``kept`` is below ``cut``."""

    kept: float
    cut: float
    mean: float  # of y below the cut
    slope: float  # - d E[psi] / d log sigma^2, where psi = y - mean below the cut, and 0 above
    variance: float  # of psi

    @classmethod
    def of(cls, dof):
        """The law of chi-square variables over ``dof``; x f(x; k) = k f(x; k + 2)."""
        kept = _KEEP_MANY if dof >= _MANY else _KEEP_FEW
        limit = chdtri(dof, 1 - kept)
        first = chdtr(dof + 2, limit)
        second = (1 + 2 / dof) * chdtr(dof + 4, limit)
        mean = first / kept
        # Density of y at the cut, from that of x: d/dq of chdtr.
        step = 1e-4 * limit
        density = (chdtr(dof, limit + step) - chdtr(dof, limit - step)) / (2 * step) * dof
        cut = limit / dof
        return cls(kept, cut, mean, first - cut * density * (cut - mean), second - kept * mean**2)

    def psi(self, ratios):
        """Influence of each variance over its expectation."""
        return np.where(ratios <= self.cut, ratios - self.mean, 0.0)


def fit_transfer(sets):
    """`Transfer` through the points of some `EqualFrames`, or None.

    None without warm pixels, or where most of them vary by more than Poisson noise.

    Each set has an unknown variance of its typical pixels, and all share the slope. The weights come from the fit, not
    from the observed variances, which would bias it low. Variances above the 80 or 90 % point of the chi-square law are
    cut off, and the expectation below that point is held against the rest: pixels that vary by more than Poisson noise
    (telegraph pixels, cosmic rays) have no influence, and Gaussian noise makes no bias. The standard errors come from
    the scatter about the fit (Huber 1967, Proc. 5th Berkeley Symp. 1, 221).
    """
    laws = [_Law.of(one.frames - 1) for one in sets]
    typical = [_typical_variance(one.variances, law) for one, law in zip(sets, laws, strict=True)]
    if sum(one.excess.size for one in sets) < _LEAST_WARM:
        return None
    slope = _first_slope(sets, typical)
    parameters = np.array([slope, *(variance for variance, _ in typical)])
    reach = [_REACH * variance / max(slope, 1e-12) for variance, _ in typical]
    chosen = [one.excess <= limit for one, limit in zip(sets, reach, strict=True)]
    if sum(np.count_nonzero(some) for some in chosen) < _LEAST_TYPICAL:
        chosen = [np.ones(one.excess.size, bool) for one in sets]
    points = [(one.excess[some], one.excess_variances[some]) for one, some in zip(sets, chosen, strict=True)]
    for _ in range(_ROUNDS):
        curvature, gradient, scatter = _equations(parameters, points, typical, laws)
        step = np.linalg.solve(curvature, gradient)
        step = np.clip(step, -0.5 * parameters, parameters)
        parameters = parameters + step
        if np.all(np.abs(step) <= _SETTLED * np.sqrt(np.diag(np.linalg.inv(curvature)))):
            break
    if _kept(parameters, points, laws) < _MOST or not _is_straight(parameters, points, laws):
        return None
    inverse = np.linalg.inv(curvature)
    errors = np.sqrt(np.diag(inverse @ scatter @ inverse))
    return Transfer(
        float(parameters[0]), float(errors[0]), list(zip(parameters[1:], errors[1:], strict=True)),
        int(sum(excess.size for excess, _ in points)),
    )  # fmt: skip


def _is_straight(parameters, points, laws):
    """Whether colder and hotter warm pixels have one slope, as Poisson noise has and cosmic rays have not."""
    split = np.median(np.concatenate([excess for excess, _ in points]))
    halves = np.zeros((2, 3))
    for variance, (excess, variances), law in zip(parameters[1:], points, laws, strict=True):
        expected = variance + parameters[0] * excess
        psi, weights = law.psi(variances / expected), parameters[0] * excess / expected
        for half, some in zip(halves, (excess <= split, excess > split), strict=True):
            factor = law.slope / law.variance
            half += [
                factor * np.sum(psi[some] * weights[some]),
                factor * law.slope * np.sum(weights[some] ** 2),
                factor**2 * np.sum((psi[some] * weights[some]) ** 2),
            ]
    gradients, curvatures, scatters = halves.T
    away = np.abs(np.diff(gradients / curvatures))[0]
    return away < max(_STRAIGHT, _SIGNIFICANT * np.sqrt(np.sum(scatters / curvatures**2)))


def _kept(parameters, points, laws):
    """Part of the warm pixels that are not cut off."""
    kept = [
        variances <= law.cut * (variance + parameters[0] * excess)
        for variance, (excess, variances), law in zip(parameters[1:], points, laws, strict=True)
    ]
    return np.concatenate(kept).mean()


def _equations(parameters, points, typical, laws):
    """Curvature, gradient and scatter of the equations for the slope and the variance of each set."""
    size = len(parameters)
    curvature, gradient, scatter = np.zeros((size, size)), np.zeros(size), np.zeros((size, size))
    for index, ((excess, variances), (variance, error), law) in enumerate(
        zip(points, typical, laws, strict=True), start=1
    ):
        expected = parameters[index] + parameters[0] * excess
        ratios = variances / expected
        psi = law.psi(ratios)
        design = np.array([excess, np.ones(excess.size)]) / expected
        at = np.ix_([0, index], [0, index])
        # Those that are cut off have no influence, and are not counted.
        curvature[at] += law.slope**2 / law.variance * ((design * (ratios <= law.cut)) @ design.T) / law.kept
        scatter[at] += (law.slope / law.variance) ** 2 * ((design * psi**2) @ design.T)
        gradient[[0, index]] += law.slope / law.variance * (design @ psi)
        curvature[index, index] += 1 / error**2
        scatter[index, index] += 1 / error**2
        gradient[index] += (variance - parameters[index]) / error**2
    return curvature, gradient, scatter


def typical_variance(variances, dof):
    """Variance that most pixels share, from the variance of each; NaN where too many vary by more than noise.

    Cosmic rays may have hit up to a third of the pixels. Of two frames, a variance below 1 is hidden by the digits.
    """
    law = _Law.of(dof)
    core, _ = _typical_variance(variances, law)
    if dof == 1 and core < 1:
        return float("nan")
    lowest = np.quantile(variances, 0.25) * dof / chdtri(dof, 0.75)
    if np.mean(variances <= law.cut * core) < _MOST or (dof > 2 and lowest < _ALIKE * core):
        return float("nan")
    # That of all but the largest is more precise.
    trimmed = trimmed_variance(variances, dof)
    return trimmed if trimmed < _HIT * core else core


def _typical_variance(variances, law):
    """Variance of pixels that have the same, and its standard error."""
    variance = np.median(variances)
    for _ in range(_ROUNDS):
        psi = law.psi(variances / variance)
        step = psi.mean() / law.slope
        variance *= 1 + np.clip(step, -0.5, 1)
        if abs(step) <= _SETTLED / np.sqrt(variances.size):
            break
    return float(variance), float(variance * np.sqrt(np.square(psi).mean() / variances.size) / law.slope)


def _first_slope(sets, typical):
    """Slope for which half of the warm pixels' variances are above the median of their law."""
    low, high = 1e-9, 1e9
    medians = [chdtri(one.frames - 1, 0.5) / (one.frames - 1) for one in sets]
    for _ in range(40):
        slope = np.sqrt(low * high)
        above = [
            one.excess_variances > median * (variance + slope * one.excess)
            for one, (variance, _), median in zip(sets, typical, medians, strict=True)
        ]
        if np.concatenate(above).mean() > 0.5:
            low = slope
        else:
            high = slope
    return slope
