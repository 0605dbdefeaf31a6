# Licensed under a 3-clause BSD style license - see LICENSE
"""The read noise of each pixel that darks show themselves, where one read noise will not do and nobody told a map."""

from dataclasses import replace

from astropy import units as u

from .._interface.warnings import NoiseWarning, collected, warn
from ..frames.evidence.noise_spread import ENOUGH_DEGREES, ENOUGH_FRAMES
from .pixel_noise import PixelNoise
from .read_noise_map import map_of_darks

__all__ = ["warn_of_spread", "with_own_map"]


def with_own_map(prepared, read_noise, offset, execution):
    """`PreparedDarks` with a map of read noise made from their equal darks, where one read noise will not do.

    Where the user gave one read noise for all, or darks are too few, or cannot tell the Poisson noise of their
    electrons, a warning says what to take, and they stay as they are. Twenty frames are enough: of so few the tails of
    departures were found right, averaged over what a pixel's read noise may be, with 20 % of spread and telegraph read
    noise in 8 % of the pixels.
    """
    if prepared.spread is None or prepared.spread.one_will_do is not False:
        return prepared
    enough = [one for one in prepared.dark_sets if len(one.frames) >= ENOUGH_FRAMES and (one.combined == 1).all()]
    if not enough or isinstance(read_noise, u.Quantity) or offset == "pixel" or prepared.optical_black:
        warn_of_spread(prepared.spread)
        return prepared
    # The shortest exposures have the least Poisson noise.
    with collected():  # where it has no pixel, that is told below
        image = map_of_darks(enough[0], prepared.reader, prepared.bias_error, execution)
    if not image.meta.get("DKRNFREE", 0.0) >= ENOUGH_DEGREES:
        darks = f"{len(enough[0].frames)} darks of {enough[0].seconds:g} s"
        why = f". No map was made of the {darks}: their dark electrons hide the read noise"
        warn_of_spread(prepared.spread, why)
        return prepared
    noise = PixelNoise.of(image, prepared.shape)
    error = prepared.bias.error(noise.typical, of_map=True)
    return replace(
        prepared, pixel_noise=noise, noise=noise.typical, source="map", bias_error=error,
        map_frames=image.meta["NCOMBINE"],
    )  # fmt: skip


def warn_of_spread(spread, why=""):
    """Warn that one read noise will not do, where a `NoiseSpread` shows it, and why there is no map of the darks."""
    if spread is not None and spread.one_will_do is False:
        warn(f"{spread.advice}{why}", NoiseWarning)
