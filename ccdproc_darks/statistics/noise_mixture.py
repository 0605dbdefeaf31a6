# Licensed under a 3-clause BSD style license - see LICENSE
"""Tails of departures in pixels whose read noise is not known exactly: averages over what it may be."""

from dataclasses import dataclass
from functools import lru_cache
from threading import RLock

import numpy as np
from scipy.special import chdtrc, chdtri, ndtr

from .jump_law import mean_deviates, scatter_deviates
from .read_noise_distribution import ReadNoiseDistribution
from .significance import deviate_of_log_tail

__all__ = ["MeanTails", "ScatterTails"]

# Nodes of the tables, between which they are linear: departures as normal deviates; shares of read noise; numbers of
# frames of a mean, by their inverse, beyond which a mean is as close to normal as that of the last; scatter as a cube
# root of chi-square, which is nearly normal (Wilson and Hilferty 1931).
_DEVIATES = np.concatenate([np.arange(0.25, 2, 0.25), np.arange(2, 7, 0.4), np.geomspace(7, 30, 7)])
_SHARES = np.array([0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.32, 0.4, 0.5, 0.65, 0.8, 1.0])
_FRAMES = np.array([1, 2, 3, 4, 5, 7, 10, 16, 40, 1000])
_LEAST_ROOT, _ROOT_STEP, _FURTHEST = 0.3, 0.3, 30.0
# Departures of a mean, over the standard deviation without jumps, in tables of one kind of pixels.
_LAW_SPAN = np.arange(0, 60, 0.25)
# Energy of jumps over the variance without them: logarithms of the nodes of tables of one kind of pixels.
_ENERGIES = np.exp(np.arange(-6.0, 8.01, 0.25))
# Nodes of the logarithm of a pixel's variance over the mean one.
_RATIO_STEP, _RATIOS = 0.06, np.arange(-5.1, 5.101, 0.06)
_AT_ONCE = 32
# Deviates up to which tails between two ratios are cubic in the logarithm of the ratio; further out linear.
_NEAR = 7.1
# Steps of the part of read noise whose jumps are known.
_KNOWN_STEP = 0.05
# Pixels whose tails are read from tables at once.
_PART = 2**14
_LOCK = RLock()


@dataclass
class MeanTails:
    """Equivalent normal deviates of departures of mean counts, averaged over the read noise that a pixel may have.

    Attributes
    ----------
    distribution : `ReadNoiseDistribution`
        Read noise of the sensor's pixels.
    """

    distribution: ReadNoiseDistribution

    def deviate(self, deviate, scatter, share, frames, freedom=1, known_part=0.0):
        """Equivalent normal deviates, from those of normal noise of the pixels' mean read variance.

        Parameters
        ----------
        deviate : `numpy.ndarray`
            Departure as an equivalent normal deviate, of either sign, if the variance of one reading were exactly
            `ReadNoiseDistribution.mean_variance`; shape (pixels,). With several degrees of freedom: the deviate whose
            two-sided probability is that of the chi-square.
        scatter : `numpy.ndarray`
            Scatter of the pixel (electron), from which its read noise is known; NaN where it is not.
        share : `numpy.ndarray` or float
            Part of the variance of the departure that is read noise.
        frames : `numpy.ndarray` or float
            Number of frames whose mean, with equal weights, is as close to normal as the departure: for coefficients
            a_k of N_k frames ``(sum a_k^2 / N_k)^2 / sum(a_k^4 / N_k^3)``.
        freedom : int or `numpy.ndarray` of int
            Degrees of freedom of the departure.
        known_part : float
            Part of the read noise (variance) that is the mean of the very frames that told the scatter, as a master
            bias that is subtracted. Jumps among those frames show in the scatter, and are not expected once more.
            ``frames`` is then that of the others.
        """
        known = _rounded(known_part)

        def function(*arrays):
            return self._deviate(known, *arrays)

        return _in_parts(function, deviate, scatter, share, frames, freedom)

    def limits(self, low, high, frames, freedom, known_part=0.0):
        """Limits of averaged deviates that are not averaged between ``low`` and ``high``, whatever scatter and share.

        ``frames`` are of all these departures, which have one ``freedom``; ``known_part`` is that of `deviate`.
        """
        if low.size == 0:
            return low, high
        ends = np.searchsorted(_FRAMES, [np.nanmin(frames), np.nanmax(frames)])
        known = _rounded(known_part)
        tables = [self._table(number, freedom, known) for number in _FRAMES[max(ends[0] - 1, 0) : ends[1] + 1]]
        least, most = (find([find(table, axis=(0, 1)) for table in tables], axis=0) for find in (np.min, np.max))
        return low * np.interp(low, _DEVIATES, least), high * np.interp(high, _DEVIATES, most)

    def _deviate(self, known, deviate, scatter, share, frames, freedom):
        """The same of some pixels, flat arrays."""
        depth = np.interp(np.abs(deviate), _DEVIATES, np.arange(_DEVIATES.size))
        place = _Place.of(self.distribution, scatter, share, depth, _DEVIATES.size)
        number = np.interp(-1 / np.nan_to_num(frames, nan=1.0), -1 / _FRAMES, np.arange(_FRAMES.size))
        low = np.minimum(number.astype(int), _FRAMES.size - 2)
        ratio = np.ones(deviate.shape)
        for degrees in _distinct(freedom[freedom > 0]):
            for node in _distinct(low[freedom == degrees]):
                few = (freedom == degrees) & (low == node)
                part, within = number[few] - node, place.some(few)
                found = (1 - part) * within.of_table(self._table(_FRAMES[node], int(degrees), known))
                if part.any():
                    found += part * within.of_table(self._table(_FRAMES[node + 1], int(degrees), known))
                ratio[few] = found
        return deviate * ratio

    def _table(self, frames, freedom, known):
        """Deviates over those that are put in, shape (scatters + 1, shares, deviates)."""

        def make():
            size = _DEVIATES
            if freedom > 1:
                size = np.sqrt(chdtri(freedom, 2 * ndtr(-size)))

            def tail(deviate):
                return ndtr(-deviate) if freedom == 1 else chdtrc(freedom, np.square(np.maximum(deviate, 0))) / 2

            def law(often):
                return _mean_law(float(often), int(frames))

            near = _DEVIATES < _NEAR
            found = _averaged(self.distribution, size, near, 0.5, _LAW_SPAN, law, tail, 1 - known)
            return found / _DEVIATES

        return _made(self.distribution, ("mean", int(frames), freedom, known), make)


