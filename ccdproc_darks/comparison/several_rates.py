# Licensed under a 3-clause BSD style license - see LICENSE
"""Fast comparison of any number of rates of pixels that lost no frame, also where each pixel has its own read noise."""

from dataclasses import dataclass

import numpy as np

from .._compute import loops
from ..statistics.deviate_table import deviate_table
from ..statistics.noise_mixture import MeanTails
from ..statistics.rate_fit import TINY_RATE
from ..statistics.significance import needs_exact_tail, significance_between
from .two_rates import COMPLETE

__all__ = ["SeveralRates", "SeveralRatesBlock"]

# Times that weights are found, as in `ccdproc_darks.statistics.rate_fit.fit_rate`.
_ROUNDS = 5
# Smallest leverage of a count, over its weight, that is no rounding error.
_LEAST_LEVERAGE = 1e-10
# Deviate below which no tail is other than normal, and none is averaged over read noises.
_NORMAL = 1.0


@dataclass
class _Exposure:
    """Numbers of the rates at one exposure time, in electron/s.

    A variance that grows with the read variance v of a pixel is told by two numbers, (constant, growth with v).
    """

    shift: float
    growth: float
    noise: tuple
    per_second: float
    cube: float
    number: int
    # Variance by read noise and bias with which rates were measured, that of the bias alone, and reach: see `_complete`.
    measured: tuple
    bias: tuple
    reach: float


