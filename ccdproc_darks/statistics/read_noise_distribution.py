# Licensed under a 3-clause BSD style license - see LICENSE
"""Distribution of the read noise of a sensor's pixels; the scatter of a few frames hardly tells a pixel's own."""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import gammaincinv, gammaln

from .distribution_cards import cards_of, distribution_from_cards
from .jump_law import jump_energies, noncentral_density
from .sample_shape import binned_shapes, shape_bins

__all__ = ["ReadNoiseDistribution", "fit_read_noise_distribution"]

# Step of the grid of read noises (natural logarithm): a part of the standard deviation of a pixel's scatter, within
# limits. With more degrees of freedom than the most a pixel's own scatter tells all.
_STEP_PART, _STEP_LEAST, _STEP_MOST = 0.7, 0.02, 0.08
_MOST_DEGREES = 5000.0
# Standard deviations of a pixel's scatter by which the grid reaches beyond the pixels, and where outliers are clipped.
_REACH, _OUTLIERS = 4.0, 6.0
# Sizes of jumps (in sigma) and fractions of readings with one, of which the fit chooses.
_JUMPS = np.geomspace(2.0, 30.0, 11)
_OFTEN = np.array([0.015, 0.03, 0.06, 0.1, 0.16, 0.25, 0.36, 0.5])
_START_JUMPS, _SMOOTHING = 0.05, 0.15
_ITERATIONS, _SETTLED = 1500, 1e-9
# Pixels of the start that are added to those seen: what no pixel shows is rare, not impossible. Share of a kind of
# jumps below which it is left out.
_PRIOR_PIXELS, _LEAST_SHARE = 10.0, 3e-7
# Standard deviation of a normal variable of unit variance whose outer twentieths are moved to the 5 and 95 %.
_CORE = 0.9118
# Pixels of which the probabilities are made at once.
_AT_ONCE = 32


