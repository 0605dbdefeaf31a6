# Licensed under a 3-clause BSD style license - see LICENSE
"""Lines of Python at the end of a page, which reduce science frames with the files of the report."""

import math

from astropy import units as u

from ..frames.exposure_time import exposure_time
from ..frames.trimmed_frame import TrimmedFrame

__all__ = ["reduction_lines"]

# Names of files on a line.
_NAMES = 5


def reduction_lines(folder, measured):
    """Lines of Python (a list of str) for the files of a group, which are in ``folder`` beside the page.

    They run in the folder of raw frames such as ``science.fits``, as they came from the camera, with ``report`` set to
    the folder of the page, and write ``reduced_science.fits``.
    """
    frame = measured.group.darks[0].file
    names = [repr(f"{name}.fits") for name in _rate_names(measured)]
    bias = [] if measured.bias is None else ["bias = CCDData.read(group / 'master_bias.fits')"]
    steps = [
        *_reading(frame),
        *_trimming(frame),
        *_bias(measured),
        *_error(measured, frame.unit),
        f"dark = master_dark(*rates, exposure=exposure, unit={str(frame.unit)!r}, mask=hot)",
        "reduced = ccdproc.subtract_dark(science, dark, dark_exposure=exposure, data_exposure=exposure)",
        "reduced.mask = hot.mask if reduced.mask is None else reduced.mask | hot.mask",
        # The name may have a path, or an end that CCDData does not write.
        "reduced.write(f'reduced_{Path(name).stem}.fits', overwrite=True)",
    ]
    return [
        "from pathlib import Path",
        "",
        "import ccdproc",
        "from astropy import units as u",
        "from astropy.nddata import CCDData",
        "from ccdproc_darks import master_dark",
        "",
        "report = Path('.')  # the folder of this page",
        f"group = report / {folder!r}",
        *_of_files(names),
        "hot = CCDData.read(group / 'mask.fits')",
        *bias,
        "for name in ['science.fits']:  # the names of your raw frames",
        *(f"    {step}" for step in steps),
    ]


def _of_files(names):
    """Lines that read the rates: a few names a line."""
    if len(names) <= _NAMES:
        return [f"rates = [CCDData.read(group / name) for name in ({', '.join(names)},)]"]
    lines = [", ".join(names[start : start + _NAMES]) for start in range(0, len(names), _NAMES)]
    return [
        "names = [",
        *(f"    {line}," for line in lines),
        "]",
        "rates = [CCDData.read(group / name) for name in names]",
    ]


def _rate_names(measured):
    """Files of the rates: of each exposure time, where the bias is known; else of all together."""
    return [f"rate_{seconds:g}s" for seconds in measured.rates] if measured.has_bias else ["rate_all"]


def _reading(frame):
    """Lines that read the raw frame, and its exposure time."""
    file = frame.frame if isinstance(frame, TrimmedFrame) else frame
    hdu = f", hdu={file.number}" if file.others or file.path.suffix == ".fz" else ""
    yield f"raw = CCDData.read(name, unit={str(frame.unit)!r}{hdu})"
    time = exposure_time(file)
    if time is None or file.others or isinstance(file.header[time.key], str):
        # The header of the image, as CCDData reads it, does not tell it as a number.
        yield "exposure = 300 * u.s  # of the science frame"
        return
    factor = time.seconds / time.number
    unit = "u.s" if math.isclose(factor, 1) else f"{factor:g} * u.s"
    yield f"exposure = float(raw.meta[{time.key!r}]) * {unit}"


def _trimming(frame):
    """Lines that take the overscan off the raw frame, as it was taken off the darks."""
    if not isinstance(frame, TrimmedFrame):
        return
    if frame.overscan is not None:
        yield f"raw = ccdproc.subtract_overscan(raw, fits_section={frame.overscan.text!r}, overscan_axis=None)"
    yield f"raw = ccdproc.trim_image(raw, fits_section={frame.trim.text!r})"


def _bias(measured):
    """A line that makes the frame one without its bias."""
    if measured.bias is not None:
        yield "science = ccdproc.subtract_bias(raw, bias)"
    elif measured.without_bias:
        yield "science = raw  # the bias was subtracted from the darks; if it is still in this frame, subtract it here"
    else:
        yield "science = raw  # subtract its bias here: there were no bias frames among these files"


def _error(measured, unit):
    """A line that gives the frame its noise, where gain and read noise are known."""
    meta = measured.rate.meta
    if "DKRDNOI" not in meta or (unit == u.adu and "DKGAIN" not in meta):
        return
    gain = f"'gain': {meta['DKGAIN']:.6g} * u.electron / u.adu, " if unit == u.adu else ""
    noise = f"'readnoise': {meta['DKRDNOI']:.6g} * u.electron"
    yield f"noise = {{{gain}{noise}}}"
    yield "science = ccdproc.create_deviation(science, **noise, disregard_nan=True)"