@dataclass
class ScatterTails:
    """Equivalent normal deviates of the scatter of equal frames, averaged over the read noise that a pixel may have.

    Attributes
    ----------
    distribution : `ReadNoiseDistribution`
        Read noise of the sensor's pixels.
    """

    distribution: ReadNoiseDistribution

    def deviate(self, chi_square, degrees, scatter, share):
        """Equivalent normal deviates, one-sided: positive where frames scatter more than the pixels' noise.

        Parameters
        ----------
        chi_square : `numpy.ndarray`
            Sum of squares of the frames about their mean, over the variance of a frame that has exactly the mean read
            variance of the pixel, shape (pixels,).
        degrees : int or `numpy.ndarray`
            Number of frames minus 1.
        scatter, share
            See `MeanTails.deviate`; ``share`` is of the variance of one frame.
        """
        return _in_parts(self._deviate, chi_square, degrees, scatter, share)

    def _deviate(self, chi_square, degrees, scatter, share):
        """The same of some pixels, flat arrays."""
        found = np.full(chi_square.shape, np.nan)
        for number in _distinct(degrees[degrees > 0]):
            few = (degrees == number) & ~np.isnan(chi_square)
            nodes, table = self._table(int(number))
            depth = (np.cbrt(chi_square[few] / number) - nodes[0]) / (nodes[1] - nodes[0])
            found[few] = _Place.of(self.distribution, scatter[few], share[few], depth, nodes.size).of_table(table)
        return found

    def _table(self, degrees):
        """Nodes of the cube root of chi-square over degrees, and deviates, shape (scatters + 1, shares, nodes)."""

        def make():
            width = np.sqrt(2 / (9 * degrees))
            step, last = _ROOT_STEP * width, 1 + _FURTHEST * width
            nodes = np.arange(min(_LEAST_ROOT, max(1 - 5 * width, 0.05)), last, step)
            span = (nodes[0] / 2, last * 1.5, step / 1.5)

            def law(often):
                return _scatter_law(float(often), degrees, span)

            near = nodes < 1 + _NEAR * width
            return nodes, _averaged(
                self.distribution, nodes, near, 1 / 3, np.arange(*span), law, lambda deviate: ndtr(-deviate)
            )

        return _made(self.distribution, ("scatter", degrees), make)