@dataclass
class ReadNoiseDistribution:
    """Read noise of a sensor's pixels: normal noise, and in some pixels jumps (telegraph read noise).

    One reading of a pixel has normal noise of standard deviation sigma, and in a fraction p of all readings a jump of
    ``a sigma`` up or down, as often.

    Attributes
    ----------
    noises, shares : `numpy.ndarray`
        Grid of sigma (electron), rising in equal steps of its logarithm, and the fraction of pixels with each.
    jumps, often, jump_shares : `numpy.ndarray`
        Sizes a of a jump, fractions p of readings with one, and the fraction of pixels with each; the first is none.
    degrees : float
        Degrees of freedom of the scatter of a pixel that lost no frame.
    tables : dict
        What was computed from it once, by its purpose; to be used again.
    """

    noises: np.ndarray
    shares: np.ndarray
    jumps: np.ndarray
    often: np.ndarray
    jump_shares: np.ndarray
    degrees: float
    tables: dict = field(default_factory=dict, repr=False, compare=False)

    def __reduce__(self):
        """In another process: the same object however often it is sent, so that its tables are made there once.

        The weights of the read noises, most of the memory, are needed only for a table that is not made yet.
        """
        arrays = (self.noises, self.shares, self.jumps, self.often, self.jump_shares)
        tables = {key: table for key, table in self.tables.items() if key != "weights"}
        return _received, (tuple(np.asarray(array, dtype=float).tobytes() for array in arrays), self.degrees, tables)

    @classmethod
    def from_cards(cls, header):
        """The distribution that `cards` wrote to a header, or None; a ValueError if they are broken."""
        found = distribution_from_cards(header)
        return None if found is None else cls(*found)

    def cards(self):
        """Header keys (DKRND00, DKRND01, ...) and their values, strings of at most 68 ASCII characters."""
        return cards_of(self)

    @property
    def jump_variances(self):
        """Variance of one reading over that without jumps, ``1 + p a^2``, shape (jumps,)."""
        return 1 + self.often * self.jumps**2

    @property
    def jump_fraction(self):
        """Fraction of pixels whose readings jump."""
        return float(self.jump_shares[self.jumps > 0].sum())

    @property
    def median(self):
        """Read noise of the median pixel (electron): standard deviation of one reading, jumps included."""
        return float(np.exp(self._quantiles([0.5])[0]))

    @property
    def spread(self):
        """Standard deviation of the natural logarithm of sigma, jumps left out, outliers clipped."""
        log_noises, total = np.log(self.noises), np.cumsum(self.shares)
        low, high = log_noises[np.searchsorted(total, [0.05, 0.95])]
        core = np.clip(log_noises, low, high)
        return float(np.sqrt(self.shares @ (core - self.shares @ core) ** 2) / _CORE)

    def _quantiles(self, fractions):
        """Logarithms of the standard deviation of one reading at some fractions of all pixels."""
        values = np.log(self.noises)[:, None] + np.log(self.jump_variances) / 2
        shares = self.shares[:, None] * self.jump_shares
        order = np.argsort(values, axis=None)
        total = np.cumsum(shares.flat[order])
        return np.interp(fractions, total - shares.flat[order] / 2, values.flat[order])

    @cached_property
    def scatters(self):
        """Grid of scatter (electron) that is fine enough for tables of what depends on it; rising, equal log steps."""
        deviation = _deviation(self.degrees)
        low = np.log(self.noises[0]) - _REACH * deviation
        high = np.log(self.noises[-1]) + _REACH * deviation
        # A pixel with jumps scatters more than its sigma, but not more than the pixels of which the grid was made.
        return np.exp(np.linspace(low, high, int(np.ceil((high - low) / max(deviation / 3, _STEP_LEAST))) + 1))

    def posterior(self, scatter):
        """Probability of each read noise and each jump, given the scatter of pixels among some frames.

        Parameters
        ----------
        scatter : `numpy.ndarray`
            Standard deviation of the frames of each pixel (electron), shape (pixels,); NaN where it is not known.

        Returns
        -------
        probability : `numpy.ndarray`
            Shape (pixels, noises, jumps); its sum for each pixel is 1.
        """
        scatter = np.ravel(np.asarray(scatter, dtype=float))
        with np.errstate(divide="ignore"):
            log_weight = np.log(self.shares)[:, None] + np.log(self.jump_shares)
        log_weight = log_weight + np.where(np.isfinite(scatter)[:, None, None], self._log_likelihood(scatter), 0.0)
        log_weight -= log_weight.max(axis=(1, 2), keepdims=True)
        weight = np.exp(log_weight)
        return weight / weight.sum(axis=(1, 2), keepdims=True)

    def quiet(self, scatter):
        """Probability that none of the frames that told the scatter of a pixel had a jump; as `posterior`."""
        log_likelihood = self._log_likelihood(np.ravel(np.asarray(scatter, dtype=float)))
        log_never = (round(self.degrees) + 1) * np.log1p(-self.often)
        return np.exp(np.minimum(log_never + log_likelihood[:, :, :1] - log_likelihood, 0.0))

    def _log_likelihood(self, scatter):
        """Logarithm of the density of ``log(scatter)``, shape (pixels, noises, jumps)."""
        ratios, log_density = self._log_densities
        within = np.clip(
            np.where(np.isfinite(scatter), scatter, self.scatters[-1]), self.scatters[0], self.scatters[-1]
        )
        place = (np.log(within)[:, None] - np.log(self.noises) - ratios[0]) / (ratios[1] - ratios[0])
        cell = np.clip(place.astype(int), 0, ratios.size - 2)
        place = np.clip(place - cell, 0, None)[:, :, None]
        return log_density[cell] * (1 - place) + log_density[cell + 1] * place

    def mean_variance(self, scatter):
        """Mean variance of one reading (electron^2) of the pixels with such a scatter; shape of ``scatter``.

        Where a scatter is not known (NaN): the mean variance of all pixels.
        """
        scatter = np.asarray(scatter, dtype=float)
        table, unknown = self._mean_variances
        with np.errstate(divide="ignore", invalid="ignore"):
            log_mean = np.interp(np.log(scatter), np.log(self.scatters), table)
            # Beyond all pixels of which the distribution is made, the scatter itself tells.
            mean = np.exp(log_mean) * np.maximum(scatter / self.scatters[-1], 1.0) ** 2
        return np.where(np.isfinite(scatter), mean, unknown)

    @cached_property
    def _mean_variances(self):
        """Logarithm of `mean_variance` on the grid `scatters`, and the mean variance of all pixels."""
        ratio = self.noises[:, None] ** 2 * self.jump_variances
        parts = [self.scatters[at : at + _AT_ONCE] for at in range(0, self.scatters.size, _AT_ONCE)]
        table = [np.einsum("pns,ns->p", self.posterior(part), ratio) for part in parts]
        return np.log(np.concatenate(table)), float(self.shares @ ratio @ self.jump_shares)

    @cached_property
    def _log_densities(self):
        """Grid of ``log(scatter / sigma)`` and the logarithm of its density for each jump, shape (ratios, jumps)."""
        low = np.log(self.scatters[0] / self.noises[-1])
        high = np.log(self.scatters[-1] / self.noises[0])
        step = max(_deviation(self.degrees) / 8, _STEP_LEAST / 10)
        ratios = np.arange(low - step, high + 2 * step, step)
        return ratios, _log_densities(ratios, self.degrees, self.jumps, self.often)


