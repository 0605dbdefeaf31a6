# Licensed under a 3-clause BSD style license - see LICENSE
"""Rates and mask of a sample of the rows, which tell of the whole result in a fraction of its time."""

import warnings

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from .._interface.arguments import ELECTRON_PER_SECOND, GAIN_UNIT
from .._interface.warnings import DarkWarning
from ..comparison.dark_scatter import LEAST_FRAMES, dark_scatter
from ..frames.inputs import MemoryFrame, sample
from ..masks.hot_pixel_mask import hot_pixel_mask
from ..rates.dark_rate import dark_rate
from ..rates.master_bias import master_bias
from ..rates.read_noise_map import read_noise_map

__all__ = ["evenly", "sampled_result"]

# Pixels of the sample; exposure times, and frames of each, that are enough for a look at the whole.
_PIXELS, _MOST_TIMES, _MOST_FRAMES = 2**15, 3, 16
# Bias frames that are enough for the read noise of each pixel.
_MOST_OF_MAP = 32


def sampled_result(group, gain, noise, combined, optical_black=None, *, with_map=False):
    """Rates of each exposure time, or one of all times, and the mask, of some rows of some of the frames.

    Parameters
    ----------
    group : `ccdproc_darks.frames.evidence.frame_group.FrameGroup`
        The frames, and what is told of them.
    gain : float or None
        Gain (electron/adu), where frames are in adu.
    noise : float or None
        Read noise (electron), where it is known.
    combined : list of int
        Number of exposures that each dark is the mean of.
    optical_black : Quantity or None
        Rate of a typical pixel (electron/s), where the camera subtracts it.
    with_map : bool
        Whether to take the read noise of each pixel, from the bias frames, as a report does.

    Returns
    -------
    rates : list of `~astropy.nddata.CCDData`
        The rates.
    mask : `~astropy.nddata.CCDData`
        The mask.
    has_bias : bool
        Whether the bias was subtracted.
    """
    gain = None if gain is None else gain * GAIN_UNIT
    noise = None if noise is None else noise * u.electron
    blocks = group.some_blocks(_PIXELS)
    sets = [
        (
            seconds,
            combined[indices[0]],
            [_sampled(group.darks[index], blocks) for index in evenly(indices, _MOST_FRAMES)],
        )
        for seconds, indices in evenly(group.sets, _MOST_TIMES)
    ]
    if with_map:
        noise = _map(group, blocks, gain)
    bias = _bias(group, blocks, gain, noise)
    common = {
        "gain": gain,
        "read_noise": noise,
        "saturation": None,
        "check_headers": False,
        "optical_black": 0 * ELECTRON_PER_SECOND if optical_black is None else optical_black,
    }
    if "saturation" in group.told:
        common["saturation"] = group.told["saturation"].value * group.unit
    if bias is None and group.unit == u.adu and group.darks[0].dtype.kind in "iu":
        if len(sets) < 2:
            raise ValueError("no bias, and one exposure time only: a bias cannot be told from dark current")
        darks, seconds = zip(*((dark, time) for time, _, equal in sets for dark in equal), strict=True)
        rate = dark_rate(darks, exposure=seconds * u.s, offset="pixel", n_combined=combined[0], **common)
        return [rate], hot_pixel_mask(rate, check_headers=False), False
    common["bias"] = bias
    rates, scatter = [], []
    for time, number, equal in sets:
        own = {**common, "exposure": time * u.s}
        rates.append(dark_rate(equal, n_combined=number, **own))
        if common["read_noise"] is None and "DKRDNOI" in rates[-1].meta:
            common["read_noise"] = rates[-1].meta["DKRDNOI"] * u.electron
        if len(equal) >= LEAST_FRAMES and number == 1 and common["read_noise"] is not None:
            scatter.append(dark_scatter(equal, **own | {"read_noise": common["read_noise"]}))
    if any(rate.uncertainty is None for rate in rates):
        raise ValueError("without a read noise nobody can tell which pixels are hot: pass read_noise (--read-noise)")
    # As many good pixels as in the whole image are expected beyond the threshold, so that it is the same.
    share = min(rates[0].data.size / np.prod(group.shape), 1.0)
    return rates, hot_pixel_mask(*rates, scatter=scatter, false_positives=share, check_headers=False), True


def evenly(items, most):
    """At most so many of a list, from its first to its last."""
    return [items[int(index)] for index in np.linspace(0, len(items) - 1, min(len(items), most))]


def _bias(group, blocks, gain, read_noise):
    """Master bias of the rows, bias level, or None."""
    if group.level is not None:
        return group.level * group.unit
    if group.biases:
        frames = [_sampled(bias, blocks) for bias in evenly(group.biases, _MOST_FRAMES)]
        return master_bias(frames, gain=gain, read_noise=read_noise, check_headers=False)
    return None if group.master is None else _sampled(group.master, blocks).ccd


def _map(group, blocks, gain):
    """Map of the read noise of the rows, from the bias frames."""
    frames = [_sampled(bias, blocks) for bias in evenly(group.biases, _MOST_OF_MAP)]
    with warnings.catch_warnings():
        # The check of the read noise tells that they are few.
        warnings.simplefilter("ignore", DarkWarning)
        return read_noise_map(frames, gain=gain, check_headers=False, add_keyword=None)


def _sampled(frame, blocks):
    """`MemoryFrame` of some rows of a frame, with its header and its name in messages."""
    rows = sample(frame, blocks).rows(slice(None))
    deviation = None
    if rows.deviation is not None:
        deviation = StdDevUncertainty(np.array(rows.deviation))
    ccd = CCDData(rows.values, unit=frame.unit, mask=rows.mask, uncertainty=deviation, meta=frame.header)
    return MemoryFrame(ccd, frame.label)
