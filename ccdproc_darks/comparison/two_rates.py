# Licensed under a 3-clause BSD style license - see LICENSE
"""Fast comparison of two rates of pixels that lost no frame, by their difference and their generalised mean alone."""

from dataclasses import dataclass, replace

import numpy as np

from .._compute import loops
from ..statistics.rate_fit import TINY_RATE
from ..statistics.significance import first_size, needs_exact_tail, significance_between

__all__ = ["COMPLETE", "QUICK_STATISTICS", "TwoRates", "TwoRatesBlock"]

# Rounds after which weights have converged, as in `ccdproc_darks.statistics.rate_fit.fit_rate`.
_MOST_ROUNDS = 4
# Relative error of a standard deviation that is negligible, in single (4 bytes) and in double precision.
_SETTLED = {4: 1e-5, 8: 1e-6}
# Pixels lost no frame where the number of frames that their uncertainty implies differs by less from all (frames).
COMPLETE = 0.25
# Grids of deviates and of rates (electron/s) on which it is found where a tail is not normal.
_SIZES = np.linspace(1.4, 4.0, 261)
_RATES = np.concatenate([[0.0], np.geomspace(1e-8, 1e8, 641)])
# Factor on such a deviate, so that no pixel is missed by rounding to single precision.
_MARGIN = 0.999
# Statistics of `compare_dark_rates` that have a fast pass.
QUICK_STATISTICS = ("significance", "difference", "ratio")