def _rounded(known_part):
    return round(float(known_part) / _KNOWN_STEP) * _KNOWN_STEP


@lru_cache(maxsize=128)
def _mean_law(often, frames):
    """`mean_deviates` of the nodes of tables, for all degrees of freedom and sensors; not to be changed."""
    return mean_deviates(often, frames, _LAW_SPAN, _ENERGIES)


@lru_cache(maxsize=128)
def _scatter_law(often, degrees, span):
    """`scatter_deviates` of a table's span (first, end, step), for all sensors; not to be changed."""
    return scatter_deviates(often, degrees, degrees * np.arange(*span) ** 3, _ENERGIES)


def _in_parts(function, first, *others):
    """A function of flat arrays for some thousand pixels at a time, which fit into the processor's cache."""
    first = np.asarray(first, dtype=float)
    arrays = [first.ravel(), *(np.broadcast_to(np.asarray(value), first.shape).ravel() for value in others)]
    found = np.empty(first.size)
    for start in range(0, first.size, _PART):
        part = slice(start, start + _PART)
        found[part] = function(*(array[part] for array in arrays))
    return found.reshape(first.shape)


def _distinct(numbers):
    """The different values of an array of small whole numbers."""
    return np.flatnonzero(np.bincount(numbers))


def _made(distribution, key, make):
    """A table of a distribution, made once, by one thread."""
    if key not in distribution.tables:
        with _LOCK:
            if key not in distribution.tables:
                distribution.tables[key] = make()
    return distribution.tables[key]


