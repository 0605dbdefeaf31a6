# Licensed under a 3-clause BSD style license - see LICENSE
"""Fast comparison of any number of rates of pixels that lost no frame, also where each pixel has its own read noise."""

from dataclasses import dataclass

import numpy as np

from .._compute import loops
from ..statistics.deviate_table import deviate_table
from ..statistics.rate_distribution import PosteriorMean
from ..statistics.rate_fit import TINY_RATE
from .departure_tails import DepartureTails
from .several_rates_block import SeveralRatesBlock
from .two_rates import COMPLETE, scaled

__all__ = ["SeveralRates"]

# Times that weights are found, as in `ccdproc_darks.statistics.rate_fit.fit_rate`.
_ROUNDS = 5
# Smallest leverage of a count, over its weight, that is no rounding error.
_LEAST_LEVERAGE = 1e-10
# Relative error of limits of deviates, as numbers of pixels are in single precision.
_ROUNDING = 1e-6
# Images of a block, in the order in which the compiled loop takes them.
_IMAGES = (
    "complete", "difference", "rate", "deviation", "deviate", "departure", "information", "skewness", "share", "alike",
)  # fmt: skip


@dataclass
class _Exposure:
    """Numbers of the rates at one exposure time, in electron/s.

    Variances that grow with the read variance v of a pixel are told by two numbers: a constant, and the growth with v.
    """

    number: int
    shift: float
    # Variance per electron/s of dark current; by read noise; 1 / t; what the cube of a residual adds to the skewness.
    growth: float
    noise: tuple
    per_second: float
    cube: float
    # Variances by read noise and bias, and by the bias alone, with which the rate was measured.
    measured: tuple
    bias: tuple

    def numbers(self):
        """Numbers that the compiled loop takes."""
        return (
            self.number == 1, self.shift, self.growth, *self.noise, self.per_second, self.cube, 1 / self.number,
            *self.measured, *self.bias, COMPLETE / self.number,
        )  # fmt: skip


