# Licensed under a 3-clause BSD style license - see LICENSE
"""Options that several commands share: what the user tells of the frames."""

from pathlib import Path

from .argument_types import gain, positive, read_noise

__all__ = ["add_settings", "settings_of"]


def add_settings(parser):
    """Add the options for gain, read noise, saturation level, overscan and edges."""
    parser.add_argument(
        "--gain", type=gain, metavar="G",
        help="gain (electron/adu), or the word measured: from the variance of the darks' warm pixels; default: EGAIN "
        "in the headers",
    )  # fmt: skip
    parser.add_argument(
        "--read-noise", type=read_noise, metavar="R|FILE",
        help="read noise (electron), or the FITS file of a map of each pixel's, such as the read_noise.fits of a "
        "report; default: a map of the bias frames where pixels differ, RDNOISE in the headers, else from the scatter "
        "of equal frames",
    )  # fmt: skip
    parser.add_argument(
        "--saturation", type=positive, metavar="S",
        help="level (adu, with the bias) from which a pixel is saturated; default: SATURATE in the headers, else the "
        "level that the frames show, else the top of the ADC",
    )  # fmt: skip
    parser.add_argument(
        "--overscan", metavar="SECTION",
        help="FITS section of the overscan ('[1:32, :]'), or the header key that has it, or none; its level is taken "
        "off. Default: BIASSEC in the headers",
    )  # fmt: skip
    parser.add_argument(
        "--trim", metavar="SECTION",
        help="FITS section of the image that is measured ('[33:544, 1:512]'), or the header key that has it, or none; "
        "default: TRIMSEC, else DATASEC in the headers",
    )  # fmt: skip


def settings_of(given):
    """What the user told by these options, as fields of `ccdproc_darks.report.options.Options`."""
    from astropy import units as u

    def quantity(name, unit):
        value = getattr(given, name, None)
        return value if value is None or isinstance(value, str) else value * unit

    noise = getattr(given, "read_noise", None)
    return {
        "gain": quantity("gain", u.electron / u.adu),
        "read_noise": _map(noise) if isinstance(noise, Path) else quantity("read_noise", u.electron),
        "saturation": quantity("saturation", u.adu),
        "overscan": getattr(given, "overscan", None),
        "trim": getattr(given, "trim", None),
    }


def _map(path):
    """A map of read noise (CCDData in electron) from a FITS file."""
    from astropy import units as u
    from astropy.nddata import CCDData

    from .._interface.warnings import filtered

    try:
        with filtered("ignore"):
            image = CCDData.read(path, format="fits")
    except (ValueError, TypeError, OSError) as error:
        why = "it has no BUNIT" if "unit for CCDData must be specified" in str(error) else error
        raise ValueError(f"--read-noise {path} is no map of read noise: {why}") from None
    if image.unit != u.electron:
        raise ValueError(f"--read-noise {path} is in {image.unit}, expected electron")
    return image
