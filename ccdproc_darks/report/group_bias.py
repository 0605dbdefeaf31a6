# Licensed under a 3-clause BSD style license - see LICENSE
"""The bias of a group: of its bias frames, of a master bias, or the level that its darks show."""

import warnings

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from .._interface.warnings import NoiseWarning
from ..frames.temperatures import TEMPERATURE_SPREAD
from ..rates.frame_selection import select_biases
from ..rates.master_bias import master_bias
from .group import Unusable

__all__ = ["bias_level", "set_bias", "tell_outlying"]


def set_bias(result, options, gain, scale):
    """Set the bias of a `Measured`, if it has one; ``gain`` is a Quantity, ``scale`` electrons per unit of the frames.

    Returns ``bias`` and ``offset`` of `~ccdproc_darks.dark_rate`, and the read noise (a Quantity) or None. ValueError
    where a bias cannot be told from dark current.
    """
    group, unit = result.group, result.group.darks[0].file.unit
    read_noise, result.noise_source = result.camera.read_noise, result.camera.noise_source
    if group.biases:
        work = options.work | {"check_headers": options.frames.check_headers}
        read_noise = _take_bias(result, gain, scale, read_noise, work)
        return result.bias, None, read_noise
    if group.master:
        result.bias = _master(group.master)
        return result.bias, None, read_noise
    if options.frames.without_bias:
        result.without_bias = True
        result.notes.append("The bias was subtracted from the darks already (--bias none): no bias is taken away.")
        return 0 * unit, None, read_noise
    if len(result.exposures) < 2:
        told = "".join(f". {note}" for note in (*group.notes, *group.doubts)).rstrip(".")
        raise ValueError(
            "no bias frames, and darks of one exposure time only: a bias cannot be told from dark current"
            f"{told}; --bias gives bias frames from another folder"
        )
    drift = scale / (result.exposures[-1][0] - result.exposures[0][0])
    result.notes.append(
        "There are no bias frames. The rate is the slope of the counts over exposure time, every pixel with an "
        "unknown offset of its own; a rate at a single exposure time cannot be had. A drift of the bias level by "
        f"1 {unit} between the exposure times shifts all slopes by {drift:.2g} electron/s."
    )
    return None, "pixel", read_noise


def _take_bias(result, gain, scale, read_noise, work):
    """Set the master bias; the read noise, from the bias frames where nothing else tells."""
    biases = result.group.biases
    selection = select_biases([frame.file for frame in biases], scale)
    measured = selection.read_noise()
    if measured is not None:
        result.bias_noise = measured
        if read_noise is None:
            read_noise, result.noise_source = measured * u.electron, "the scatter of the bias frames"
    tell_outlying(result, biases, selection, "bias frames")
    if len(biases) < 3:
        few = "is only one bias frame" if len(biases) == 1 else "are only two bias frames"
        result.notes.append(f"There {few}: the error of the bias limits the rates.")
    with warnings.catch_warnings():
        # The checks tell of a read noise that is given.
        warnings.simplefilter("ignore", NoiseWarning)
        result.bias = master_bias(selection.chosen(), gain=gain, read_noise=read_noise, add_keyword=None, **work)
    known = [bias.temperature for bias in biases if bias.temperature is not None]
    if known and max(known) - min(known) > TEMPERATURE_SPREAD:
        # Else that of the first.
        result.bias.meta["CCD-TEMP"] = sum(known) / len(known)
    return read_noise


def _master(frame):
    """A master bias as CCDData."""
    file = frame.file
    rows = file.rows(slice(None))
    uncertainty = None if rows.deviation is None else StdDevUncertainty(rows.deviation)
    image = CCDData(
        rows.values, unit=file.unit, mask=rows.mask, uncertainty=uncertainty, meta=file.header, wcs=file.wcs
    )
    image.meta.setdefault("NCOMBINE", max(frame.combined, 1))
    return image


def bias_level(result):
    """One bias level for the sensor, as a Quantity: where the darks' median counts meet zero exposure."""
    medians = []
    for seconds, same in result.exposures:
        values = [float(np.median(frame.file.rows(slice(None)).values)) for frame in same]
        medians.append((seconds, np.median(values)))
    seconds, counts = np.array(medians).T
    return max(float(np.polynomial.Polynomial.fit(seconds, counts, 1)(0.0)), 0.0) * result.group.darks[0].file.unit


def tell_outlying(result, frames, selection, equals):
    """Tell which frames do not belong to their equals, and whether they are left out or used all the same."""
    for index in selection.outlying:
        name = frames[index].name
        text = f"level {selection.levels[index]:+.1f} {frames[index].file.unit} from the other {equals}"
        if index in selection.left_out:
            result.unusable.append(Unusable(name, text))
        else:
            result.notes.append(f"{name} has a {text}; it is used all the same.")
