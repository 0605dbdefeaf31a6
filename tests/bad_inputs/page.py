"""The page of the documentation that shows the table."""

from .table import GROUPS

__all__ = ["page"]

_HEAD = """\
What happens with bad input
===========================

.. Made by python -m tests.bad_inputs --page docs/bad_inputs.rst, from the table that the tests try row by row.

Each row of this page is tried by a test. A mask made from bad frames would spoil every science image after it. So a
bad input ends in one of these:

* **an error**. Its message tells of the argument, file or header key that is wrong, and of its value. Nothing is
  written;
* **a warning**, and a result. The warning says what is doubtful;
* **a file that is not used**. The command names it and the reason, and measures the others;
* **a right result**, where the input only looks bad.

Your frames, arrays and files are never changed.
"""


def page():
    """The page as reStructuredText."""
    parts = [_HEAD]
    for title, rows in GROUPS.items():
        parts.append(f"{title}\n{'-' * len(title)}\n")
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
