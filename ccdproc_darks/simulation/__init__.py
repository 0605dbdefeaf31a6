# Licensed under a 3-clause BSD style license - see LICENSE
"""Simulated sensors, whose true dark rates and defects are known, and dark frames of them."""

from .cosmic_rays import CosmicRays
from .dark import simulate_dark
from .defects import AmplifierGlow, DepletionEdgePixels, HotPixels, LowFullWellPixels, OffsetPixels, TelegraphPixels
from .noisy_pixels import NoisyPixels, TelegraphReadNoise
from .presets import PRESETS, sensor_preset
from .sensor import Sensor
from .sequence import DarkSequence

__all__ = [
    "PRESETS",
    "AmplifierGlow",
    "CosmicRays",
    "DarkSequence",
    "DepletionEdgePixels",
    "HotPixels",
    "LowFullWellPixels",
    "NoisyPixels",
    "OffsetPixels",
    "Sensor",
    "TelegraphPixels",
    "TelegraphReadNoise",
    "sensor_preset",
    "simulate_dark",
]


def __dir__():
    return sorted(__all__)
