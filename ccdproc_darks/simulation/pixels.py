# Licensed under a 3-clause BSD style license - see LICENSE
"""The pixels of a sensor: rates, read noise, column bias and defects, the same in every frame."""

import numpy as np

from .streams import COLUMNS, DEFECT, NOISE, UNIFORMITY, stream

__all__ = ["Pixels", "frame_blocks"]

# Pixels of a block: small enough for the cache with all temporary arrays. Each block has a random stream of its own:
# another number would give other frames for the same seed.
_BLOCK_PIXELS = 2**16
# Percentiles of the rates between which pixels are drawn together, and number of pixels that they are taken from.
_MOST = (2, 98)
_SAMPLE = 2**16

# Kinds of defects that a pixel may have besides any other.
_ANY_PIXEL = ("hot", "noisy", "reading")


def frame_blocks(shape):
    """Blocks of a frame: slices of rows that depend only on its shape."""
    rows, columns = shape
    step = max(1, _BLOCK_PIXELS // columns)
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


class Pixels:
    """Properties of the pixels of a sensor that are the same in every frame.

    The parameters are those of `Sensor`, as plain numbers (electron/s, electron, adu). Where ``rate`` is an image,
    ``dsnu`` is the standard deviation of the rates of pixels that have its mean rate.

    Attributes
    ----------
    rate : `numpy.ndarray`
        Proportional part of the rates (electron/s): a float32 image, or one float64 number, broadcast, where all
        pixels have the same rate.
    uniform : bool
        Whether all pixels have the same rate.
    highest : float
        Highest of these rates (electron/s).
    common : tuple of float
        The 2 and 98 % percentiles of these rates (electron/s).
    noise : `numpy.ndarray` or None
        Read noise of the pixels (electron, float32); None where all have the same.
    columns : `numpy.ndarray` or None
        Bias of the columns (adu) beside the sensor's; None where there is none.
    kinds : dict
        Arrays of the pixels of each kind of defect, by name; "index" has their flat indices, ascending.
    """

    def __init__(self, shape, seed, *, rate, dsnu, read_noise, read_noise_spread, column_pattern, defects):
        self.shape = shape
        # One number costs no memory in float64, an image half as much in float32.
        self.rate = np.broadcast_to(np.array(rate, dtype=float if np.ndim(rate) == 0 else np.float32), shape)
        self.noise = self.columns = None
        self._read_noise = read_noise
        self.kinds = {}
        self._taken = np.empty(0, dtype=np.int64)
        self.uniform = np.ndim(rate) == 0
        if dsnu > 0:
            spread = np.sqrt(np.log1p((dsnu / np.mean(rate)) ** 2))
            factor = self._lognormal(seed, UNIFORMITY, spread, -0.5)
            self.rate = np.multiply(self.rate, factor, out=factor)
            self.uniform = False
        if read_noise_spread > 0:
            factor = self._lognormal(seed, NOISE, read_noise_spread, -1.0)
            self.noise = np.multiply(read_noise, factor, out=factor)
        if column_pattern > 0:
            self.columns = column_pattern * stream(seed, COLUMNS).standard_normal(shape[1])
        for number, defect in enumerate(defects):
            defect.plant(stream(seed, DEFECT, number), self)
        self.rate.flags.writeable = False
        sample = self.rate.ravel()[:: max(1, self.rate.size // _SAMPLE)] if not self.uniform else self.rate[:1, :1]
        self.highest = float(self.rate.max()) if not self.uniform else float(self.rate[0, 0])
        self.common = tuple(float(limit) for limit in np.percentile(sample, _MOST))

    def _lognormal(self, seed, purpose, spread, shift):
        """``exp(spread z + shift spread**2)``, normal z: its mean is 1 for a shift of -1/2, its mean square for -1."""
        factor = np.empty(self.shape, dtype=np.float32)
        for number, rows in enumerate(frame_blocks(self.shape)):
            normal = stream(seed, purpose, number).standard_normal(factor[rows].shape)
            factor[rows] = np.exp(spread * (normal + shift * spread))
        return factor

    def choose(self, rng, fraction, above=0.0):
        """Flat indices, ascending, of a fraction of the pixels above a rate that have no defect but being hot."""
        if above > 0:
            free = np.setdiff1d(np.flatnonzero(self.rate >= above), self._taken, assume_unique=True)
            return np.sort(rng.permutation(free)[: round(fraction * free.size)])
        return self._choose(rng, fraction, self._taken)

    def choose_any(self, rng, fraction):
        """Flat indices, ascending, of a fraction of all pixels."""
        return self._choose(rng, fraction, np.empty(0, dtype=np.int64))

    def _choose(self, rng, fraction, taken):
        """Flat indices, ascending, of a fraction of the pixels that are not ``taken``."""
        size = self.rate.size
        count = round(fraction * (size - taken.size))
        if count > size // 4 or taken.size > size // 2:
            free = np.setdiff1d(np.arange(size), taken, assume_unique=True)
            return np.sort(rng.permutation(free)[:count])
        # Few of many are drawn until there are enough: that needs no list of all pixels.
        chosen = np.empty(0, dtype=np.int64)
        while chosen.size < count:
            more = rng.integers(0, size, count - chosen.size)
            chosen = np.union1d(chosen, np.setdiff1d(more, taken))
        return chosen

    def set_rate(self, index, rates):
        """Replace the rates (electron/s) of some pixels."""
        if self.uniform or not self.rate.flags.writeable:
            self.rate = self.rate.astype(np.float32)
            self.uniform = False
        self.rate.flat[index] = rates

    def set_noise(self, index, noises):
        """Replace the read noises (electron) of some pixels."""
        if self.noise is None:
            self.noise = np.full(self.shape, self._read_noise, dtype=np.float32)
        self.noise.flat[index] = noises

    def take_rate(self, index, share):
        """Take a share of the rates (electron/s) of some pixels out of `rate`, and return it."""
        rates = self.rate.flat[index].astype(float)
        self.set_rate(index, rates * (1 - share))
        return rates * share

    def add(self, kind, index, **values):
        """Add pixels to a kind of defect, with arrays of their properties.

        Only one defect of a pixel may change its dark current, besides that it is hot.
        """
        values["index"] = index
        if kind in self.kinds:
            order = np.argsort(np.concatenate([self.kinds[kind]["index"], index]), kind="stable")
            values = {name: np.concatenate([self.kinds[kind][name], values[name]])[order] for name in values}
        self.kinds[kind] = values
        if kind not in _ANY_PIXEL:
            self._taken = np.union1d(self._taken, index)

    def of(self, kind, *names):
        """Arrays of the pixels of a kind of defect, by their names; empty arrays where there is no such pixel."""
        empty = np.empty(0)
        found = self.kinds.get(kind, {})
        return [found.get(name, empty.astype(np.int64) if name == "index" else empty) for name in names]