class TwoRates:
    """Fast comparison of two rates of pixels that lost no frame.

    ``images`` are `RateImages` of two rates. For ``offsets``, ``rate_distribution`` and ``width`` see
    `ccdproc_darks.comparison.comparer.compare_rows`. ``normal`` takes all tails for those of normal noise.

    Notes
    -----
    Rates ``d_1`` and ``d_2`` whose covariance at the rate d has the elements ``s_ij`` have the generalised least
    squares mean ``d_2 + (d_1 - d_2) (s_22 - s_12) / (s_11 + s_22 - 2 s_12)`` (Aitken 1935), and the chi-square of their
    residuals is ``(d_1 - d_2)^2 / (s_11 + s_22 - 2 s_12)``. Both parts of the fraction are linear in d.
    `ccdproc_darks.statistics.rate_fit.fit_rate` gives the same in a hundred times the time.
    """

    def __init__(self, images, offsets, rate_distribution, width, normal=False):
        infos, t = images.infos, images.seconds
        self._posterior_mean = None if rate_distribution is None else rate_distribution.posterior_mean
        self._dtype, self._width = images.dtype, width
        self._seconds, self._shifts = t, offsets / t
        self._frames = np.array([info.frames for info in infos])
        self._noise = np.array([info.read_noise**2 for info in infos])
        self._bias = np.array([info.bias_error**2 for info in infos])
        constant = (self._noise / self._frames + self._bias) / t**2
        growth = 1 / (self._frames * t)
        common = sum(variance for members, variance in images.shared if len(members) == 2) / (t[0] * t[1])
        # s_22 - s_12 and s_11 + s_22 - 2 s_12: the value at rate zero, and the growth per electron/s.
        self._upper = constant[1] - common, growth[1]
        self._lower = constant.sum() - 2 * common, growth.sum()
        trial = TINY_RATE if rate_distribution is None else max(float(rate_distribution.posterior_mean(0.0)), TINY_RATE)
        self._weight_of_none = (self._upper[0] + self._upper[1] * trial) / (self._lower[0] + self._lower[1] * trial)
        self._find_steps(known=rate_distribution is None)
        self._rounds = self._needed_rounds() if rate_distribution is None else _MOST_ROUNDS
        if normal:
            self._steps = [(0.0, np.inf)]

    def _find_steps(self, known):
        """Find deviates beyond which the tail of a pixel may not be normal, from each of some rates (electron/s) on.

        The skewness of the difference is that of its Poisson part, ``d (1/T_1^2 - 1/T_2^2)`` over its deviation cubed.
        """
        total = self._frames * self._seconds
        variance = self._lower[0] + self._lower[1] * _RATES
        with np.errstate(divide="ignore", invalid="ignore"):
            skewness = np.abs(_RATES * (1 / total[0] ** 2 - 1 / total[1] ** 2)) / variance**1.5
            electrons = _RATES * self._seconds[:, None]
            kurtosis = (electrons / self._frames[:, None] / (electrons + self._noise[:, None]) ** 2).max(axis=0)
        skewness, kurtosis = np.nan_to_num(skewness), np.nan_to_num(kurtosis)
        not_normal = np.zeros((_SIZES.size, _RATES.size), dtype=bool)
        for side in (-1, 1):
            not_normal |= needs_exact_tail(_SIZES[:, None], side * skewness, kurtosis, known)
        # Largest deviate of the grid whose tail is normal, as the first one's always is; where all are, the last (-1).
        least = _SIZES[not_normal.argmax(axis=0) - 1]
        # The least deviate between two rates, which are a grid step further apart than needed.
        few, many = np.flatnonzero(least < _SIZES[-1]), np.flatnonzero(least < 2.4)
        self._steps = [(0.0, float(_SIZES[-1]))]
        if few.size:
            self._steps.append((_RATES[max(few[0] - 1, 0)], float(least.min())))
        if many.size and many[-1] + 2 < _RATES.size:
            self._steps.append((_RATES[many[-1] + 2], float(least[many[-1] + 1 :].min())))

    def _needed_rounds(self):
        """How many times the weights are computed for pixels whose tail is normal.

        From one round to the next the error of the rate d shrinks by ``|D| |dw / dd|``, with w the weight of the first
        rate and a difference D of a few standard deviations at most. Its effect on the variance must be negligible.
        """
        (upper, upper_growth), (lower, lower_growth) = self._upper, self._lower
        variance = lower + lower_growth * _RATES
        with np.errstate(divide="ignore", invalid="ignore"):
            shrinks = self.largest_normal * abs(upper_growth * lower - upper * lower_growth) / variance**1.5
            share = lower_growth * _RATES / variance / 2
            for rounds in range(1, _MOST_ROUNDS):
                if (share * shrinks**rounds).max() < _SETTLED[self._dtype.itemsize] and shrinks.max() < 1:
                    return rounds
        return _MOST_ROUNDS

    @property
    def largest_normal(self):
        """Largest deviate at which the tail of every pixel is normal."""
        return self._steps[0][1]

    @staticmethod
    def fits(images, free_offset):
        """Whether these are two rates with one read noise, and pixels have no offsets of their own."""
        known = all(info.read_noise is not None for info in images.infos)
        return len(images) == 2 and images.noise is None and not free_offset and known

    def rows(self, images, block, departures=True, deviate=None):
        """`TwoRatesBlock` of a block of rows of two `RateImage`.

        Without ``departures`` the rates are right even of pixels whose tail is not normal. ``deviate`` is an array of
        the rates' precision that the deviates may be put into.
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            return self._rows(images, block, self._rounds if departures else _MOST_ROUNDS, deviate)

    def _rows(self, images, block, rounds, place):
        rates, masks, deviations = [], [], []
        for image in images:
            data, mask, deviation = image.flat(block)
            rates.append(scaled(data, image.factor, self._dtype))
            deviations.append(scaled(deviation, image.factor, self._dtype))
            masks.append(mask)
        if self._needs_numpy:
            return self._numpy(rates, masks, deviations, rounds)
        return self._compiled(rates, masks, deviations, rounds, place)

    @property
    def _needs_numpy(self):
        plain = self._dtype == np.float32 and self._posterior_mean is None and self._shifts[1] == 0
        return loops.pair is None or not plain

    def _compiled(self, rates, masks, deviations, rounds, place=None):
        """The block by the compiled loop, in one pass over the pixels."""
        difference, rate = (np.empty(rates[0].shape, self._dtype) for _ in range(2))
        deviate = np.empty(rates[0].shape, self._dtype) if place is None else place.reshape(-1)
        complete, inexact = (np.empty(rates[0].shape, bool) for _ in range(2))
        (_, beyond), *steps = self._steps
        numbers = (
            *(self._complete_numbers(index) for index in range(2)), self._shifts[0], self._weight_of_none,
            *self._upper, *self._lower, TINY_RATE, self._width, beyond * _MARGIN, rounds,
        )  # fmt: skip
        steps = tuple((low, least * _MARGIN) for low, least in steps)
        images = difference, rate, deviate, complete, inexact
        loops.pair(difference.size, (*rates, *deviations, *masks), numbers, steps, images)
        return TwoRatesBlock(self, complete, difference, rates[1], rate, deviate, inexact)

    def _numpy(self, rates, masks, deviations, rounds):
        """The same block by numpy, in some thirty passes."""
        complete = True
        for index, (data, mask, deviation) in enumerate(zip(rates, masks, deviations, strict=True)):
            complete = self._is_complete(index, data, deviation) & complete
            if mask is not None:
                complete &= ~mask
        first, second = (
            rate if shift == 0 else rate - self._dtype.type(shift)
            for rate, shift in zip(rates, self._shifts, strict=True)
        )
        difference = first - second
        # Weights of rate zero first, then those of the rate found.
        rate = difference * self._dtype.type(self._weight_of_none)
        rate += second
        trial = lower = np.empty_like(first)
        for _ in range(rounds):
            trial = self._settled(rate, out=trial)
            _linear(self._upper, trial, out=rate)
            lower = _linear(self._lower, trial, out=trial)
            rate /= lower
            rate *= difference
            rate += second
        deviate = np.sqrt(lower, out=lower)
        if self._width != 1:
            deviate *= self._width
        np.divide(difference, deviate, out=deviate)
        complete &= np.isfinite(deviate)
        return TwoRatesBlock(self, complete, difference, second, rate, deviate)

    def _complete_numbers(self, index):
        """Whether a rate is of one frame, and the numbers by which `_is_complete` computes variances."""
        t, number, noise, bias = self._seconds[index], self._frames[index], self._noise[index], self._bias[index]
        return number == 1, 1 / (number * t), (noise / number + bias) / t**2, bias / t**2, COMPLETE / number

    def _is_complete(self, index, data, deviation):
        """Pixels whose uncertainty is that of all frames."""
        lone, growth, constant, bias, reach = self._complete_numbers(index)
        if lone:
            return np.isfinite(deviation) & np.isfinite(data)
        # Variance of all frames minus the pixel's own, and the largest difference allowed ((electron/s)^2).
        own = deviation * deviation
        miss = np.clip(data, 0, np.inf)
        miss *= self._dtype.type(growth)
        miss += self._dtype.type(constant)
        miss -= own
        np.abs(miss, out=miss)
        if bias:
            own -= self._dtype.type(bias)
        own *= self._dtype.type(reach)
        # An infinite uncertainty is not below itself.
        miss -= own
        return miss <= 0

    def _settled(self, rate, out=None):
        if self._posterior_mean is not None:
            rate = np.asarray(self._posterior_mean(rate), self._dtype)
        # numpy.maximum takes three times as long.
        return np.clip(rate, self._dtype.type(TINY_RATE), np.inf, out=out)

    def deviation(self, rate):
        """Standard deviation (electron/s) of the difference of pixels whose true rate is ``rate``."""
        return np.sqrt(_linear(self._lower, np.clip(rate, 0, np.inf)))

    def information(self, rate):
        """1 over the variance of that difference (s^2/electron^2)."""
        return 1 / _linear(self._lower, np.clip(rate, 0, np.inf))

    def shape_of(self, rate, side):
        """Skewness of the difference on one ``side``, 1 or -1, and largest excess kurtosis of a count, at a rate."""
        rate, total = self._settled(rate), self._frames * self._seconds
        skewness = rate * (1 / total[0] ** 2 - 1 / total[1] ** 2) * self.information(rate) ** 1.5
        electrons = rate * self._seconds[:, None]
        kurtosis = electrons / self._frames[:, None] / np.square(electrons + self._noise[:, None])
        return side * skewness, kurtosis.max(axis=0)

    def needs_exact(self, rate, deviate):
        """Pixels whose tail may not be that of a normal distribution."""
        size = np.abs(deviate)
        if self._posterior_mean is not None:
            # Counts are as skew as those of the posterior mean rate, however low the pixel's own.
            rate = self._settled(rate)
        (_, beyond), *steps = self._steps
        near = size > rate.dtype.type(beyond * _MARGIN)
        for number, (low, least) in enumerate(steps):
            step = size > rate.dtype.type(least * _MARGIN)
            step &= rate >= rate.dtype.type(low)
            if number + 1 < len(steps):
                step &= rate < rate.dtype.type(steps[number + 1][0])
            near |= step
        return near


@dataclass
class TwoRatesBlock:
    """Two rates of a block of rows, compared; flat arrays, right where ``complete`` is True.

    Attributes
    ----------
    two_rates : `TwoRates`
        Common properties of all pixels.
    complete : `numpy.ndarray` of bool
        Pixels that lost no frame.
    difference, second, rate : `numpy.ndarray`
        First rate minus the second, the second, and their generalised mean (electron/s).
    deviate : `numpy.ndarray`
        Difference in standard deviations.
    inexact : `numpy.ndarray` of bool, or None
        Pixels whose significance is not ``deviate``; None where this is not computed yet.
    """

    two_rates: TwoRates
    complete: np.ndarray
    difference: np.ndarray
    second: np.ndarray
    rate: np.ndarray
    deviate: np.ndarray
    inexact: np.ndarray | None = None
    # All pixels have one read noise.
    variance = None

    def inexact_mask(self):
        """Pixels whose significance is not ``deviate``, as a boolean array."""
        if self.inexact is not None:
            return self.inexact
        with np.errstate(invalid="ignore"):
            inexact = self.two_rates.needs_exact(self.rate, self.deviate)
        inexact |= ~self.complete
        return inexact

    def inexact_pixels(self):
        """Flat indices of the pixels whose significance is not ``deviate``."""
        return np.flatnonzero(self.inexact_mask())

    @property
    def departure(self):
        """Absolute departure (electron/s) of one rate from what the other predicts."""
        return np.abs(self.difference)

    @property
    def information(self):
        """1 over the variance of the departure (s^2/electron^2)."""
        return self.two_rates.information(self.rate)

    def significance(self):
        """The deviates, as all pixels have one read noise."""
        return self.deviate

    def some(self, pixels):
        """The same of some pixels (flat indices)."""
        arrays = ("complete", "difference", "second", "rate", "deviate")
        return replace(self, inexact=None, **{name: getattr(self, name)[pixels] for name in arrays})

    def may_be_beyond(self, critical):
        """Pixels whose significance may be above ``critical``, and incomplete ones, as a boolean array."""
        size, inexact = np.abs(self.deviate), self.inexact_mask()
        found = inexact & (size > first_size(critical))
        found |= size > size.dtype.type(critical * _MARGIN)
        # As ``found | ~complete``.
        return np.greater_equal(found, self.complete, out=found)

    def between(self, least):
        """Pixels whose deviate may be above ``least``, and its limits: see `SeveralRatesBlock.between`."""
        far = np.flatnonzero(self.complete & (np.abs(self.deviate) > first_size(least)))
        size, rate = np.abs(self.deviate[far]).astype(float), self.rate[far].astype(float)
        exact = self.two_rates.needs_exact(self.rate[far], self.deviate[far])
        shape = self.two_rates.shape_of(rate, np.sign(self.deviate[far]))
        return far, *significance_between(size, *shape, exact)

    def beyond(self, critical):
        """Pixels whose significance is above ``critical``, and the undecided: see `SeveralRatesBlock.beyond`."""
        far, low, high = self.between(critical)
        return far[low > critical], far[(low <= critical) & (high > critical)]

    def statistic(self, name):
        """Images of one of `QUICK_STATISTICS`, and flat indices of the pixels that need the exact way.

        Difference and ratio come with their standard deviations.
        """
        if name == "significance":
            return [self.deviate], self.inexact_pixels()
        incomplete, deviation = np.flatnonzero(~self.complete), self.two_rates.deviation(self.rate)
        if name == "difference":
            return [self.difference, deviation], incomplete
        if name == "ratio":
            with np.errstate(divide="ignore", invalid="ignore"):
                second = np.where(self.second > 0, self.second, np.nan)
                return [(self.difference + self.second) / second, deviation / second], incomplete
        raise ValueError(f"no statistic {name!r} in the fast pass")


def scaled(image, factor, dtype):
    """Image in electron/s, in another precision; it may be the user's own array."""
    if factor == 1 and image.dtype == dtype:
        return image
    found = image.astype(dtype)
    if factor != 1:
        found *= factor
    return found


def _linear(parts, rate, out=None):
    value = np.multiply(rate, rate.dtype.type(parts[1]), out=out)
    value += rate.dtype.type(parts[0])
    return value
