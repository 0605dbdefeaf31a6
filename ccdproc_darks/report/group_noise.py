# Licensed under a 3-clause BSD style license - see LICENSE
"""A map of the read noise of a group's pixels, where one read noise will not do."""

import warnings

from .._interface.warnings import DarkWarning
from ..frames.evidence.noise_spread import ENOUGH_DEGREES, ENOUGH_FRAMES, FEWEST_FRAMES
from ..rates.read_noise_map import read_noise_map

__all__ = ["noise_map", "noise_sentence"]


def noise_map(result, options, gain, bias):
    """Result of `read_noise_map` for a `Measured`, or the map that is given; None where one read noise will do.

    It is made of the bias frames, of equal darks where those are too few, or else of the few bias frames, and told of
    in ``settled``. Where none are enough, or one read noise is given, the check of the read noise tells what to take.
    """
    spread = result.camera.spread
    if options.noise_map is not None:
        result.noise_source = "of each pixel, as given"
        return _taken(result, options.noise_map, "as given")
    if spread is None or spread.one_will_do is not False or options.read_noise is not None:
        return None
    left_out = {item.name for item in result.unusable}
    frames = [frame.file for frame in result.group.biases if frame.name not in left_out]
    image = kind = None
    if len(frames) < ENOUGH_FRAMES and bias is not None:
        enough = [(seconds, same) for seconds, same in result.exposures if len(same) >= ENOUGH_FRAMES]
        for seconds, same in enough[:1]:
            of_darks = {"bias": bias, "exposure": options.frames.exposure, "saturation": options.saturation}
            image = _map(result, options, gain, [frame.file for frame in same], of_darks)
            kind = f"darks of {seconds:g} s"
        if image is not None and not image.meta.get("DKRNFREE", 0.0) >= ENOUGH_DEGREES:
            # Their Poisson noise hides the read noise.
            image = None
    if image is None:
        if len(frames) < FEWEST_FRAMES:
            return None
        image, kind = _map(result, options, gain, frames), "bias frames"
    source = f"from {image.meta['NCOMBINE']} {kind}"
    result.noise_source = f"of each pixel, {source}"
    return _taken(result, image, source)


def _taken(result, image, source):
    """The map, which is told of where one read noise will not do."""
    result.noise_map, spread = image, result.camera.spread
    if spread is None or spread.one_will_do is not False:
        return image
    before = [result.settled[each] for each in ("read noise",) if each in result.settled]
    result.settled["read noise"] = ". ".join([*before, noise_sentence(spread, image, source)])
    return image


def _map(result, options, gain, frames, of_darks=None):
    with warnings.catch_warnings():
        # Frames that drift, and the like, are told of elsewhere.
        warnings.simplefilter("ignore", DarkWarning)
        return read_noise_map(
            frames, gain=gain, **(of_darks or {}), **result.trimmed.sections, **options.work,
            check_headers=options.frames.check_headers, add_keyword=None,
        )  # fmt: skip


def noise_sentence(spread, image, source):
    """What a map shows, and where it is from, without a full stop at the end."""
    meta, text = image.meta, spread.sentence.replace("read noise", "Read noise", 1)
    if "DKRNTEL" in meta:
        # Without that, the spread has the pixels with telegraph read noise in it.
        text = f"Read noise differs by {100 * meta['DKRNSPR']:.2g} % from pixel to pixel"
        text += f", and {100 * meta['DKRNTEL']:.2g} % of the pixels have telegraph read noise"
    text += f": that of each pixel is taken, {source} (read_noise.fits)"
    if meta.get("NCOMBINE", ENOUGH_FRAMES) < ENOUGH_FRAMES:
        text += ". So few leave some more good pixels flagged than asked for: take twenty bias frames or more"
    return text
