# Licensed under a 3-clause BSD style license - see LICENSE
"""How improbable rates are among those of typical pixels: of many pixels, by tables."""

from dataclasses import dataclass, field

import numpy as np

from .typical_rates import TypicalRates

__all__ = ["TypicalDeviates"]

# Steps of the tables: per octave of the variance and of the exposure, and per part of the variance that is Poisson.
_PER_OCTAVE, _PER_SHARE = 4, 8
# Most octaves from the nominal pixel.
_FURTHEST = 40
# Deviates of the points of a table, and factors by which more points follow after the last.
_DEVIATES = np.arange(-3.0, 9.01, 0.2)
_BEYOND = np.array([1.2, 1.5, 2.0, 3.0, 5.0])
_HALVINGS = 200


@dataclass
class TypicalDeviates:
    """Equivalent normal deviates of rates above typical ones, for pixels of any noise.

    Attributes
    ----------
    typical : `TypicalRates`
        Distribution of the true rates of typical pixels.
    variance, exposure : float
        Variance (electron^2/s^2) and total exposure (s) of a nominal pixel, for which the table is exact.
    at_level : bool
        Whether each pixel has a level (electron/s) of its own, that of its surroundings; else it is the typical rate.
    """

    typical: TypicalRates
    variance: float
    exposure: float
    at_level: bool = False
    _tables: dict = field(default_factory=dict, repr=False)

    def of(self, excess, variance, exposure, level=None):
        """`TypicalRates.deviate` of pixels, interpolated between those of pixels a fifth more or less noisy.

        Arguments are as there, in any shape; NaN where the excess is NaN. No pixel's deviate depends on other pixels.
        """
        shape = np.shape(excess)
        excess = np.ravel(excess).astype(float)
        places = self._places(variance, exposure, level, excess.size)
        scaled = excess / self._scale(np.broadcast_to(np.ravel(variance), excess.shape))
        found = np.zeros(excess.shape)
        first = np.floor(places)
        part = places - first
        for corner in np.ndindex(*(2,) * len(places)):
            weight = np.ones(excess.shape)
            for upper, share in zip(corner, part, strict=True):
                weight *= share if upper else 1 - share
            some = np.flatnonzero(weight > 0)
            if not some.size:
                continue
            keys = (first[:, some] + np.array(corner)[:, None]).astype(int)
            low = keys.min(axis=1, keepdims=True)
            size = (keys - low).max(axis=1) + 1
            codes = np.ravel_multi_index(keys - low, size)
            for code in np.unique(codes):
                same = some[codes == code]
                key = tuple((np.array(np.unravel_index(code, size)) + low[:, 0]).tolist())
                found[same] += weight[same] * _interpolated(scaled[same], *self._table(key))
        return found.reshape(shape)

    def excess_of(self, deviate, variance, exposure, level=None):
        """Rate (electron/s) above the typical one, of a single pixel, from which on its deviate is above the given."""
        low, high, scale = -1.0, 1.0, self._scale(variance)
        tables = list(self._tables_of_one(variance, exposure, level))

        def above(scaled):
            scaled = np.array([scaled * scale / scale])
            return sum(weight * _interpolated(scaled, *table).item() for weight, table in tables) > deviate

        while above(low):
            low *= 2
        while not above(high):
            high *= 2
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if middle in (low, high):
                break
            low, high = (low, middle) if above(middle) else (middle, high)
        return float(low * scale)

    def _tables_of_one(self, variance, exposure, level):
        """Tables between which the deviates of a single pixel are, and their weights, as in `of`."""
        places = self._places(variance, exposure, level, 1)[:, 0]
        first = np.floor(places)
        for corner in np.ndindex(*(2,) * len(places)):
            weight = 1.0
            for upper, share in zip(corner, places - first, strict=True):
                weight *= share if upper else 1 - share
            if weight > 0:
                yield weight, self._table(tuple((first + corner).astype(int).tolist()))

    def _scale(self, variance):
        return np.sqrt(np.maximum(variance, self.variance * 2.0**-_FURTHEST) + self.typical.width**2)

    def _places(self, variance, exposure, level, size):
        """Coordinates of the pixels in the tables, shape (coordinates, pixels)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            octaves = [
                np.clip(np.log2(np.ravel(value) / nominal), -_FURTHEST, _FURTHEST) * _PER_OCTAVE
                for value, nominal in ((variance, self.variance), (exposure, self.exposure))
            ]
            if self.at_level:
                electrons = np.maximum(np.ravel(level), 0) / np.ravel(exposure)
                octaves.append(np.clip(electrons / np.ravel(variance), 0, 1) * _PER_SHARE)
        places = np.array([np.broadcast_to(each, size) for each in octaves])
        # Rounding is no other noise.
        whole = np.round(places)
        return np.where(np.isfinite(places), np.where(np.abs(places - whole) < 1e-6, whole, places), 0.0)

    def _table(self, key):
        """Rates above the typical one over `_scale`, rising, and the deviate of each."""
        if key not in self._tables:
            variance, exposure = (
                nominal * 2.0 ** (step / _PER_OCTAVE)
                for step, nominal in zip(key, (self.variance, self.exposure), strict=False)
            )
            level = key[2] / _PER_SHARE * variance * exposure if self.at_level else self.typical.rate
            true = self.typical.quantile(_DEVIATES)
            electrons = np.maximum(true, -max(level, 0.0)) / exposure if exposure > 0 else 0.0
            noise = _DEVIATES * np.sqrt(np.maximum(variance + electrons, variance / 4))
            excess = np.copysign(np.hypot(true, noise), _DEVIATES)
            excess = np.concatenate([excess, excess[-1] * _BEYOND])
            each = np.ones(excess.shape)
            deviates = self.typical.deviate(excess, variance * each, exposure * each, level * each)
            self._tables[key] = excess / self._scale(variance), np.maximum.accumulate(deviates)
        return self._tables[key]


def _interpolated(values, points, deviates):
    """Linear interpolation, which goes on beyond the last point and ends at the first."""
    found = np.interp(values, points, deviates)
    beyond = values > points[-1]
    if beyond.any():
        slope = (deviates[-1] - deviates[-2]) / (points[-1] - points[-2])
        found[beyond] = deviates[-1] + slope * (values[beyond] - points[-1])
    return found
