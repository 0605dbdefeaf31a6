# Licensed under a 3-clause BSD style license - see LICENSE
"""Two epochs of one sensor: how many unchanged pixels are called changed, and how many changed ones are found."""

import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from scipy.special import ndtri
from scipy.stats import norm, poisson

from ccdproc_darks import changed_pixels, dark_rate, dark_rate_change, master_bias
from ccdproc_darks.simulation import DarkSequence, HotPixels, Sensor
from ccdproc_darks.temperature import DoublingDarkCurrent

from .conditional_power import conditional_power

__all__ = ["ChangeCell", "change_cells", "changes", "list_cells", "lists"]

_SHAPE, _IMAGES = (2000, 2000), 2
_LEVELS = (1e-3, 1e-4)
_BIASES = 20
_PLANTED = 4000
_HOT = 1e-3


@dataclass(frozen=True)
class ChangeCell:
    """
    A sensor of one dark rate and some hot pixels, at two epochs with a master bias each.

    Attributes
    ----------
    read_noise : float
        electron.
    signal : float
        Signal over noise of a typical pixel's rate at the earlier epoch.
    seconds, frames : tuple
        Exposure times (s), and numbers of frames.
    factor : float
        Dark current of the later epoch over that of the earlier.
    drift : float
        Electrons that frames of the later epoch have more, over the read noise.
    """

    read_noise: float
    signal: float
    seconds: tuple
    frames: tuple
    factor: float = 1.0
    drift: float = 0.0

    @property
    def rate(self):
        """Dark rate of the earlier epoch (electron/s)."""
        square, noise = self.signal**2, self.frames[0] * self.read_noise**2
        return (square + np.sqrt(square**2 + 4 * square * noise)) / 2 / (self.frames[0] * self.seconds[0])

    def measure(self, rng, rates, epoch):
        """Result of `dark_rate` for true ``rates`` at epoch 0 or 1."""
        frames, seconds, noise = self.frames[epoch], self.seconds[epoch], self.read_noise
        counts = rng.poisson(rates * (frames * seconds)) / frames + rng.normal(0, noise / np.sqrt(frames), rates.shape)
        meta = {"EXPTIME": seconds, "EGAIN": 1.0, "RDNOISE": noise, "NCOMBINE": frames}
        bias = rng.normal(0, noise / np.sqrt(_BIASES), rates.shape)
        return dark_rate(
            CCDData(counts + epoch * noise * self.drift, unit="electron", meta=meta),
            bias=CCDData(bias, unit="electron", meta={"NCOMBINE": _BIASES}),
        )


def change_cells(quick=False):
    """Equal exposure times and unequal ones, the same temperature and another."""
    noises, signals = ((3.0,), (1.0,)) if quick else ((0.5, 3.0, 10.0), (0.1, 1.0, 10.0))
    for noise, signal in product(noises, signals):
        yield ChangeCell(noise, signal, (100.0, 100.0), (5, 5))
        yield ChangeCell(noise, signal, (300.0, 100.0), (5, 10), drift=0.3 if noise > 1 and signal > 0.5 else 0.0)
        yield ChangeCell(noise, signal, (100.0, 100.0), (5, 5), 3.0)


