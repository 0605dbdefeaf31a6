# Licensed under a 3-clause BSD style license - see LICENSE
"""One factor between the excess of hot pixels in two images, whatever stars and cosmic rays do to either of them."""

from dataclasses import dataclass

import numpy as np

from ..statistics.robust import robust_deviation

__all__ = ["CommonFactor", "ControlNoise", "common_factor"]

# Tukey's biweight: residuals beyond so many standard deviations count for nothing.
_CUT = 6.0
# Control pixels are sorted into groups by the spread of their neighbours, at these quantiles; most that are averaged.
_QUANTILES = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98)
_MOST_OF_GROUP = 20_000
# Shares of the surroundings in the standard deviation of a pixel, at which expectations are tabulated.
_SHARES = np.linspace(0.0, 1.0, 7)
# Controls within tiles of so many pixels may have neighbours, stars and cosmic rays in common.
_TILE = 32
# Hot pixels scale with each other no better than so: limits the weight of the brightest. It is in no error.
_LEAST_SCATTER = 0.01
# In their scatter, residuals count up to so many standard deviations; it counts where it is above noise by so many.
_CAPPED, _CLEAR = 3.0, 1.0
# Times that factor and scatter are found in turn; precision of the scatter, over the factor.
_ROUNDS, _SCATTER_STEP = 3, 1e-3
_MOST_STEPS = 60


def _pulled(z):
    """Tukey's psi: the residual itself near zero, nothing beyond the cut."""
    return np.where(np.abs(z) < _CUT, z * (1 - (z / _CUT) ** 2) ** 2, 0.0)


def _pull_slope(z):
    square = (z / _CUT) ** 2
    return np.where(square < 1, (1 - square) * (1 - 5 * square), 0.0)


def _capped(z):
    """Squares of residuals, up to a limit."""
    return np.minimum(z**2, _CAPPED**2)


