# Licensed under a 3-clause BSD style license - see LICENSE
"""How many planted pixels are found where pixels have read noise of their own, beside a test that knows that noise."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from scipy.interpolate import RegularGridInterpolator
from scipy.special import ndtri

from ccdproc_darks import master_bias
from ccdproc_darks.simulation import OffsetPixels, TelegraphPixels

from .noise_cells import NoiseCell
from .noise_maps import METHODS, deviates, read_noises

__all__ = ["KnownNoise", "power_noise_cells", "recalls"]

_LEVEL = 1e-5
_DRAWS, _CHUNK = 2_000_000, 250_000
_SHAPE = (1000, 1000)
_SIZES = 4
_NOISES = (*METHODS, "truth")
_RATE = u.electron / u.s
_PLANTED = (
    OffsetPixels(offset=[1, 200] * u.electron, fraction=0.01),
    TelegraphPixels(
        amplitude=[0.004, 0.4] * _RATE, dwell_low=[500, 4000] * u.s, dwell_high=[500, 4000] * u.s, fraction=0.01
    ),
)  # fmt: skip


def power_noise_cells(quick=False):
    """Situations that are tried."""
    if quick:
        return [NoiseCell(biases=20)]
    return [NoiseCell(biases=biases) for biases in (20, 50)]


@dataclass
class KnownNoise:
    """
    Critical values of a test that knows the law of each pixel's noise, and the sensor's rate.

    They are quantiles of draws, on a grid of the normal noise (electron) and of the size of jumps (electron), between
    which they are interpolated. The statistics are the difference of the rates at the shortest and the longest
    exposure (electron/s), and the variance among the darks of the longest exposure (electron^2).
    """

    cell: NoiseCell
    noises: np.ndarray
    jumps: np.ndarray
    difference: np.ndarray
    variance: np.ndarray

    @classmethod
    def drawn(cls, cell, draws=_DRAWS, points=(7, 6), seed=8):
        """Draw the statistics of good pixels for each noise and each jump."""
        rng = np.random.default_rng(seed)
        reach = np.exp(4.5 * max(cell.spread, 0.01))
        rounding = np.sqrt(0.25**2 / 12)
        noises = np.hypot(cell.read_noise * np.geomspace(1 / reach, reach, points[0]), rounding)
        # A jump far below the noise is none.
        jumps = np.geomspace(0.5, 20, points[1])
        edges = np.array([[_edges(cell, noise, jump, rng, draws) for jump in jumps] for noise in noises])
        return cls(cell, noises, jumps, edges[..., 0], edges[..., 1])

    def edges(self, noises, jumps):
        """Critical values of the two statistics for pixels of such noises and jumps."""
        points = np.log(np.stack([noises, np.maximum(jumps, self.jumps[0])], axis=-1))
        grid = (np.log(self.noises), np.log(self.jumps))
        points = np.clip(points, [axis[0] for axis in grid], [axis[-1] for axis in grid])
        return [
            np.exp(RegularGridInterpolator(grid, np.log(edge))(points)) for edge in (self.difference, self.variance)
        ]


def _edges(cell, noise, jump, rng, draws):
    """Quantiles of both statistics in good pixels of one noise (electron)."""
    often = 2 * cell.occupancy * (1 - cell.occupancy)
    times, number = (cell.seconds[0], cell.seconds[-1]), cell.frames
    differences, variances = [], []
    for _ in range(-(-draws // _CHUNK)):
        bias = _mean(rng, noise, jump, often, 0.0, cell.biases)
        short = _mean(rng, noise, jump, often, cell.rate * times[0], number)
        frames = rng.standard_normal((number, _CHUNK), dtype=np.float32) * noise
        shifts = rng.random((number, _CHUNK), dtype=np.float32)
        frames += jump * ((shifts < often / 2).astype(np.float32) - (shifts > 1 - often / 2))
        frames += rng.poisson(cell.rate * times[1], (number, _CHUNK))
        differences.append((short - bias) / times[0] - (frames.mean(axis=0) - bias) / times[1])
        variances.append(frames.var(axis=0, ddof=1))
    return [np.quantile(np.concatenate(found), 1 - _LEVEL) for found in (differences, variances)]


def _mean(rng, noise, jump, often, electrons, number):
    """Mean of ``number`` frames of each of many pixels."""
    jumped = rng.binomial(number, often, _CHUNK)
    total = jump * (2 * rng.binomial(jumped, 0.5) - jumped) + rng.poisson(electrons * number, _CHUNK)
    return (total + noise * np.sqrt(number) * rng.standard_normal(_CHUNK)) / number


def recalls(cell, sensors=None, shape=_SHAPE, draws=_DRAWS, points=(7, 6), seed=9):
    """
    Planted pixels found at a probability of 1e-5 by each method, and by tests that know each pixel's noise.

    Returns
    -------
    dict
        For "nonlinear" and "telegraph": the number planted and, for all sizes and by four ranges of sizes, the fraction
        found by each method; with the true standard deviation of each pixel as its read noise ("truth"); and by the
        test of `KnownNoise`, which rejects no sample ("ideal").
    """
    known = KnownNoise.drawn(cell, draws, points)
    parts, sensors = [], sensors or cell.sensors
    for number in range(sensors):
        sensor = cell.sensor(1000 * seed + number, shape, _PLANTED)
        biases, sets = cell.frames_of(sensor, seed=[seed, number])
        parts.append(_found(known, sensor, biases, sets))
    row = {}
    for kind in ("nonlinear", "telegraph"):
        sizes, *found = (np.concatenate([part[kind][index] for part in parts]) for index in range(2 + len(_NOISES)))
        row[f"{kind}_planted"] = sizes.size
        order = np.argsort(sizes)
        for label, some in [
            ("", order),
            *((f"_{n + 1}", part) for n, part in enumerate(np.array_split(order, _SIZES))),
        ]:
            for name, hits in zip(("ideal", *_NOISES), found, strict=True):
                row[f"{kind}{label}_{name}"] = float(hits[some].mean())
    return row


def _found(known, sensor, biases, sets):
    """For each kind the sizes of the planted pixels, and which of them the ideal test and each method find."""
    gain, cell = sensor.gain.value, known.cell
    level = np.mean([frame.data for frame in biases], axis=0, dtype=float)
    short, long = (np.array([frame.data for frame in sets[index]], dtype=float) for index in (0, -1))
    difference = (short.mean(axis=0) - level) * gain / cell.seconds[0] - (long.mean(axis=0) - level) * gain / (
        cell.seconds[-1]
    )
    variance = long.var(axis=0, ddof=1) * gain**2
    noises = np.full(sensor.shape, cell.read_noise) if sensor.pixels.noise is None else sensor.pixels.noise
    jumps = np.zeros(sensor.shape)
    index, amplitude = sensor.pixels.of("reading", "index", "amplitude")
    jumps.flat[index] = amplitude
    edges = known.edges(np.hypot(noises, gain / np.sqrt(12)), jumps)
    master = master_bias(biases, clip=None)
    significance, scatter = {}, {}
    for name, noise in (read_noises(sensor, biases) | {"truth": sensor.true_read_noise()}).items():
        _, significance[name], scatters = deviates(sets, master, noise)
        scatter[name] = scatters[-1].data
    limit, result = -ndtri(_LEVEL), {}
    for kind, planted, size, ideal, ours in (
        ("nonlinear", "offset", "electrons", difference > edges[0], significance),
        ("telegraph", "telegraph", "amplitude", variance > edges[1], scatter),
    ):
        index, sizes = sensor.pixels.of(planted, "index", size)
        result[kind] = [sizes, ideal.flat[index], *(ours[name].flat[index] > limit for name in _NOISES)]
    return result