class SeveralRates:
    """Fast comparison of two rates or more of pixels that lost no frame.

    ``images`` are `RateImages`. For ``offsets``, ``rate_distribution`` and ``width`` see
    `ccdproc_darks.comparison.comparer.compare_rows`. ``normal`` takes all tails for those of normal noise.

    Notes
    -----
    Rates ``d_k`` have the covariance ``diag(d / (N_k t_k) + R^2 / (N_k t_k^2)) + sum_g s_g^2 / (t_k t_l)``, with groups
    g that share a bias of the variance s_g^2. Its inverse is Sherman and Morrison's (1950). The fit is that of
    `ccdproc_darks.statistics.rate_fit.fit_rate`, with the same rounds, in double precision.
    """

    def __init__(self, images, offsets, rate_distribution, width, normal=False):
        self._prior, self._dtype, self.width, self.normal = rate_distribution, images.dtype, width, normal
        self.degrees, self._has_map = len(images) - 1, images.noise is not None
        self._equal_times = bool(np.ptp(images.seconds) == 0)
        self._exposures = [
            self._exposure(info, seconds, offset / seconds)
            for info, seconds, offset in zip(images.infos, images.seconds, offsets, strict=True)
        ]
        self._groups = [
            (members, self._parts(variance, variance / images.infos[members[0]].read_noise ** 2 if variance else 0.0))
            for members, variance in images.shared
        ]
        # Number of bias frames, by the error of the bias.
        self._bias_frames = [
            images.infos[members[0]].read_noise ** 2 / variance if variance else np.inf
            for members, variance in images.shared
        ]
        self.seconds = images.seconds
        self._noise = np.array([info.read_noise**2 for info in images.infos])
        self._table = None if self.degrees == 1 else deviate_table(self.degrees)
        distribution = images.noise and images.noise.distribution
        self._tails = None if distribution is None else MeanTails(distribution)
        # Whether the variance of the counts is known.
        self.known = rate_distribution is None

    def _parts(self, constant, growth):
        """Constant of a variance and its growth with the read variance of a pixel: one of them is zero."""
        return (0.0, growth) if self._has_map else (constant, 0.0)

    def _exposure(self, info, t, shift):
        number, noise = info.frames, info.read_noise**2
        per_bias = info.bias_error**2 / noise if info.bias_error else 0.0
        measured = ((noise / number + info.bias_error**2) / t**2, (1 / number + per_bias) / t**2)
        bias = info.bias_error**2 / t**2, per_bias / t**2
        by_map = info.noise_source == "map"
        return _Exposure(
            shift, 1 / (number * t), self._parts(noise / number / t**2, 1 / number / t**2), 1 / t,
            1 / (number * t) ** 2, number,
            (0.0, measured[1]) if by_map else (measured[0], 0.0), (0.0, bias[1]) if by_map else (bias[0], 0.0),
            COMPLETE / number,
        )  # fmt: skip

    @staticmethod
    def fits(images, free_offset):
        """Whether there are two rates or more, with read noise, and pixels have no offsets of their own."""
        known = all(info.read_noise is not None for info in images.infos)
        mapped = images.noise is None or all(info.read_noise > 0 for info in images.infos)
        return 2 <= len(images) <= loops.MOST_EXPOSURES and not free_offset and known and mapped

    def rows(self, images, block, outliers=True, deviate=None):
        """`SeveralRatesBlock` of a block of rows of `RateImages`; rates are right of all complete pixels.

        ``deviate`` is an array of the rates' precision that the deviates may be put into.
        """
        rates, masks, deviations = [], [], []
        for image in images:
            data, mask, deviation = image.flat(block)
            rates.append(self._scaled(data, image.factor))
            deviations.append(self._scaled(deviation, image.factor))
            masks.append(mask)
        scatter = variance = None
        if images.noise is not None:
            scatter, variance = (part.reshape(-1) for part in images.noise.rows(block))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            found = self._numpy(rates, masks, deviations, variance)
        if self._table is not None:
            self._table.finish(found["size"])
        deviate = np.copysign(found.pop("size"), found.pop("excess"))
        return SeveralRatesBlock(self, deviate=deviate, scatter=scatter, variance=variance, **found)

    def _scaled(self, image, factor):
        """Image in electron/s; it may be the user's own array."""
        if factor == 1 and image.dtype == self._dtype:
            return image
        scaled = image.astype(self._dtype)
        if factor != 1:
            scaled *= factor
        return scaled

    def _complete(self, exposure, rate, deviation, mask, variance):
        """Pixels whose uncertainty is that of all frames."""
        if exposure.number == 1:
            complete = np.isfinite(deviation) & np.isfinite(rate)
        else:
            own = np.square(deviation, dtype=float)
            # Variance of all frames minus the pixel's own, and the largest difference allowed ((electron/s)^2).
            miss = np.abs(np.clip(rate.astype(float), 0, np.inf) * exposure.growth + _at(exposure.measured, variance) - own)
            complete = miss - (own - _at(exposure.bias, variance)) * exposure.reach <= 0
        return complete if mask is None else complete & ~mask

    def settled(self, rate):
        """Rate (electron/s) by whose noise a pixel of a fitted rate is weighted."""
        if self._prior is not None:
            rate = self._prior.posterior_mean(rate)
        return np.clip(rate, TINY_RATE, np.inf)

    def _numpy(self, rates, masks, deviations, variance):
        """Images of the block by numpy, in some two hundred passes."""
        v = None if variance is None else variance.astype(float)
        exposures, complete = self._exposures, True
        for one, rate, deviation, mask in zip(exposures, rates, deviations, masks, strict=True):
            complete = self._complete(one, rate, deviation, mask, v) & complete
        y = [rate - one.shift for one, rate in zip(exposures, (rate.astype(float) for rate in rates), strict=True)]
        base, bias = [_at(one.noise, v) for one in exposures], [_at(parts, v) for _, parts in self._groups]
        trial = np.full(y[0].shape, self.settled(np.zeros(1))[0])
        for _ in range(_ROUNDS):
            weights, products, tt, tc = [None] * len(y), [], 0.0, 0.0
            for (members, _), b in zip(self._groups, bias, strict=True):
                t, u, s = 0.0, 0.0, 0.0
                for k in members:
                    weights[k] = w = 1 / (trial * exposures[k].growth + base[k])
                    tt, tc = tt + w, tc + w * y[k]
                    ws = w * exposures[k].per_second
                    t, u, s = t + ws, u + ws * y[k], s + ws * exposures[k].per_second
                factor = b / (1 + b * s)
                products.append((factor, factor * t))
                tt, tc = tt - factor * t * t, tc - factor * t * u
            rate = tc / tt
            trial = self.settled(rate)
        return self._residuals(y, rate, trial, weights, products, tt, complete)

    def _residuals(self, y, rate, trial, weights, products, tt, complete):
        exposures, zero = self._exposures, np.zeros(rate.shape)
        chi_square, excess, skewness, poisson, second, fourth = (zero.copy() for _ in range(6))
        best, departure, information = np.full(rate.shape, -1.0), zero.copy(), zero.copy()
        for (members, _), (factor, product), number in zip(self._groups, products, self._bias_frames, strict=True):
            residuals = {k: y[k] - rate for k in members}
            common = sum(weights[k] * residuals[k] * exposures[k].per_second for k in members) * factor
            total = zero
            for k in members:
                one, w = exposures[k], weights[k]
                ws = w * one.per_second
                solved = w * residuals[k] - ws * common
                projected = w - ws * product
                leverage = w - factor * ws * ws - projected * projected / tt
                chi_square += solved * residuals[k]
                square, each = solved * solved, solved * one.per_second
                excess += each if not self._equal_times or k == 0 else 0.0
                skewness += square * solved * one.cube
                deviation = np.where(leverage > _LEAST_LEVERAGE * w, square / leverage, 0.0)
                departure = np.where(deviation > best, np.abs(solved) / leverage, departure)
                best = np.where(deviation > best, deviation, best)
                information = np.maximum(information, leverage)
                poisson += square * one.growth
                part = each * each * (1 / one.number)
                second += part
                fourth += part * part * (1 / one.number)
                total = total + each
            part = total * total * (1 / number)
            second += part
            fourth += part * part * (1 / number)
        root = np.sqrt(np.clip(chi_square, 0, np.inf))
        skewness = trial * skewness / (root * chi_square)
        size = root / self.width
        if self._table is not None:
            size = self._table.deviate(size)
        images = {
            "difference": y[0] - y[-1], "second": y[-1], "rate": rate, "size": size, "excess": excess,
            "departure": departure, "information": information, "skewness": skewness,
        }  # fmt: skip
        if self._tails is not None:
            images |= {"share": 1 - trial * poisson / chi_square, "alike": second * second / fourth}
        images = {name: image.astype(self._dtype) for name, image in images.items()}
        return {"complete": complete & np.isfinite(images["size"]), **images}

    def deviation(self, rate, variance):
        """Standard deviation (electron/s) of the difference of pixels whose true rate is ``rate``."""
        first, last = self._exposures[0], self._exposures[-1]
        square = np.clip(rate, 0, np.inf).astype(float) * (first.growth + last.growth)
        square += _at((first.noise[0] + last.noise[0], first.noise[1] + last.noise[1]), variance)
        for members, parts in self._groups:
            once = (0 in members) * first.per_second - (len(self._exposures) - 1 in members) * last.per_second
            square += _at((parts[0] * once**2, parts[1] * once**2), variance)
        return np.sqrt(square).astype(self._dtype)

    def averaged(self, block, pixels, deviate):
        """Deviates of some pixels of a block, averaged over the read noise that a pixel may have."""
        if self._tails is None:
            return deviate
        parts = (part[pixels].astype(float) for part in (block.scatter, block.share, block.alike))
        return self._tails.deviate(deviate, *parts, self.degrees)

    def kurtosis(self, rate, variance):
        """Largest excess kurtosis of a count of pixels of such rates, as in `RateFit`."""
        most = 0.0
        for one, t, noise in zip(self._exposures, self.seconds, self._noise, strict=True):
            electrons = self.settled(rate) * t
            read = noise if variance is None else variance
            most = np.maximum(most, electrons / one.number / np.square(electrons + read))
        return most


