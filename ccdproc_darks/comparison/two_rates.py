# Licensed under a 3-clause BSD style license - see LICENSE
"""Two rates of pixels that lost no frame: all that matters is a function of their difference and their one rate."""

from dataclasses import dataclass

import numpy as np

from .._compute import loops
from ..statistics.rate_fit import TINY_RATE
from ..statistics.significance import needs_exact_tail

__all__ = ["TwoRates", "TwoRatesBlock"]

# Rounds after which the weights of exposures have settled, as of `ccdproc_darks.statistics.rate_fit.fit_rate`.
_MOST_ROUNDS = 4
# Error of a standard deviation that may be left, as a fraction of it; in single and in double precision.
_SETTLED = {4: 1e-5, 8: 1e-6}
# How far from the number of its frames a pixel's uncertainty may be, in frames, and the pixel still count as whole.
_COMPLETE = 0.25
# Deviates from which on a pixel may need a closer look are sought on these grids of deviates and rates (electron/s).
_SIZES = np.linspace(1.4, 4.0, 261)
_RATES = np.concatenate([[0.0], np.geomspace(1e-8, 1e8, 641)])
# Of such a deviate: rounding to single precision must not keep a pixel from being looked at.
_MARGIN = 0.999


class TwoRates:
    """What is common to all pixels of two rates that lost no frame.

    Parameters
    ----------
    images : `ccdproc_darks.rates.rate_images.RateImages`
        Two rates.
    offsets : `numpy.ndarray`
        To be taken from their counts (electron).
    rate_distribution : `ccdproc_darks.statistics.rate_distribution.RateDistribution` or None
        Which rates pixels have, where they collect few electrons.
    width : float
        How much wider than the noise model departures are taken to be.

    Notes
    -----
    Rates ``d_1`` and ``d_2`` whose covariance at the rate d has the elements ``s_ij`` have the generalised least
    squares mean ``d_2 + (d_1 - d_2) (s_22 - s_12) / (s_11 + s_22 - 2 s_12)`` (Aitken 1935), and the chi-square of their
    residuals is ``(d_1 - d_2)^2 / (s_11 + s_22 - 2 s_12)``. Both parts of the fraction are linear in d.
    `ccdproc_darks.statistics.rate_fit.fit_rate` gives the same in a hundred times the time.
    """

    def __init__(self, images, offsets, rate_distribution, width):
        infos, t = images.infos, images.seconds
        self._posterior_mean = None if rate_distribution is None else rate_distribution.posterior_mean
        self._dtype, self._width = images.dtype, width
        self._seconds, self._shifts = t, offsets / t
        self._frames = np.array([info.frames for info in infos], dtype=float)
        self._noise = np.array([info.read_noise**2 for info in infos])
        self._bias = np.array([info.bias_error**2 for info in infos])
        constant = (self._noise / self._frames + self._bias) / t**2
        growth = 1 / (self._frames * t)
        common = sum(variance for members, variance in images.shared if len(members) == 2) / (t[0] * t[1])
        # Of s_22 - s_12 and of s_11 + s_22 - 2 s_12: the value at no rate, and the growth with it.
        self._upper = constant[1] - common, growth[1]
        self._lower = constant.sum() - 2 * common, growth.sum()
        trial = TINY_RATE if rate_distribution is None else max(float(rate_distribution.posterior_mean(0.0)), TINY_RATE)
        self._weight_of_none = (self._upper[0] + self._upper[1] * trial) / (self._lower[0] + self._lower[1] * trial)
        self._find_steps(known=rate_distribution is None)
        self._rounds = self._needed_rounds() if rate_distribution is None else _MOST_ROUNDS

    def _find_steps(self, known):
        """Rates, and the deviates from which on pixels of these and higher rates may need a closer look.

        The skewness of the difference is that of its Poisson part, ``d (1/T_1^2 - 1/T_2^2)`` over its deviation cubed.
        """
        total = self._frames * self._seconds
        variance = self._lower[0] + self._lower[1] * _RATES
        with np.errstate(divide="ignore", invalid="ignore"):
            skewness = np.abs(_RATES * (1 / total[0] ** 2 - 1 / total[1] ** 2)) / variance**1.5
            electrons = _RATES * self._seconds[:, None]
            kurtosis = (electrons / self._frames[:, None] / (electrons + self._noise[:, None]) ** 2).max(axis=0)
        skewness, kurtosis = np.nan_to_num(skewness, posinf=1e9), np.nan_to_num(kurtosis, posinf=1e9)
        asked = np.zeros((_SIZES.size, _RATES.size), dtype=bool)
        for side in (-1, 1):
            asked |= needs_exact_tail(_SIZES[:, None], side * skewness, kurtosis, known)
        # The last of the grid that is not asked: the truth is between this and the next.
        least = np.where(asked.any(axis=0), _SIZES[np.maximum(asked.argmax(axis=0) - 1, 0)], _SIZES[-1])
        # From one rate on and up to another: the least between them, with a step to spare on either side.
        few = np.flatnonzero(least < _SIZES[-1])
        self._steps = [(0.0, float(_SIZES[-1]))]
        if few.size:
            many = np.flatnonzero(least < 2.4)
            last = many[-1] + 2 if many.size else few[0]
            self._steps.append((_RATES[max(few[0] - 1, 0)] if few[0] > 0 else 0.0, float(least[few[0] :].min())))
            if many.size and last < _RATES.size:
                self._steps.append((_RATES[last], float(least[last - 1 :].min())))

    def _needed_rounds(self):
        """How often the weights need to be found anew for pixels that get no closer look.

        From one round to the next the error of the rate d shrinks by ``|D| |dw / dd|``, with w the weight of the first
        rate and a difference D of not more than a few standard deviations; what matters is the variance that it makes.
        """
        (upper, upper_growth), (lower, lower_growth) = self._upper, self._lower
        variance = lower + lower_growth * _RATES
        with np.errstate(divide="ignore", invalid="ignore"):
            shrinks = self.largest_normal * abs(upper_growth * lower - upper * lower_growth) / variance**1.5
            share = np.where(_RATES > 0, lower_growth * _RATES / variance / 2, 0.0)
            for rounds in range(1, _MOST_ROUNDS):
                if (share * shrinks**rounds).max() < _SETTLED[self._dtype.itemsize] and shrinks.max() < 1:
                    return rounds
        return _MOST_ROUNDS

    @property
    def largest_normal(self):
        """The largest deviate that does without a closer look."""
        return self._steps[0][1]

    @staticmethod
    def fits(images, free_offset):
        """Whether the rates is of this kind."""
        return len(images) == 2 and not free_offset and all(info.read_noise is not None for info in images.infos)

    def rows(self, planes, block, outliers=False, deviate=None):
        """`TwoRatesBlock` of some rows of the rates.

        Parameters
        ----------
        planes : list of `ccdproc_darks.rates.rate_images.RateImage`
            The images's.
        block : slice
            The rows.
        outliers : bool
            Whether rates of pixels that get a closer look must be right here, too.
        deviate : `numpy.ndarray`, optional
            Where the deviates may be put, of the precision of the rates.
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            return self._rows(planes, block, _MOST_ROUNDS if outliers else self._rounds, deviate)

    def _rows(self, planes, block, rounds, place):
        rates, masks, deviations = [], [], []
        for plane in planes:
            data, mask, deviation = plane.flat(block)
            rates.append(self._scaled(data, plane.factor))
            deviations.append(self._scaled(deviation, plane.factor))
            masks.append(mask)
        if self._needs_numpy:
            return self._numpy(rates, masks, deviations, rounds)
        return self._compiled(rates, masks, deviations, rounds, place)

    @property
    def _needs_numpy(self):
        plain = self._dtype == np.float32 and self._posterior_mean is None and self._shifts[1] == 0
        return loops.pair is None or not plain

    def _compiled(self, rates, masks, deviations, rounds, place=None):
        """One pass over the pixels, by the compiled loop."""
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
        """The same by numpy, in some thirty passes."""
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
        # With the weights of no rate at all, and then with those of the rate found.
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

    def _scaled(self, image, factor):
        """In electron/s; it may be the image itself, which is the user's."""
        if factor == 1 and image.dtype == self._dtype:
            return image
        scaled = image.astype(self._dtype)
        if factor != 1:
            scaled *= factor
        return scaled

    def _complete_numbers(self, index):
        """Of a rate of all its frames: whether that is one, and what tells its variance, as of `_is_complete`."""
        t, number, noise, bias = self._seconds[index], self._frames[index], self._noise[index], self._bias[index]
        return number == 1, 1 / (number * t), (noise / number + bias) / t**2, bias / t**2, _COMPLETE / number

    def _is_complete(self, index, data, deviation):
        """Whether an uncertainty is that of all frames."""
        lone, growth, constant, bias, reach = self._complete_numbers(index)
        if lone:
            return np.isfinite(deviation) & np.isfinite(data)
        # In (electron/s)^2: how far what all frames give is from what is there, and by how much it may be.
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
            rate = self._posterior_mean(rate).astype(self._dtype, copy=False)
        # As the maximum of both, and in a third of the time.
        return np.clip(rate, self._dtype.type(TINY_RATE), np.inf, out=out)

    def deviation(self, rate):
        """Standard deviation of the difference of whole pixels, were their rates those given."""
        return np.sqrt(_linear(self._lower, np.clip(rate, 0, np.inf)))

    def needs_exact(self, rate, deviate):
        """Whether the tail of whole pixels may be another than that of a normal distribution."""
        size = np.abs(deviate)
        if self._posterior_mean is not None:
            # Counts are as skew as those of the rate that is expected of such a pixel, however low its own reads.
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
    """Some rows of a `TwoRates`, flat.

    Attributes
    ----------
    two_rates : `TwoRates`
        What they are rows of.
    whole : `numpy.ndarray` of bool
        Pixels that lost no frame; for the others nothing else here is right.
    difference, second, rate : `numpy.ndarray`
        First rate less the second, the second, and their one rate (electron/s).
    deviate : `numpy.ndarray`
        The difference in standard deviations.
    unlike : `numpy.ndarray` of bool, or None
        Whether the significance of a pixel is not that, where it is known.
    """

    two_rates: TwoRates
    complete: np.ndarray
    difference: np.ndarray
    second: np.ndarray
    rate: np.ndarray
    deviate: np.ndarray
    needs_exact: np.ndarray | None = None

    def inexact_mask(self):
        """Whether the significance of each pixel is not its ``deviate``."""
        if self.needs_exact is not None:
            return self.needs_exact
        with np.errstate(invalid="ignore"):
            inexact = self.two_rates.needs_exact(self.rate, self.deviate)
        inexact |= ~self.complete
        return inexact

    def inexact_pixels(self):
        """Pixels (flat indices) whose significance is not their ``deviate``."""
        return np.flatnonzero(self.inexact_mask())

    def statistic(self, name):
        """Images of a statistic of `compare_dark_rates`, and the pixels (flat indices) for which they are not right.

        These are "significance", and "difference" or "ratio" with their standard deviations.
        """
        if name == "significance":
            return [self.deviate], self.inexact_pixels()
        incomplete, deviation = np.flatnonzero(~self.complete), self.two_rates.deviation(self.rate)
        if name == "difference":
            return [self.difference, deviation], incomplete
        with np.errstate(divide="ignore", invalid="ignore"):
            second = np.where(self.second > 0, self.second, np.nan)
            return [(self.difference + self.second) / second, deviation / second], incomplete


def _linear(parts, rate, out=None):
    value = np.multiply(rate, rate.dtype.type(parts[1]), out=out)
    value += rate.dtype.type(parts[0])
    return value
