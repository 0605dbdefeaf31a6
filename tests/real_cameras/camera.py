"""A camera whose truth is known, and folders of its frames as real cameras write them."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from astropy.io import fits

__all__ = ["Camera", "uint16"]


@dataclass(frozen=True)
class Camera:
    """A camera and what it writes.

    ``digits`` makes the stored array of counts (adu, not rounded). ``header`` adds to the header; None takes one away.
    """

    rate: float = 0.05  # of a typical pixel (electron/s)
    hot: int = 400
    hot_rates: tuple = (1.0, 30.0)  # electron/s, uniform in the logarithm
    gain: float = 1.5
    read_noise: float = 8.0
    level: float = 300.0  # of the bias (adu)
    shape: tuple = (128, 128)
    seed: int = 1
    digits: object = None
    step: int = 1  # of the digits (adu)
    header: dict = field(default_factory=dict)
    told_gain: float | None = None  # EGAIN, where it is not the gain

    @cached_property
    def rates(self):
        """True rates (electron/s), and which pixels are hot."""
        rng = np.random.default_rng(self.seed)
        rates = np.full(self.shape, self.rate)
        pixels = rng.choice(rates.size, self.hot, replace=False)
        low, high = np.log(self.hot_rates)
        rates.flat[pixels] = np.exp(rng.uniform(low, high, self.hot))
        return rates

    def counts(self, seconds, rng, shift=0.0):
        """Counts (adu, not rounded) of one frame of an exposure time (s), ``shift`` (adu) above the level."""
        electrons = rng.poisson(self.rates * seconds) + rng.normal(0, self.read_noise, self.shape)
        return self.level + shift + electrons / self.gain

    def frame(self, seconds, rng, shift=0.0, **header):
        """Stored array and header of one frame."""
        digits = self.digits or uint16
        cards = {
            "INSTRUME": "TestCam",
            "IMAGETYP": "Dark Frame" if seconds else "Bias Frame",
            "EXPTIME": float(seconds),
            "EGAIN": self.gain if self.told_gain is None else self.told_gain,
            "CCD-TEMP": -10.0,
            "SET-TEMP": -10.0,
            **self.header,
            **header,
        }
        made = fits.Header()
        for key, value in cards.items():
            if value is not None:
                made[key] = value
        return digits(self.counts(seconds, rng, shift)), made

    def write(self, folder, exposures=((10, 60), (10, 300)), biases=10, seed=2, change=None, **header):
        """Write a folder of frames; ``change`` makes of (kind, number, array, header) the array and header written.

        Returns the paths of the biases, and of the darks.
        """
        rng = np.random.default_rng(seed)
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for count, seconds in ((biases, 0), *exposures):
            for number in range(count):
                data, cards = self.frame(seconds, rng, **header)
                if change is not None:
                    data, cards = change("dark" if seconds else "bias", number, data, cards)
                path = folder / f"{'dark' if seconds else 'bias'}_{seconds:g}_{number:02d}.fits"
                if isinstance(data, fits.HDUList):
                    data.writeto(path)
                else:
                    fits.PrimaryHDU(data, cards).writeto(path)
                paths.append(path)
        return paths[:biases], paths[biases:]

    def but(self, **changes):
        """The same camera with some things changed."""
        return replace(self, **changes)


def uint16(counts, top=65535):
    """Counts as the ADC of most cameras writes them."""
    return np.clip(np.round(counts), 0, top).astype(np.uint16)