@dataclass
class SeveralRatesBlock:
    """Rates of a block of rows, compared; flat arrays, right where ``complete`` is True.

    `ccdproc_darks.comparison.two_rates.TwoRatesBlock` has the same methods, and the attributes up to ``information``.

    Attributes
    ----------
    several_rates : `SeveralRates`
        Common properties of all pixels.
    complete : `numpy.ndarray` of bool
        Pixels that lost no frame.
    rate : `numpy.ndarray`
        Fitted rate (electron/s).
    difference, second : `numpy.ndarray`
        Rate at the shortest exposure minus that at the longest, and that at the longest (electron/s).
    deviate : `numpy.ndarray`
        Departure from one rate as a signed equivalent normal deviate, with normal tails and the pixel's mean read
        variance.
    departure, information : `numpy.ndarray`
        Absolute departure (electron/s) of the exposure that is furthest, in sigmas, from what the others predict: that
        of `ccdproc_darks.comparison.comparer.Comparison.largest_departure`. Largest 1 / variance (s^2/electron^2) of
        such a departure, of any exposure: with d the rate, a departure of f d makes the chi-square a non-central one
        with the non-centrality ``(f d)^2 information``.
    skewness : `numpy.ndarray`
        Skewness of the counts in the direction of the departure, see `ccdproc_darks.statistics.rate_fit.RateFit`.
    scatter, variance : `numpy.ndarray` or None
        Read noise (electron) as measured and mean variance of a reading (electron^2), of a map.
    share, alike : `numpy.ndarray` or None
        See `ccdproc_darks.statistics.noise_mixture.MeanTails` (``frames``), where the map is not exact.
    """

    several_rates: SeveralRates
    complete: np.ndarray
    rate: np.ndarray
    difference: np.ndarray
    second: np.ndarray
    deviate: np.ndarray
    departure: np.ndarray
    information: np.ndarray
    skewness: np.ndarray
    scatter: np.ndarray | None = None
    variance: np.ndarray | None = None
    share: np.ndarray | None = None
    alike: np.ndarray | None = None

    def significance(self):
        """Deviates averaged over the read noise that a pixel may have; `deviate` where read noise is known exactly."""
        if self.share is None:
            return self.deviate
        found = self.deviate.copy()
        far = np.flatnonzero(self.complete & (np.abs(found) > _NORMAL))
        found[far] = self.several_rates.averaged(self, far, found[far].astype(float))
        return found

    def inexact_mask(self):
        """Pixels whose significance is not that of `significance`, as a boolean array: incomplete, or far in a tail."""
        inexact = ~self.complete
        far = np.flatnonzero(self.complete & (np.abs(self.deviate) > _NORMAL))
        inexact[far[self._needs_exact(far)]] = True
        return inexact

    def inexact_pixels(self):
        """Flat indices of the pixels of `inexact_mask`."""
        return np.flatnonzero(self.inexact_mask())

    def beyond(self, critical):
        """Pixels whose absolute significance is above a critical deviate, and those for which the exact way must tell.

        Returns
        -------
        beyond, undecided : `numpy.ndarray` of int
            Flat indices, rising. No pixel is in both, and incomplete pixels are in neither.
        """
        several = self.several_rates
        far = np.flatnonzero(self.complete & (np.abs(self.deviate) > critical / 3))
        size, exact = np.abs(self.deviate[far].astype(float)), self._needs_exact(far)
        low, high = significance_between(size, self.skewness[far], self._kurtosis(far), exact)
        low, high = (several.averaged(self, far, side) for side in (low, high))
        return far[low > critical], far[(low <= critical) & (high > critical)]

    def statistic(self, name):
        """Images of a statistic of `compare_dark_rates`, and flat indices of the pixels that need the exact way."""
        if name == "significance":
            return [self.significance()], self.inexact_pixels()
        incomplete, deviation = np.flatnonzero(~self.complete), self.several_rates.deviation(self.rate, self.variance)
        if name == "difference":
            return [self.difference, deviation], incomplete
        if name == "ratio":
            with np.errstate(divide="ignore", invalid="ignore"):
                second = np.where(self.second > 0, self.second, np.nan)
                return [(self.difference + self.second) / second, deviation / second], incomplete
        raise ValueError(f"no statistic {name!r} in the fast pass")

    def _kurtosis(self, pixels):
        variance = None if self.variance is None else self.variance[pixels].astype(float)
        return self.several_rates.kurtosis(self.rate[pixels].astype(float), variance)

    def _needs_exact(self, pixels):
        """Which of some complete pixels have a tail that is not normal."""
        several = self.several_rates
        if several.normal:
            return np.zeros(pixels.shape, dtype=bool)
        size = np.abs(self.deviate[pixels].astype(float))
        return needs_exact_tail(size, self.skewness[pixels], self._kurtosis(pixels), several.known)


def _at(parts, variance):
    """A variance from its constant, and its growth with the read variance (electron^2) of a pixel."""
    return parts[0] if variance is None else parts[0] + parts[1] * variance