def _received(arrays, degrees, tables):
    """The `ReadNoiseDistribution` that another process sent."""
    found = _of_bytes(arrays, degrees)
    for key, table in tables.items():
        found.tables.setdefault(key, table)
    return found


@lru_cache(maxsize=4)
def _of_bytes(arrays, degrees):
    return ReadNoiseDistribution(*(np.frombuffer(array).copy() for array in arrays), degrees)


def fit_read_noise_distribution(scatter, degrees, kurtosis=None, frames=None):
    """`ReadNoiseDistribution` that best explains the scatter of many pixels.

    Parameters
    ----------
    scatter : `numpy.ndarray`
        Standard deviation of the frames of each pixel (electron), shape (pixels,).
    degrees : float
        Degrees of freedom of it.
    kurtosis : `numpy.ndarray`, optional
        Fourth central moment of the frames of each pixel over the square of the second, which tells of jumps. Without
        it all noise is taken as normal.
    frames : int, optional
        Number of frames whose kurtosis it is; of bias frames, one more than ``degrees``. Dark electrons take degrees of
        freedom from the scatter, and none from the kurtosis.

    Notes
    -----
    Nonparametric maximum likelihood on a grid (Kiefer and Wolfowitz 1956; Laird 1978, by the EM algorithm of Dempster,
    Laird and Rubin 1977) of the distribution from which variances are *moderated* (Smyth 2004, Stat. Appl. Genet. Mol.
    Biol. 3, 3). The share of a sigma and of a jump (in units of sigma) are taken as independent. For normal noise
    scatter and kurtosis are independent (Basu 1955). What no pixel shows keeps the share of one pixel more.
    """
    good = np.isfinite(scatter) & (scatter > 0)
    if kurtosis is not None:
        good &= np.isfinite(kurtosis)
    degrees = float(np.clip(degrees, 1.0, _MOST_DEGREES))
    if not good.any():
        raise ValueError("no pixel's frames scatter: the read noise of this sensor cannot be told")
    log_scatter = np.log(np.asarray(scatter[good], dtype=float))
    deviation = _deviation(degrees)
    step = np.clip(_STEP_PART * deviation, _STEP_LEAST, _STEP_MOST)
    # The lattice of scatters is twice as fine as that of sigma. One sigma is that of the median pixel: where all have
    # the same read noise, it is in the lattice.
    median = np.log(2) / 2 + np.log(gammaincinv(degrees / 2, 0.5) / degrees) / 2
    centre = np.median(log_scatter) - median
    place = np.rint((log_scatter - centre) / (step / 2)).astype(int)
    limit = int(_OUTLIERS / (step / 2))
    place = np.clip(place, -limit, limit)
    reach = int(np.ceil(_REACH * deviation / step))
    low, high = 2 * (place.min() // 2 - reach), 2 * (place.max() // 2 + reach)
    jumps, often = np.zeros(1), np.zeros(1)
    cells = np.zeros(place.size, dtype=int)
    frames = round(degrees) + 1 if frames is None else frames
    if kurtosis is not None:
        jumps, often = (np.concatenate([[0], g.ravel()]) for g in np.meshgrid(_JUMPS, _OFTEN))
        edges = shape_bins(frames)
        cells = np.searchsorted(edges, kurtosis[good])
    number_cells = 1 if kurtosis is None else edges.size + 1
    numbers = np.bincount((place - low) * number_cells + cells, minlength=(high - low + 1) * number_cells)
    numbers = numbers.reshape(high - low + 1, number_cells).astype(float)
    # Densities of log(scatter / sigma), each the mean over a cell of the lattice.
    lags = np.arange(low - high, high - low + 1)
    parts = (np.arange(5) - 2) / 5
    fine = ((lags[:, None] + parts) * (step / 2)).ravel()
    density = np.exp(_log_densities(fine, degrees, jumps, often)).reshape(lags.size, parts.size, -1).mean(axis=1)
    density = density.T[:, :, None] * (step / 2)
    if kurtosis is not None:
        density = density * binned_shapes(frames, jumps, often, lags * (step / 2))
    shares, jump_shares = _most_likely_shares(numbers, density)
    pixels = numbers.sum()
    shares = (shares * pixels + 1 / shares.size) / (pixels + 1)
    kept = jump_shares >= _LEAST_SHARE
    kept[0] = True
    jump_shares = jump_shares[kept] / jump_shares[kept].sum()
    noises = np.exp(centre + step * np.arange(low // 2, high // 2 + 1))
    return ReadNoiseDistribution(noises, shares / shares.sum(), jumps[kept], often[kept], jump_shares, degrees)


def _most_likely_shares(numbers, density):
    """Shares of sigma and of jumps by the EM algorithm.

    Parameters
    ----------
    numbers : `numpy.ndarray`
        Pixels by scatter (a lattice of its logarithm) and kurtosis, shape (scatters, cells).
    density : `numpy.ndarray`
        Probability of each lag of log(scatter) over log(sigma) and of kurtosis, shape (jumps, 2 scatters - 1, cells).
        Every other scatter of the lattice is a sigma.
    """
    length = numbers.shape[0]
    padded = next_fast_len(3 * length, real=True)
    shares = np.zeros(length)
    shares[::2] = 1
    shares /= shares.sum()
    jumps = density.shape[0]
    jump_shares = np.full(jumps, _START_JUMPS / max(jumps - 1, 1))
    jump_shares[0] = 1 - jump_shares[1:].sum()
    flat, lags = density.reshape(jumps, -1), density.shape[1:]
    expected_kinds = _PRIOR_PIXELS * jump_shares
    total, before = numbers.sum(), -np.inf
    for _ in range(_ITERATIONS):
        kernel = (jump_shares @ flat).reshape(lags)
        kernel_transform = rfft(kernel, padded, axis=0)
        shares_transform = rfft(shares, padded)[:, None]
        # Lag 0 of the kernel is at length - 1.
        expected = irfft(kernel_transform * shares_transform, padded, axis=0)[length - 1 : 2 * length - 1]
        expected = np.maximum(expected, 1e-15)
        likelihood = (numbers * np.log(expected)).sum() / total
        if likelihood - before < _SETTLED:
            break
        before = likelihood
        quotient = rfft(numbers / expected, padded, axis=0)
        # Correlations: of the quotient with the kernel for each sigma, with the shares for each lag.
        of_noise = irfft((quotient * kernel_transform.conj()).sum(axis=1), padded)
        of_noise = np.roll(of_noise, length - 1)[:length]
        of_lag = np.roll(irfft(quotient * shares_transform.conj(), padded, axis=0), length - 1, axis=0)
        jump_shares = jump_shares * (flat @ of_lag[: 2 * length - 1].ravel()) + expected_kinds
        shares = np.maximum(shares * of_noise, 0) / total
        shares /= shares.sum()
        jump_shares = np.maximum(jump_shares, 0)
        jump_shares /= jump_shares.sum()
        if jumps > 1:
            jump_shares[1:] = _smoothed(jump_shares[1:].reshape(_OFTEN.size, _JUMPS.size)).ravel()
    return shares[::2], jump_shares


def _smoothed(shares):
    """Shares of jumps, shape (fractions, sizes), of which a part of each is given to those of the sizes next to it."""
    given = _SMOOTHING * shares
    found = shares - 2 * given
    found[:, 1:] += given[:, :-1]
    found[:, :-1] += given[:, 1:]
    found[:, 0] += given[:, 0]
    found[:, -1] += given[:, -1]
    return found


def _deviation(degrees):
    """Standard deviation of the logarithm of a pixel's scatter."""
    return 1 / np.sqrt(2 * degrees)


def _log_densities(ratios, degrees, jumps, often):
    """Logarithm of the density of ``log(scatter / sigma)`` for each jump, shape (ratios, jumps).

    ``degrees scatter^2 / sigma^2`` is a chi-square variable, noncentral by as much as the jumps add.
    """
    half = degrees * np.exp(2 * ratios) / 2
    normal = degrees / 2 * np.log(half) - half - gammaln(degrees / 2) + np.log(2)
    found = np.empty((ratios.size, jumps.size))
    log_value = np.log(2 * half)
    for number, (jump, fraction) in enumerate(zip(jumps, often, strict=True)):
        energies, probability = jump_energies(fraction, round(degrees) + 1) if jump else (np.zeros(1), np.ones(1))
        total = np.full(ratios.size, -np.inf)
        for energy, weight in zip(energies, probability, strict=True):
            if energy < 1e-9:
                part = normal
            else:
                part = noncentral_density(2 * half, degrees, jump**2 * energy) + log_value + np.log(2)
            total = np.logaddexp(total, np.log(weight) + part)
        found[:, number] = total
    return found
