# Licensed under a 3-clause BSD style license - see LICENSE
"""What the user tells of frames that are checked."""

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass
class Settings:
    """What the user tells of the frames: arguments of `~ccdproc_darks.dark_rate`."""

    gain: object = None
    read_noise: object = None
    exposure: object = None
    saturation: object = None
    n_combined: int | None = None
    measures_gain: bool = False  # whether the frames shall tell the gain

    @classmethod
    def of(cls, options):
        """What the `Options` of a report tell."""
        is_measured = isinstance(options.gain, str)
        gain = None if is_measured else options.gain
        told = (gain, options.read_noise, options.frames.exposure, options.saturation)
        return cls(*told, measures_gain=is_measured)