@dataclass
class _Group:
    """Places of exposures that share a bias, its variance (constant, growth with v), and 1 over its frames."""

    members: range
    bias: tuple
    per_frame: float


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
        self._dtype, self._width, self.normal = images.dtype, width, normal
        self._prior = None if rate_distribution is None else PosteriorMean(rate_distribution)
        # Whether the variance of the counts is known.
        self.known = rate_distribution is None
        self.degrees, self._has_map = len(images) - 1, images.noise is not None
        self._seconds = images.seconds
        self._noise = np.array([info.read_noise**2 for info in images.infos])
        # Exposures in the order of their groups.
        self._order = [index for members, _ in images.shared for index in members]
        self._first, self._last = self._order.index(0), self._order.index(len(images) - 1)
        self._exposures = [self._exposure(images.infos[k], images.seconds[k], offsets[k]) for k in self._order]
        self._groups = list(self._make_groups(images))
        self._spread = self._spread_parts()
        self._table = None if self.degrees == 1 else deviate_table(self.degrees)
        distribution = images.noise and images.noise.distribution
        self._tails = None if distribution is None else DepartureTails(images)

    def _make_groups(self, images):
        place = 0
        for members, variance in images.shared:
            noise = images.infos[members[0]].read_noise ** 2
            per_frame = variance / noise if noise else 0.0
            bias = self._parts(variance, per_frame)
            yield _Group(range(place, place + len(members)), bias, per_frame)
            place += len(members)

    def _parts(self, constant, growth):
        """Constant of a variance and its growth with the read variance of a pixel: one of them is zero."""
        return (0.0, growth) if self._has_map else (constant, 0.0)

    def _exposure(self, info, t, offset):
        number, noise, bias = info.frames, info.read_noise**2, info.bias_error**2
        by_map = info.noise_source == "map"
        # Variance of the bias per read variance.
        part = bias / noise if bias and by_map else 0.0
        measured, of_bias = ((noise / number + bias) / t**2, 0.0), (bias / t**2, 0.0)
        if by_map:
            measured, of_bias = (0.0, (1 / number + part) / t**2), (0.0, part / t**2)
        return _Exposure(
            number, offset / t, 1 / (number * t), self._parts(noise / number / t**2, 1 / number / t**2), 1 / t,
            1 / (number * t) ** 2, measured, of_bias,
        )  # fmt: skip

    def _spread_parts(self):
        """Variance of the difference of the first and last rate: growth with the rate, constant and growth with v."""
        first, last = self._exposures[self._first], self._exposures[self._last]
        noise = np.add(first.noise, last.noise)
        for group in self._groups:
            once = (self._first in group.members) * first.per_second - (self._last in group.members) * last.per_second
            noise += once**2 * np.array(group.bias)
        return float(first.growth + last.growth), *map(float, noise)

    @staticmethod
    def fits(images, free_offset):
        """Whether there are two rates or more, with read noise, and pixels have no offsets of their own."""
        known = all(info.read_noise is not None for info in images.infos)
        mapped = images.noise is None or all(info.read_noise > 0 for info in images.infos)
        return 2 <= len(images) <= loops.MOST_EXPOSURES and not free_offset and known and mapped

    def rows(self, images, block, departures=True, deviate=None):
        """`SeveralRatesBlock` of a block of rows of `RateImages`.

        Without ``departures`` there are only the rate, the difference and its standard deviation. ``deviate`` is an
        array of the rates' precision that the deviates may be put into.
        """
        parts = [image.flat(block) for image in images]
        parts = [(*parts[k], list(images)[k].factor) for k in self._order]
        rates, deviations = ([scaled(part[index], part[3], self._dtype) for part in parts] for index in (0, 2))
        masks = [part[1] for part in parts]
        scatter = variance = None
        if images.noise is not None:
            scatter, variance = (part.reshape(-1) for part in images.noise.rows(block))
        if loops.several is None or self._dtype != np.float32:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
                found = self._numpy(rates, masks, deviations, variance, departures)
        else:
            found = self._compiled(rates, masks, deviations, variance, departures, deviate)
        if self._table is not None and departures:
            self._table.finish(found["deviate"])
        return SeveralRatesBlock(self, last=rates[self._last], scatter=scatter, variance=variance, **found)

    def _names(self, departures):
        """Names of the images that a block has, besides the complete pixels."""
        if not departures:
            return "difference", "rate", "deviation"
        averaged = ("share", "alike") if self._tails is not None else ()
        return "difference", "rate", "deviate", "departure", "information", "skewness", *averaged

    def _compiled(self, rates, masks, deviations, variance, departures, place):
        """Images of the block by the compiled loop, in one pass over the pixels."""
        found = {name: np.empty(rates[0].shape, self._dtype) for name in self._names(departures)}
        if place is not None and departures:
            found["deviate"] = place.reshape(-1)
        found = {"complete": np.empty(rates[0].shape, bool)} | found
        groups = tuple((len(group.members), *group.bias, group.per_frame) for group in self._groups)
        numbers = (
            self._first, self._last, self._by_first, _ROUNDS, self._start, TINY_RATE, self._width, *self._spread,
            _LEAST_LEVERAGE,
        )  # fmt: skip
        table = () if self._table is None else (self._table.coefficients.reshape(-1), float(self._table.per_one))
        loops.several(
            rates[0].size, (*rates, *deviations, *masks, variance), tuple(one.numbers() for one in self._exposures),
            groups, numbers, () if self._prior is None else self._prior.arrays, table,
            tuple(found.get(name) for name in _IMAGES),
        )  # fmt: skip
        return found

    @property
    def _by_first(self):
        """Whether the side of a departure is that of the first exposure alone, as all are equal."""
        return bool(np.ptp(self._seconds) == 0)

    @property
    def _start(self):
        """First rate by whose noise all pixels are weighted (electron/s)."""
        return float(self.settled(np.zeros(1))[0])

    def settled(self, rate):
        """Rate (electron/s) by whose noise a pixel of a fitted rate is weighted."""
        return np.clip(rate if self._prior is None else self._prior.of(rate), TINY_RATE, np.inf)

    def _numpy(self, rates, masks, deviations, variance, departures):
        """The same images by numpy, in some two hundred passes."""
        v = None if variance is None else variance.astype(float)
        complete = np.ones(rates[0].shape, dtype=bool)
        for one, rate, deviation, mask in zip(self._exposures, rates, deviations, masks, strict=True):
            complete &= _is_complete(one, rate, deviation, v)
            if mask is not None:
                complete &= ~mask
        y = [rate.astype(float) - one.shift for one, rate in zip(self._exposures, rates, strict=True)]
        base, bias = [_at(one.noise, v) for one in self._exposures], [_at(group.bias, v) for group in self._groups]
        trial = np.full(y[0].shape, self._start)
        for _ in range(_ROUNDS):
            weights, products, tt, tc = [], [], 0.0, 0.0
            for group, b in zip(self._groups, bias, strict=True):
                common, common_c, square = 0.0, 0.0, 0.0
                for k in group.members:
                    one = self._exposures[k]
                    weight = 1 / (trial * one.growth + base[k])
                    weights.append(weight)
                    tt, tc = tt + weight, tc + weight * y[k]
                    once = weight * one.per_second
                    common, common_c, square = common + once, common_c + once * y[k], square + once * one.per_second
                factor = b / (1 + b * square)
                product = factor * common
                products.append((factor, product))
                tt, tc = tt - product * common, tc - product * common_c
            rate = tc / tt
            trial = self.settled(rate)
        found = {"difference": y[self._first] - y[self._last], "rate": rate}
        if departures:
            found |= self._departures(y, rate, trial, weights, products, tt)
        else:
            growth, *noise = self._spread
            found["deviation"] = np.sqrt(np.clip(rate, 0, np.inf) * growth + _at(noise, v))
        found = {name: found[name].astype(self._dtype) for name in self._names(departures)}
        complete &= np.isfinite(found["deviate" if departures else "rate"])
        return {"complete": complete} | found

    def _departures(self, y, rate, trial, weights, products, tt):
        """Departures from the fitted rate, and what their tails depend on."""
        zero = np.zeros(rate.shape)
        chi_square, excess, skewness, poisson, second, fourth = (zero.copy() for _ in range(6))
        best, farthest, lever, information, inverse = zero - 1, zero, zero + 1, zero, 1 / tt
        for group, (factor, product) in zip(self._groups, products, strict=True):
            common = sum(weights[k] * (y[k] - rate) * self._exposures[k].per_second for k in group.members) * factor
            total = zero
            for k in group.members:
                one, weight, residual = self._exposures[k], weights[k], y[k] - rate
                once = weight * one.per_second
                solved = weight * residual - once * common
                projected = weight - once * product
                leverage = weight - factor * once * once - projected * projected * inverse
                chi_square += solved * residual
                square, each = solved * solved, solved * one.per_second
                excess += each * float(not self._by_first or k == self._first)
                skewness += square * solved * one.cube
                deviation = square / leverage
                larger = (leverage > _LEAST_LEVERAGE * weight) & (deviation > best)
                farthest, lever = np.where(larger, solved, farthest), np.where(larger, leverage, lever)
                best = np.where(larger, deviation, best)
                information = np.where(leverage > information, leverage, information)
                poisson += square * one.growth
                part = each * each * (1 / one.number)
                second += part
                fourth += part * part * (1 / one.number)
                total = total + each
            part = total * total * group.per_frame
            second += part
            fourth += part * part * group.per_frame
        root = np.sqrt(np.clip(chi_square, 0, np.inf))
        size = root / self._width
        if self._table is not None:
            size = self._table.deviate(size)
        return {
            "deviate": np.copysign(size, excess), "departure": np.abs(farthest) / lever, "information": information,
            "skewness": trial * skewness / (root * chi_square), "share": 1 - trial * poisson / chi_square,
            "alike": second * second / fourth,
        }  # fmt: skip

    def averaged(self, block, pixels, deviate):
        """Deviates of some pixels of a block, averaged over the read noise that a pixel may have."""
        if self._tails is None:
            return deviate
        parts = (part[pixels].astype(float) for part in (block.scatter, block.share, block.alike))
        return self._tails.deviate(deviate, *parts, self.degrees)

    def limits(self, block, pixels, low, high):
        """Lower and upper limits of `averaged` deviates, not averaged between ``low`` and ``high``."""
        frames = block.alike[pixels].astype(float)
        low, high = self._tails.limits(np.maximum(low, 0), high, frames, self.degrees)
        return low * (1 - _ROUNDING), high * (1 + _ROUNDING)

    def kurtosis(self, rate, variance):
        """Largest excess kurtosis of a count of pixels of such rates, as in `RateFit`."""
        settled, most = self.settled(rate), 0.0
        for k, one in zip(self._order, self._exposures, strict=True):
            electrons = settled * self._seconds[k]
            read = self._noise[k] if variance is None else variance
            most = np.maximum(most, electrons / one.number / np.square(electrons + read))
        return most


def _is_complete(exposure, rate, deviation, variance):
    """Pixels whose uncertainty is that of all frames, as in `TwoRates`."""
    if exposure.number == 1:
        return np.isfinite(deviation) & np.isfinite(rate)
    own = np.square(deviation, dtype=float)
    miss = np.clip(rate.astype(float), 0, np.inf) * exposure.growth + _at(exposure.measured, variance) - own
    return np.abs(miss) - (own - _at(exposure.bias, variance)) * (COMPLETE / exposure.number) <= 0


def _at(parts, variance):
    """A variance from its constant, and its growth with the read variance (electron^2) of a pixel."""
    return parts[0] if variance is None else parts[0] + parts[1] * variance
