# Licensed under a 3-clause BSD style license - see LICENSE
"""Science frames with sky, stars and cosmic rays, of sensors whose dark current is known; and their master darks."""

from dataclasses import dataclass

import numpy as np
from astropy.nddata import CCDData, StdDevUncertainty

__all__ = ["ScienceCell"]

_GAIN, _NOISE, _SECONDS = 1.5, 8.0, 300.0
_SATURATION = 60_000.0


@dataclass(frozen=True)
class ScienceCell:
    """One kind of field and sensor.

    Attributes
    ----------
    field : str
        What it is, in words.
    stars : int
        Number of stars.
    width : float
        Full width at half maximum of a star (pixels).
    sky, gradient : float
        Sky (electron) and its change over the frame, as a fraction.
    rays : int
        Number of cosmic rays, tracks of 1 to 12 pixels.
    hot : int
        Number of hot pixels.
    highest : float
        Highest dark signal of a hot pixel (electron); the lowest is 100.
    frames : int
        Frames of the master dark.
    scatter : float
        Scatter of the hot pixels' own factors.
    """

    field: str
    stars: int = 300
    width: float = 3.0
    sky: float = 200.0
    gradient: float = 0.2
    rays: int = 50
    hot: int = 300
    highest: float = 20_000.0
    frames: int = 10
    scatter: float = 0.0

    def frames_of(self, factor, seed, shape):
        """Science frame with ``factor`` times the dark current, and master dark of the same exposure time (adu)."""
        rng = np.random.default_rng(seed)
        electrons = 5.0 * np.exp(rng.normal(0, 0.3, shape))
        places = rng.choice(electrons.size, self.hot, replace=False)
        electrons.ravel()[places] = 100 * (self.highest / 100) ** rng.random(self.hot)
        master = rng.poisson(electrons * self.frames) / self.frames
        master += rng.normal(0, _NOISE / np.sqrt(self.frames), shape)
        error = np.sqrt((np.clip(master, 0, None) + _NOISE**2) / self.frames)
        down, right = np.meshgrid(*(np.linspace(-0.5, 0.5, size) for size in shape), indexing="ij")
        light = self.sky * (1 + self.gradient * (down + right)) + _stars(rng, shape, self.stars, self.width)
        own = factor * electrons * (1 + rng.normal(0, self.scatter, shape) if self.scatter else 1)
        counts = rng.poisson(light + own) + rng.normal(0, _NOISE, shape) + _rays(rng, shape, self.rays)
        meta = {"EXPTIME": _SECONDS, "EGAIN": _GAIN, "IMAGETYP": "Light Frame"}
        science = CCDData(np.rint(np.minimum(counts / _GAIN, _SATURATION)), unit="adu", meta=meta)
        uncertainty = StdDevUncertainty(error / _GAIN)
        meta = {**meta, "IMAGETYP": "Dark Frame"}
        return science, CCDData(master / _GAIN, unit="adu", uncertainty=uncertainty, meta=meta)


def _stars(rng, shape, number, width):
    """Stars with a core and wings (electron), integrated over the pixels; one in a hundred saturates."""
    from scipy.special import ndtr

    image, sigma = np.zeros(shape), width / 2.355
    # Numbers of stars rise towards faint ones as the power -0.6 of their flux.
    fluxes = np.minimum(200 * rng.random(number) ** (-1 / 0.6), 3e6)
    reach = int(np.ceil(12 * sigma)) + 2
    for flux, y, x in zip(fluxes, rng.uniform(0, shape[0], number), rng.uniform(0, shape[1], number), strict=True):
        box = [
            slice(max(int(at) - reach, 0), min(int(at) + reach, size)) for at, size in zip((y, x), shape, strict=True)
        ]
        edges = [np.arange(part.start, part.stop + 1) - 0.5 - at for part, at in zip(box, (y, x), strict=True)]
        for share, wide in ((0.9, sigma), (0.1, 3 * sigma)):
            image[tuple(box)] += share * flux * np.outer(*(np.diff(ndtr(edge / wide)) for edge in edges))
    return image


def _rays(rng, shape, number):
    image = np.zeros(shape)
    for _ in range(number):
        length, angle = rng.integers(1, 13), rng.uniform(0, 2 * np.pi)
        steps = np.arange(length)
        rows = (rng.integers(shape[0]) + steps * np.sin(angle)).astype(int)
        columns = (rng.integers(shape[1]) + steps * np.cos(angle)).astype(int)
        inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
        np.add.at(image, (rows[inside], columns[inside]), rng.exponential(1500, inside.sum()))
    return image
