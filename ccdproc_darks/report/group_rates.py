# Licensed under a 3-clause BSD style license - see LICENSE
"""The rates of a group: of all its exposure times together, and of each alone."""

import warnings

from astropy import units as u

from .._interface.warnings import HeaderWarning, NoiseWarning, NoUsablePixelWarning, TemperatureWarning
from ..comparison.dark_scatter import LEAST_FRAMES, dark_scatter
from ..rates.dark_rate import dark_rate
from ..rates.frame_selection import select_frames
from .group_bias import bias_level, set_bias, tell_outlying
from .group_noise import noise_map
from .settled_levels import settle_levels

__all__ = ["measure_rates"]


def measure_rates(result, options, gain, scale, known_noise, step, caught):
    """Set the master bias, and the rates and the scatter of all exposure times; ``caught`` has the warnings so far."""
    files = [frame.file for frame in result.group.darks]
    checked = {"check_headers": options.frames.check_headers}
    common = {"gain": gain, "saturation": options.saturation, **result.trimmed.sections, **options.work, **checked}
    common["exposure"] = options.frames.exposure
    step("bias")
    bias, offset, read_noise = set_bias(result, options, gain, scale)
    if read_noise is None and known_noise is not None:
        read_noise, result.noise_source = known_noise, "the same camera in another group"
    result.exposures = [(seconds, _used(result, same, seconds, scale)) for seconds, same in result.exposures]

    step("levels")
    common |= settle_levels(result, gain, read_noise)
    image = noise_map(result, options, gain, bias)
    if image is not None:
        read_noise = image

    step("all exposure times")
    used = [frame for _, same in result.exposures for frame in same]
    result.rate = dark_rate(_files(used), bias=bias, offset=offset, read_noise=read_noise, **common)
    if result.rate.mask.all():
        raise ValueError(next(str(one.message) for one in caught if issubclass(one.category, NoUsablePixelWarning)))
    if read_noise is None and "DKRDNOI" in result.rate.meta:
        read_noise = result.rate.meta["DKRDNOI"] * u.electron
        result.noise_source = "the scatter of equal darks"
    common |= {"bias": bias_level(result) if bias is None else bias, "read_noise": read_noise}
    saturation = {key: result.rate.meta[key] for key in ("DKSATUR", "DKSATSRC") if key in result.rate.meta}
    if saturation.get("DKSATSRC") == "found":
        # Rates of all exposure times have the level that all frames show.
        common["saturation"] = saturation["DKSATUR"] * files[0].unit
    with warnings.catch_warnings():
        # Said of all exposure times already.
        for category in (HeaderWarning, NoiseWarning, TemperatureWarning):
            warnings.simplefilter("ignore", category)
        for seconds, same in result.exposures:
            step(f"{seconds:g} s")
            alone = len(result.exposures) == 1
            result.rates[seconds] = result.rate if alone else dark_rate(_files(same), **common)
            result.rates[seconds].meta.update(saturation)
        if read_noise is not None:
            for seconds, same in result.exposures:
                step(f"scatter of {seconds:g} s")
                if len(same) >= LEAST_FRAMES:
                    result.scatter[seconds] = dark_scatter(_files(same), **common)


def _used(result, darks, seconds, scale):
    """Those of equal darks that belong together."""
    selection = select_frames([frame.file for frame in darks], scale)
    tell_outlying(result, darks, selection, f"{seconds:g} s darks")
    return [frame for index, frame in enumerate(darks) if index not in selection.left_out]


def _files(frames):
    # Not their paths: headers were changed where the user tells otherwise.
    return [frame.file for frame in frames]
