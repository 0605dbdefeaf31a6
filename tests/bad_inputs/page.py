"""The page of the documentation that shows the table."""

from .table import GROUPS

__all__ = ["page"]

_HEAD = """\
What happens with bad input
===========================

.. Made by python -m tests.bad_inputs --page docs/bad_inputs.rst, from the table that the tests try row by row.

Each row of this page is tried by a test. A mask made from bad frames would spoil every science image after it, so a bad input ends in one of
these:

* **an error**, whose message names the argument, file or header key that is wrong, and its value. Nothing is computed or written;
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
        parts.append(".. list-table::\n   :header-rows: 1\n   :widths: 24 33 43\n")
        parts.append("   * - where\n     - what is tried\n     - what happens")
        for row in rows:
            parts.append(f"   * - {_where(row.function)}\n     - {row.tried}\n     - {row.wanted.sentence()}")
        parts.append("")
    return "\n".join(parts)


def _where(function):
    if function.startswith("ccdproc-darks"):
        return f"``{function}``"
    return f"`~ccdproc_darks.{function}`"