def changes(cell, shape=_SHAPE, images=_IMAGES, seed=7):
    """
    False positives over nominal in both tails, and the power to find births and healings, of `dark_rate_change`.

    Notes
    -----
    A pixel is born with an excess at which a test that knows its rate before, and so the law of the difference of its
    two rates, finds half of such pixels at a level of 1e-4; a healed pixel has lost as much as such a test finds half
    of. These laws are sums of normal laws over the numbers of electrons (scipy.stats), and share no code with the
    package. What a test can find that must learn the rate from the same two counts is told by `conditional_power`.
    """
    rng = np.random.default_rng(seed)
    level, critical = _LEVELS[-1], -ndtri(_LEVELS[-1])
    born, healed = (_half_found(cell, epoch, level) for epoch in (1, 0))
    numbers, total = np.zeros((len(_LEVELS), 2)), 0
    found = np.zeros(2)
    for _ in range(images):
        before = np.full(shape, cell.rate)
        hot = np.flatnonzero(rng.random(shape) < _HOT)
        sigma = np.sqrt((cell.rate + cell.read_noise**2 / cell.seconds[0]) / min(cell.seconds) / min(cell.frames))
        before.flat[hot] += 30 * sigma * (1 + rng.exponential(5, hot.size)) + 100 / min(cell.seconds)
        after = before.copy()
        places = rng.choice(np.setdiff1d(np.arange(before.size), hot), 2 * _PLANTED, replace=False)
        after.flat[places[:_PLANTED]] += born
        before.flat[places[_PLANTED:]] += healed
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rates = cell.measure(rng, before, 0), cell.measure(rng, after * cell.factor, 1)
            result = dark_rate_change(*rates)
        deviates = result.data.ravel()
        found += (
            np.count_nonzero(deviates[places[:_PLANTED]] > critical),
            np.count_nonzero(deviates[places[_PLANTED:]] < -critical),
        )
        unchanged = np.delete(deviates, places)
        total += unchanged.size
        for index, probability in enumerate(_LEVELS):
            edge = -ndtri(probability)
            numbers[index] += np.count_nonzero(unchanged > edge), np.count_nonzero(unchanged < -edge)
    row = {
        "read_noise": cell.read_noise,
        "signal": cell.signal,
        "rate": float(f"{cell.rate:.3g}"),
        "exposures": " ".join(f"{seconds:g}" for seconds in cell.seconds),
        "frames": " ".join(map(str, cell.frames)),
        "factor": cell.factor,
        "measured": float(f"{result.meta['DKSCALE']:.5g}"),
        "source": result.meta["DKSCLSRC"],
    }
    for probability, sides in zip(_LEVELS, numbers, strict=True):
        for side, number in zip(("higher", "lower"), sides, strict=True):
            row[f"{side}_{probability:.0e}"] = float(f"{number / probability / total:.4g}")
    for name, excess, epoch, number in zip(("born", "healed"), (born, healed), (1, 0), found, strict=True):
        row[f"{name}_ideal"] = float(f"{_ideal_power(cell, epoch, excess, level):.4g}")
        row[f"{name}_attainable"] = float(f"{_attainable_power(cell, epoch, excess, level):.4g}")
        row[f"{name}_found"] = float(f"{number / images / _PLANTED:.4g}")
    return row


def _tail(cell, excesses, edge):
    """Probability that the later rate minus the earlier is above ``edge`` (electron/s), exactly."""
    numbers, weights, variance = [], [], 0.0
    for excess, seconds, frames, factor in zip(excesses, cell.seconds, cell.frames, (1.0, cell.factor), strict=True):
        expected, total = (cell.rate + excess) * seconds * frames * factor, seconds * frames * factor
        width = np.sqrt(expected)
        step = max(1, int(width / 20))
        electrons = np.arange(max(0, int(expected - 8 * width - 1)), expected + 8 * width + 15, step)
        law = poisson.pmf(electrons, expected)
        numbers.append(electrons / total)
        weights.append(law / law.sum())
        variance += cell.read_noise**2 * (1 / frames + 1 / _BIASES) / (seconds * factor) ** 2
    difference = numbers[1][:, None] - numbers[0]
    return float(weights[1] @ norm.sf((edge - difference) / np.sqrt(variance)) @ weights[0])


def _ideal_power(cell, epoch, excess, level):
    """Power of the test that knows the rate; the excess is in epoch 1 (born) or in epoch 0 (healed)."""
    sign = 1 if epoch == 1 else -1

    def beyond(edge, excesses):
        above = _tail(cell, excesses, sign * edge)
        return above if sign > 0 else 1 - above

    low, high = 0.0, 1.0
    while beyond(high, (0, 0)) > level:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle, (0, 0)) > level else (low, middle)
    return beyond(high, (excess, 0) if epoch == 0 else (0, excess))


def _attainable_power(cell, epoch, excess, level):
    """Power of the test that learns the rate from both counts; see `_ideal_power`."""
    rates = (cell.rate + excess * (epoch == 0), cell.rate + excess * (epoch == 1))
    return conditional_power(cell, rates, level, _BIASES, 1 if epoch == 1 else -1)


