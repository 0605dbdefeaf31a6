# Licensed under a 3-clause BSD style license - see LICENSE
"""Options that several commands share: what the user tells of the frames."""

from .argument_types import gain, positive

__all__ = ["add_settings", "settings_of"]


def add_settings(parser):
    """Add the options for gain, read noise, saturation level, overscan and edges."""
    parser.add_argument(
        "--gain", type=gain, metavar="G",
        help="gain (electron/adu), or the word measured: from the variance of the darks' warm pixels; default: EGAIN "
        "in the headers",
    )  # fmt: skip
    parser.add_argument(
        "--read-noise", type=positive, metavar="R",
        help="read noise (electron); default: RDNOISE in the headers, else from the scatter of equal frames",
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

    return {
        "gain": quantity("gain", u.electron / u.adu),
        "read_noise": quantity("read_noise", u.electron),
        "saturation": quantity("saturation", u.adu),
        "overscan": getattr(given, "overscan", None),
        "trim": getattr(given, "trim", None),
    }
