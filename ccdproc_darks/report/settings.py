# Licensed under a 3-clause BSD style license - see LICENSE
"""What the user tells of frames that are checked."""

from dataclasses import dataclass

from astropy import units as u

__all__ = ["Settings"]


@dataclass
class Settings:
    """What the user tells of frames that are checked: arguments of `~ccdproc_darks.dark_rate`, and more.

    Attributes
    ----------
    gain, read_noise, exposure, saturation, n_combined
        As of `~ccdproc_darks.dark_rate`.
    measures_gain : bool
        The frames tell the gain, whatever headers say.
    check_headers : bool
        Whether headers are asked if frames belong together.
    without_bias : bool
        The bias was subtracted from the darks already.
    """

    gain: object = None
    read_noise: object = None
    exposure: object = None
    saturation: object = None
    n_combined: int | None = None
    measures_gain: bool = False
    check_headers: bool = True
    without_bias: bool = False

    @classmethod
    def of(cls, options):
        """What the `Options` of a report tell."""
        is_told = isinstance(options.gain, u.Quantity)
        return cls(
            options.gain if is_told else None,
            options.typical_read_noise,
            options.frames.exposure,
            options.saturation,
            measures_gain=options.gain is not None and not is_told,
            check_headers=options.frames.check_headers,
            without_bias=options.frames.without_bias,
        )