def _half_found(cell, epoch, level):
    low, high = 0.0, 1.0
    while _ideal_power(cell, epoch, high, level) < 0.5:
        high *= 2
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if _ideal_power(cell, epoch, middle, level) < 0.5 else (low, middle)
    return high


def list_cells(quick=False):
    """Spread of the factors of single hot pixels, temperature (deg C) of the later epoch, and number of frames."""
    return [(0.03, -4.0, 5)] if quick else [(0.0, -10.0, 5), *((spread, -4.0, 5) for spread in (0.0, 0.03, 0.06))]


def lists(cell, shape=(1000, 1000), seed=8):
    """
    Pixels in the table of `changed_pixels` for one false positive asked for, of sensors simulated frame by frame.

    Dark current doubles in 6 K, but for a ``spread`` of the factor of each hot pixel. Fifty pixels are born, fifty
    healed.
    """
    spread, warmer, frames = cell
    rng = np.random.default_rng(seed)
    rate = u.electron / u.s
    model = DoublingDarkCurrent(amplitude=1 * rate, doubling=6 * u.K, reference_temperature=263.15 * u.K)
    sensor = Sensor(
        shape=shape, rate=0.3 * rate, dsnu=0.06 * rate, read_noise=5 * u.electron, gain=1 * u.electron / u.adu,
        bias=500 * u.adu, temperature=-10 * u.deg_C, temperature_model=model, seed=seed,
        defects=[HotPixels(fraction=5e-3, above=2 * rate, maximum=100 * rate)],
    )  # fmt: skip
    true = sensor.true_rate().data
    hot = np.flatnonzero(true > 2)
    own = np.zeros(true.shape)
    own.flat[hot] = rng.normal(0, spread, hot.size) if warmer != -10 else 0.0
    cool = np.flatnonzero(true < 1)
    planted = rng.choice(cool, 100, replace=False)
    excess = rng.uniform(3, 30, 100)
    factor, found = 2 ** ((warmer + 10) / 6), []
    for epoch, temperature in enumerate((-10.0, warmer)):
        extra = np.zeros(true.shape)
        if epoch:
            extra += factor * true * own
            extra.flat[planted[:50]] = factor * excess[:50]
        else:
            extra.flat[planted[50:]] = excess[50:]
        frames_of = DarkSequence(
            sensor, [(_BIASES, 0 * u.s), (frames, 100 * u.s)], rng=seed + epoch, temperature=temperature * u.deg_C
        )
        taken = list(frames_of)
        biases, darks = taken[:_BIASES], taken[_BIASES:]
        for dark in darks:
            added = np.sign(extra) * rng.poisson(np.abs(extra) * 100)
            dark.data = np.clip(dark.data + added, 0, 65535).astype(dark.data.dtype)
        found.append(dark_rate(darks, bias=master_bias(biases), read_noise=5 * u.electron))
    significance = dark_rate_change(*found)
    table = changed_pixels(*found)
    listed = table["y"] * shape[1] + table["x"]
    beyond = np.flatnonzero(np.abs(significance.data) > table.meta["DKSIGMA"])
    typical = np.delete(significance.data, np.append(planted, hot))
    return {
        "spread": spread,
        "warmer": warmer + 10,
        "factor": float(f"{factor:.4g}"),
        "measured": float(f"{table.meta['DKSCALE']:.5g}"),
        "measured_spread": float(f"{table.meta['DKSCLSPR']:.3g}"),
        "width": float(f"{table.meta['DKWIDTH']:.3f}"),
        "hot": int(hot.size),
        "unchanged_significant": int(np.setdiff1d(beyond, planted).size),
        "unchanged_listed": int(np.setdiff1d(listed, planted).size),
        "planted": 100,
        "found": int(np.isin(planted, listed).sum()),
        **{
            f"{side}_1e-03": float(f"{np.mean(sign * typical > -ndtri(1e-3)) / 1e-3:.3f}")
            for side, sign in (("higher", 1), ("lower", -1))
        },
    }
