# Licensed under a 3-clause BSD style license - see LICENSE
"""Options that several commands share: what the user tells of the frames."""

from .argument_types import gain, positive

__all__ = ["add_settings"]


def add_settings(parser):
    """Add the options for gain, read noise and saturation level."""
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
