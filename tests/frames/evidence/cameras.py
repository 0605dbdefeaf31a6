"""Simulated cameras whose headers tell little: written without the package, so that it cannot confirm itself."""

from dataclasses import dataclass

import numpy as np
from astropy.nddata import CCDData

from ccdproc_darks.frames.evidence.finding import Told
from ccdproc_darks.frames.evidence.frame_group import FrameGroup
from ccdproc_darks.frames.inputs import as_frames


@dataclass
class Camera:
    """A camera with hot pixels whose rates fall off as a power law.

    Gain (electron per step of the ADC), read noise (electron), typical rate (electron/s), bias level (steps of the
    ADC); the ADC's highest value, and the number that its values are multiplied by.
    """

    gain: float = 1.0
    read_noise: float = 8.0
    rate: float = 0.05
    bias: float = 100.0
    top: float = 4095
    factor: int = 1
    dtype: str = "uint16"
    shape: tuple = (200, 300)
    hot: int = 400
    hottest: float = 1000.0
    full_well: float = np.inf  # electron
    soft: float = 0.0  # scatter of the full well from pixel to pixel, as a fraction
    seed: int = 1

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        self.rates = np.full(self.shape, self.rate)
        places = rng.choice(self.rates.size, self.hot, replace=False)
        self.rates.flat[places] = np.geomspace(1, self.hottest, self.hot) if self.hot else 0
        self.wells = self.full_well * (1 + self.soft * rng.uniform(-1, 1, self.shape))

    def values(self, seconds, rng):
        """Values of one frame, before the ADC."""
        electrons = np.minimum(rng.poisson(self.rates * seconds), self.wells)
        return self.bias + (electrons + rng.normal(0, self.read_noise, self.shape)) / self.gain

    def frames(self, seconds, number, seed=5, **keys):
        """Frames of one exposure time, as the ADC makes them."""
        rng = np.random.default_rng((self.seed, seed, int(seconds)))
        images = [np.clip(np.rint(self.values(seconds, rng)), 0, self.top) * self.factor for _ in range(number)]
        meta = {"EXPTIME": float(seconds), "EGAIN": self.gain, "RDNOISE": self.read_noise, **keys}
        meta = {key: value for key, value in meta.items() if value is not None}
        return [CCDData(image.astype(self.dtype), unit="adu", meta=dict(meta)) for image in images]


def group_of(*sets, biases=(), **told):
    """`FrameGroup` of sets of frames; ``gain=(1.0, "EGAIN")`` tells a value and its source."""
    darks = [frame for frames in sets for frame in frames]
    told = {name: Told(*value) for name, value in told.items()}
    biases = as_frames(list(biases), "biases") if biases else []
    return FrameGroup(as_frames(darks), [frame.meta["EXPTIME"] for frame in darks], biases, told=told)
