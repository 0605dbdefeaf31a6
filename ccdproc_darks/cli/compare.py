# Licensed under a 3-clause BSD style license - see LICENSE
"""The command ``compare``."""

from pathlib import Path

from .argument_types import fraction, positive
from .printed import add_quiet, print_lines

__all__ = ["add_compare"]


def add_compare(commands):
    """Add the command ``compare``."""
    compare = commands.add_parser(
        "compare",
        help="say what has changed between two or more reports",
        description="Compare finished reports on the same camera, a night each: a page with pictures (report.html), a "
        "table (summary.ecsv), lists of the pixels that have changed from one night to the next and from the first to "
        "the last, and FITS images of the pixels on which all nights agree. The nights are put in the order of their "
        "DATE-OBS. Their temperatures may differ.",
    )
    compare.add_argument(
        "reports", type=Path, nargs="+", metavar="REPORT",
        help="folders that 'ccdproc-darks report' wrote: two or more, or one with the reports on several folders",
    )  # fmt: skip
    compare.add_argument(
        "-o", "--out", type=Path, required=True, metavar="OUT", help="folder to write; must not be there yet"
    )
    compare.add_argument("--overwrite", action="store_true", help="replace OUT where it is an earlier comparison")
    add_quiet(compare)
    number = compare.add_mutually_exclusive_group()
    number.add_argument(
        "--false-positives", type=positive, default=1.0, metavar="N",
        help="pixels that have not changed which may be in the list of two nights (default: 1)",
    )  # fmt: skip
    number.add_argument(
        "--fdr", type=fraction, metavar="Q",
        help="instead: the fraction of the pixels in the list that may not have changed",
    )  # fmt: skip
    compare.add_argument(
        "--tolerance", type=positive, default=0.1, metavar="F",
        help="smallest change worth telling, as a fraction of the rate (default: 0.1)",
    )  # fmt: skip
    compare.set_defaults(run=_compare)


def _compare(given, command):
    from ..report.compare_reports import compare_reports
    from ..report.terminal import comparison_sentences

    limits = {"false_positives": given.false_positives, "fdr": given.fdr, "tolerance": given.tolerance}
    compared = compare_reports(given.reports, given.out, overwrite=given.overwrite, command=command, **limits)
    print_lines([*comparison_sentences(compared), f"report: {given.out / 'report.html'}"])
    return 0
