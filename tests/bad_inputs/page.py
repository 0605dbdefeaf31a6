"""The page of the documentation that shows the table."""

from .table import GROUPS

__all__ = ["page"]

_HEAD = """\
What happens with bad input
===========================

.. Made by python -m tests.bad_inputs --page docs/bad_inputs.rst, from the table that the tests try row by row.

Each row of this page is tried by a test. A mask made from bad frames would spoil every science image after it. So a
bad input ends in one of these:

* **an error**. Its message says which argument, file or header key is wrong, and its value. Nothing is written;
* **a warning**, and a result. The warning says what is doubtful;
* **a file that is not used**. The command names it and the reason, and measures the others;
* **a right result**, where the input only looks bad.

Your frames, arrays and files are never changed. Where the last column quotes words, they are in the message.
"""

#: What a reader has to know before the rows of a group.
_FIRST = {
    "Frames given twice": (
        "Copies would make the noise look smaller than it is. Two frames are copies where they have the same "
        "values in every pixel."
    ),
    "Frames that do not belong together": (
        "Where headers say that frames, a bias or rates are not of one camera, binning, region, gain or "
        "temperature, or a frame is of another kind, that is an error. ``check_headers=False`` says that they "
        "belong together all the same."
    ),
    "Header cards that cannot be read": (
        "One card of one file is wrong. The report names this file as not used, and measures the others; a "
        "function raises an OSError or a ValueError that begins with the path of the file."
    ),
    "Broken files": (
        "The report names the broken file as not used, and measures the others; a function raises an OSError or a "
        "ValueError that begins with the path of the file."
    ),
    "Rates, and their own headers": (
        "A rate carries in its header how it was measured, and later steps compute with that."
    ),
    "Units of arguments": "Physical arguments are Quantities, with a unit of `astropy.units`.",
    "Values of pixels": (
        "A sample that is masked, saturated or not finite is left out. A pixel without any other is masked."
    ),
    "Reports that are there": "Only files that an earlier report has written are ever replaced.",
}


def page():
    """The page as reStructuredText."""
    parts = [_HEAD]
    for title, rows in GROUPS.items():
        parts.append(f"{title}\n{'-' * len(title)}\n")
        if title in _FIRST:
            parts.append(f"{_FIRST[title]}\n")
        parts.append(".. list-table::\n   :header-rows: 1\n   :widths: 34 20 46\n")
        parts.append("   * - what is tried\n     - where\n     - what happens")
        for tried, where, happens in _cells(rows):
            parts.append(f"   * - {tried}\n     - {where}\n     - {happens}")
        parts.append("")
    return "\n".join(parts)


def _cells(rows):
    """Cells of a table: what is tried is written once, and so is what happens in several functions."""
    tried = {}
    for row in rows:
        happens = tried.setdefault(row.tried, {})
        happens.setdefault(row.wanted.sentence(), []).append(_where(row.function))
    for text, happens in tried.items():
        for number, (sentence, functions) in enumerate(happens.items()):
            yield text if number == 0 else "", ", ".join(dict.fromkeys(functions)), sentence


def _where(function):
    if function.startswith("ccdproc-darks"):
        return f"``{function}``"
    return f"`~ccdproc_darks.{function}`"
