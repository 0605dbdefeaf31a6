# Licensed under a 3-clause BSD style license - see LICENSE
"""The images of a group that a report has as files: what each is, and which to use for what."""

from dataclasses import dataclass

from .verdict import counted

__all__ = ["ResultFile", "result_files", "size_of_file"]


@dataclass(frozen=True)
class ResultFile:
    """An image that is written into the folder of a group."""

    name: str  # of the file
    image: object  # CCDData
    what: str  # it is
    use: str  # it for


def result_files(measured):
    """List of `ResultFile` of a `Measured`, those first that most readers need."""
    found, with_rates = [], measured.has_bias
    if with_rates:
        what = "dark current of each pixel, with its error: one file for each exposure time"
        use = "subtract the dark current, at any exposure time (function master_dark)"
        found += [ResultFile(f"rate_{seconds:g}s.fits", rate, what, use) for seconds, rate in measured.rates.items()]
    if measured.bias is not None:
        frames = counted(measured.bias.meta["NCOMBINE"], "bias frame")
        found.append(ResultFile("master_bias.fits", measured.bias, f"mean of {frames}", "subtract the bias"))
    what = "True where a pixel must not be used; its data are the flags of each pixel"
    found.append(ResultFile("mask.fits", measured.mask, what, "leave bad pixels out of photometry and of stacks"))
    what = f"dark current of each pixel, with its error, from all {counted(measured.rate.meta['NCOMBINE'], 'dark')}"
    use = "plan exposures, look at the sensor, compare it with other nights"
    use = use if with_rates else f"subtract the dark current (function master_dark); {use}"
    found.append(ResultFile("rate_all.fits", measured.rate, what, use))
    if measured.noise_map is not None:
        use = "tell later reports the read noise of this camera: --read-noise read_noise.fits"
        found.append(ResultFile("read_noise.fits", measured.noise_map, "read noise of each pixel, with its error", use))
    if measured.significance is not None:
        what = "by how many sigmas each pixel departs from proportionality, with a sign"
        use = "look up how sure it is that a pixel is not proportional"
        found.append(ResultFile("significance.fits", measured.significance, what, use))
    return found


def size_of_file(path):
    """Size of a file, for people; empty where there is none."""
    try:
        size = path.stat().st_size
    except OSError:
        return ""
    return f"{size / 1e6:.1f} MB" if size > 1e5 else f"{max(size / 1e3, 0.1):.1f} kB"