class ControlNoise:
    """What stars, cosmic rays and noise do to a pixel that is not hot: measured from control pixels of the same frame.

    Parameters
    ----------
    controls : `Excess`
        Excess of the controls in the science frame.
    columns : int
        Number of columns of the frame.

    Attributes
    ----------
    number : `numpy.ndarray`
        Number of independent controls in each group that would do as well.
    far : float
        Fraction of the controls that are off by more than 6 standard deviations.
    """

    def __init__(self, controls, columns):
        tiles = controls.pixels // columns // _TILE * columns + controls.pixels % columns // _TILE
        self._edges = np.unique(np.quantile(controls.spread, _QUANTILES))
        groups = np.searchsorted(self._edges, controls.spread)
        number = self._edges.size + 1
        self.number, self._scale = np.zeros(number), np.ones(number)
        self._tables = np.zeros((4, number, _SHARES.size))
        far = 0
        # Averages over a normal deviate.
        nodes, weights = np.polynomial.hermite_e.hermegauss(5)
        weights = weights / weights.sum()
        for group in range(number):
            values = controls.value[groups == group]
            if not values.size:
                continue
            scale = robust_deviation(values)
            self._scale[group] = scale or np.std(values) or 1.0
            z = values / self._scale[group]
            self.number[group] = _independent(_pulled(z), tiles[groups == group])
            far += np.count_nonzero(np.abs(z) > _CUT)
            z = z[:: max(1, z.size // _MOST_OF_GROUP)]
            for index, share in enumerate(_SHARES):
                rest = np.sqrt(1 - share**2)
                for node, weight in zip(nodes, weights, strict=True):
                    shifted = share * z + rest * node
                    pulled = _pulled(shifted)
                    means = pulled.mean(), (pulled**2).mean(), _pull_slope(shifted).mean(), _capped(shifted).mean()
                    self._tables[:, group, index] += weight * np.array(means)

        self.far = far / controls.value.size

    def groups(self, spread):
        """Group of each pixel, by the spread of its neighbours."""
        return np.searchsorted(self._edges, spread)

    def scale(self, groups):
        """Standard deviation of a pixel's excess."""
        return self._scale[groups]

    def expected(self, groups, share):
        """Means of psi, its square, its slope and capped squares; of the deviation ``share`` is the surroundings."""
        place = np.clip(share, 0, 1) * (_SHARES.size - 1)
        low = np.minimum(place.astype(int), _SHARES.size - 2)
        part = place - low
        return (1 - part) * self._tables[:, groups, low] + part * self._tables[:, groups, low + 1]


def _independent(values, tiles):
    """Number of independent values whose mean would have the error of the mean of these, alike within tiles."""
    values = values - values.mean()
    _, place = np.unique(tiles, return_inverse=True)
    together = (np.bincount(place, values) ** 2).sum()
    alike = max(together / max((values**2).sum(), 1e-300), 1.0)
    used = min(values.size, _MOST_OF_GROUP)
    return 1 / (alike / values.size + 1 / used - 1 / values.size)


@dataclass
class CommonFactor:
    """Factor between two images' hot pixels.

    Attributes
    ----------
    factor, error : float
        The factor and its standard error; the error includes ``scatter``.
    chi_square : float
        Scatter of the pixels about the factor over what their noise explains, both squared: about 1.
    scatter : float
        Standard deviation of the pixels' own factors, beyond noise, over ``factor``.
    pixels : int
        Number of pixels.
    effective : float
        Number of pixels of equal weight that would do as well.
    rejected : float
        Fraction of the pixels that are off by more than 6 standard deviations.
    crowding : float
        That fraction of the controls.
    """

    factor: float
    error: float
    chi_square: float
    scatter: float
    pixels: int
    effective: float
    rejected: float
    crowding: float


class _Fit:
    """Values of pixels: ``y`` in the science frame, ``x`` in the dark with the error ``x_error``."""

    def __init__(self, y, x, x_error, groups, noise, per_signal, known_error):
        self.y, self.x, self.x_error, self.groups, self.noise = y, x, x_error, groups, noise
        self.per_signal = per_signal
        # Part of the dark's noise that is not in that of the surroundings.
        self.more_error = np.sqrt(np.clip(x_error**2 - known_error**2, 0, None))
        self.own = noise.scale(groups)

    def start(self):
        """Weighted median of the ratios."""
        ratio, weight = self.y / self.x, self.x / np.sqrt(self.own**2 + self.per_signal * np.abs(self.y))
        order = np.argsort(ratio)
        total = np.cumsum(weight[order])
        return float(ratio[order][np.searchsorted(total, total[-1] / 2)])

    def state(self, factor, scatter):
        true = self.x
        for _ in range(3):
            variance = (
                self.own**2
                + self.per_signal * np.clip(factor * true, 0, None)
                + (factor * self.more_error) ** 2
                + (scatter * true) ** 2
            )
            deviation = np.sqrt(variance)
            z = (self.y - factor * self.x) / deviation
            mean, square, slope, capped = self.noise.expected(self.groups, self.own / deviation)
            spread = np.clip(square - mean**2, 1e-3, None)
            efficiency = np.clip(slope, 0.05, None) / spread
            pull = _pulled(z) - mean
            # The best estimate of the true excess in the dark, from both images: no bias by the dark's own noise.
            true = self.x + factor * self.x_error**2 / deviation * efficiency * pull
        weight = efficiency * true / np.hypot(deviation, _LEAST_SCATTER * factor * true)
        score = float(weight @ pull)
        information = float(weight @ (slope * true / deviation))
        return score, information, weight, spread, z, (true / deviation, capped)

    def solve(self, factor, scatter):
        longest = 0.5 * abs(factor)
        for _ in range(_MOST_STEPS):
            score, information = self.state(factor, scatter)[:2]
            if not information > 0:
                break
            step = score / information
            factor += np.clip(step, -longest, longest) if longest else step
            if abs(step) * np.sqrt(abs(information)) < 1e-3:
                break
        return factor

    def chi_square(self, factor, scatter):
        """Squares of the residuals over those expected, and the standard deviation of that by chance.

        Weighted by how much a pixel's own factor would add to its residual.
        """
        *_, z, (signal, capped) = self.state(factor, scatter)
        weight = signal**2 / (1 + (_LEAST_SCATTER * factor * signal) ** 2)
        # Nothing is expected to scatter in an image of one value.
        total = max(float(weight @ capped), 1e-300)
        return float(weight @ _capped(z)) / total, float(np.sqrt(2 * (weight * capped) @ (weight * capped))) / total

    def scatter(self, factor):
        """Scatter of the pixels' own factors with which chi-square is 1."""
        low, high = 0.0, 2.0 * abs(factor)
        while high - low > _SCATTER_STEP * abs(factor):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.chi_square(factor, middle)[0] > 1 else (low, middle)
        return 0.5 * (low + high)


def common_factor(y, x, x_error, spread, noise, per_signal, known_error=0.0, guess=None):
    """`CommonFactor` of the excess ``y`` in one image and ``x``, with its error, in the other one.

    Parameters
    ----------
    y, x, x_error, spread : `numpy.ndarray`
        Excess in the science frame; excess in the dark and its standard error; spread of the neighbours in the science
        frame, by which the noise is chosen.
    noise : `ControlNoise`
        Noise of the science frame.
    per_signal : float
        Poisson variance of a unit of signal in the science frame: 1 in electron, 1 / gain in adu.
    known_error : float
        Standard error of the dark that is part of ``noise`` already, times the factor.
    guess : float, optional
        A factor to begin with. None: the weighted median of the ratios.

    Notes
    -----
    An M-estimate with Tukey's biweight. Its expectation at control pixels, noise of the hot pixels' own charge added,
    is subtracted: so stars, which make some pixels too bright and their neighbours' neighbours too dark, leave no bias.
    """
    fit = _Fit(y, x, x_error, noise.groups(spread), noise, per_signal, known_error)
    factor = guess or fit.start()
    for _ in range(_ROUNDS):
        scatter = fit.scatter(factor)
        factor = fit.solve(factor, scatter)
    chi_square, chance = fit.chi_square(factor, 0.0)
    if chi_square <= 1 + _CLEAR * chance:
        scatter = 0.0
        factor = fit.solve(factor, scatter)
        chi_square, _ = fit.chi_square(factor, scatter)
    _, information, weight, variance, z, _ = fit.state(factor, scatter)
    total = float(weight**2 @ variance)
    # The means that are subtracted have errors of their own, one for each group.
    for group in np.unique(fit.groups):
        here = fit.groups == group
        total += weight[here].sum() ** 2 * variance[here].mean() / max(noise.number[group], 1)
    share = weight * x / np.maximum(np.abs(weight * x).sum(), 1e-300)
    return CommonFactor(
        factor=float(factor),
        error=float(np.sqrt(total)) / information if information > 0 else np.inf,
        chi_square=chi_square,
        scatter=float(scatter / abs(factor)) if factor else np.inf,
        pixels=x.size,
        effective=1 / float(share @ share),
        rejected=float(np.mean(np.abs(z) > _CUT)),
        crowding=float(noise.far),
    )