@dataclass
class _Place:
    """Where pixels are in a table: numbers of the nodes below, and parts of the way to the next ones."""

    nodes: tuple
    parts: tuple

    @classmethod
    def of(cls, distribution, scatter, share, depth, depths):
        """Of scatters (the last row of a table is that of unknown ones), shares of read noise and depths in a table."""
        scatters = distribution.scatters
        known = np.isfinite(scatter)
        step = np.log(scatters[1] / scatters[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            row = np.clip(np.log(np.where(known, scatter, 1.0) / scatters[0]) / step, 0, scatters.size - 1)
        column = np.interp(np.nan_to_num(share), _SHARES, np.arange(_SHARES.size))
        where = [(row, scatters.size), (column, _SHARES.size), (np.clip(np.nan_to_num(depth), -1e9, 1e9), depths)]
        nodes = [np.clip(place.astype(int), 0, size - 2) for place, size in where]
        parts = [place - node for (place, _), node in zip(where, nodes, strict=True)]
        nodes[0][~known], parts[0][~known] = scatters.size, 0.0
        return cls(tuple(nodes), tuple(parts))

    def some(self, few):
        """That of some of the pixels."""
        return _Place(tuple(node[few] for node in self.nodes), tuple(part[few] for part in self.parts))

    def of_table(self, table):
        """Values of a table, linear between its nodes."""
        _, columns, depths = table.shape
        corner = (self.nodes[0] * columns + self.nodes[1]) * depths + self.nodes[2]
        flat, found = table.ravel(), 0.0
        row, column, depth = self.parts
        for below, row_part in ((0, 1 - row), (columns * depths, row)):
            for beside, column_part in ((0, 1 - column), (depths, column)):
                at = np.minimum(corner + (below + beside), flat.size - 2)
                low = flat[at]
                found = found + row_part * column_part * (low + depth * (flat[at + 1] - low))
        return found


def _averaged(distribution, values, near, power, span, law, tail_of, jumping=1.0):
    """Deviates averaged over the read noise, shape (scatters + 1, shares, values).

    Parameters
    ----------
    values : `numpy.ndarray`
        Departures over the ``power`` of the mean variance, rising.
    near : `numpy.ndarray` of bool
        Which of them are not so far that the tail rises by far more than its size to the next ratio of variances.
    power : float
        Departures are as the variance to this power.
    span : `numpy.ndarray`
        Departures in equal steps, over the ``power`` of the variance without jumps.
    law : callable
        Of the fraction of readings with a jump: deviates, shape (span, energies), of pixels of one kind.
    tail_of : callable
        One-sided probability of a deviate of pixels of one kind.
    jumping : float
        Part of the read noise in which jumps are expected.
    """
    weights, quiet = _made(distribution, "weights", lambda: _weights(distribution))
    # Only ratios that some pixel may have.
    used = np.abs(weights[0]).max(axis=(0, 2)) > 1e-15
    weights, quiet, ratios = weights[:, :, used], quiet[:, :, used], np.exp(_RATIOS[used])
    # Jumps that were seen are in the mean of those frames, jumps that were not are not.
    parts = [weights] if jumping == 1 else [quiet, weights - quiet]
    of_scatter = [part.swapaxes(2, 3).reshape(*part.shape[:2], -1) for part in parts]
    cubic, linear = np.concatenate(of_scatter, axis=2).astype(float, order="C")
    kinds = list(zip(distribution.jumps, distribution.often, strict=True))
    laws = {fraction: law(fraction) for fraction in np.unique(distribution.often)}
    found = np.empty((distribution.scatters.size + 1, _SHARES.size, values.size))

    def within(normal):
        """First node of each value in a law, shape (values, ratios), and the parts of its nodes, of so much noise."""
        place = (values[:, None] / normal**power - span[0]) / (span[1] - span[0])
        place = np.clip(place, 0, span.size - 1.001)
        cell = place.astype(int)
        place = place - cell
        return cell * _ENERGIES.size, 1 - place, place

    def tail(normal, places, jump, fraction):
        """Probability of each value, shape (ratios, values), of pixels with so much normal noise and such jumps."""
        first, before, after = places
        energy = np.maximum(jump**2 * share * jumping * ratios / normal, 1e-9)
        level = np.clip(np.log(energy / _ENERGIES[0]) / np.log(_ENERGIES[1] / _ENERGIES[0]), 0, _ENERGIES.size - 1.001)
        step = level.astype(int)
        level = level - step
        deviates, first = laws[fraction].ravel(), first + step
        low = deviates[first] * before + deviates[first + _ENERGIES.size] * after
        first += 1
        high = deviates[first] * before + deviates[first + _ENERGIES.size] * after
        return tail_of(low * (1 - level) + high * level).T

    for column, share in enumerate(_SHARES):
        normal = 1 - share + share * ratios
        seen = share * (1 - jumping) * ratios
        places, tails = within(normal), []
        for part in range(len(parts)):
            for jump, fraction in kinds:
                noise = normal + part * seen * fraction * jump**2
                tails.append(tail(noise, within(noise) if part else places, jump, fraction))
        tails = np.concatenate(tails)
        total = np.empty((found.shape[0], values.size))
        total[:, near], total[:, ~near] = cubic @ tails[:, near], linear @ tails[:, ~near]
        with np.errstate(divide="ignore"):
            found[:, column] = deviate_of_log_tail(np.log(np.maximum(total, 1e-300)))
    return found


def _weights(distribution):
    """Probability of ratios of sigma^2 to the mean variance and of jumps, shape (2, 2, scatters + 1, ratios, jumps).

    The probabilities of the grid of sigma are spread over the ratios next to each: over four as Lagrange's cubic has
    them, which is exact where tails change smoothly, and over two, so that none is negative. First of all pixels, then
    of those of which no frame had a jump when their scatter was measured.
    """
    scatters = np.append(distribution.scatters, np.nan)
    log_mean = np.log(distribution.mean_variance(scatters))
    place = (2 * np.log(distribution.noises) - log_mean[:, None] - _RATIOS[0]) / _RATIO_STEP
    place = np.clip(place, 1, _RATIOS.size - 2.001)
    cell = place.astype(int)
    t = place - cell
    cubic = (-t * (t - 1) * (t - 2) / 6, (t * t - 1) * (t - 2) / 2, -t * (t + 1) * (t - 2) / 2, t * (t * t - 1) / 6)
    linear = (0 * t, 1 - t, t, 0 * t)
    found = np.zeros((2, 2, scatters.size, _RATIOS.size, distribution.jumps.size), np.float32)
    columns = np.arange(distribution.noises.size)
    for row in range(0, scatters.size, _AT_ONCE):
        few = scatters[row : row + _AT_ONCE]
        probability, quiet = distribution.posterior(few), distribution.quiet(few)
        for number, weight in enumerate(probability, row):
            for kind, parts in enumerate((cubic, linear)):
                spread = np.zeros((_RATIOS.size, columns.size))
                for corner, part in enumerate(parts):
                    spread[cell[number] + corner - 1, columns] += part[number]
                found[0, kind, number] = spread @ weight
                found[1, kind, number] = spread @ (weight * quiet[number - row])
    return found
