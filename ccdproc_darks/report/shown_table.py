# Licensed under a 3-clause BSD style license - see LICENSE
"""A table that is short enough to be shown whole: in a notebook, and on a terminal."""

import shutil
import textwrap

from astropy import conf
from astropy.table import QTable

__all__ = ["ShownTable"]

# Least width of a column of wrapped texts (characters).
_NARROWEST = 30


class ShownTable(QTable):
    """A `~astropy.table.QTable` that shows all of its rows, and no types of its columns.

    On a terminal the longest texts are wrapped. astropy would leave them out, and rows in the middle.
    """

    def _repr_html_(self):
        return "\n".join(self.pformat(html=True, max_lines=-1, max_width=-1))

    def __repr__(self):
        return str(self)

    def __str__(self):
        width = conf.max_width or shutil.get_terminal_size().columns
        options = {"max_lines": -1, "max_width": -1, "show_unit": self._has_units}
        columns = [self[[name]].pformat(**options) for name in self.colnames]
        while width > 0 and columns:
            widths = [len(column[0]) for column in columns]
            widest = max(range(len(columns)), key=widths.__getitem__)
            left = width - sum(widths) - len(widths) + 1 + widths[widest]
            if left >= min(_NARROWEST, widths[widest]):
                columns[widest] = _wrapped(columns[widest], min(left, widths[widest]))
                break
            # As astropy does.
            del columns[len(columns) // 2]
        return "\n".join(line for row in zip(*columns, strict=True) for line in _side_by_side(row))

    @property
    def _has_units(self):
        return any(self[name].info.unit is not None for name in self.colnames)


def _wrapped(cells, width):
    """Cells with line breaks; the last line of the head is a rule."""
    texts = [textwrap.wrap(cell.strip(), width) or [""] for cell in cells]
    wrapped = ["\n".join(line.ljust(width) for line in lines) for lines in texts]
    rule = next(number for number, cell in enumerate(cells) if cell and not cell.strip("-"))
    return [*wrapped[:rule], "-" * width, *wrapped[rule + 1 :]]


def _side_by_side(row):
    """Lines of a row, of which cells may have several."""
    cells = [cell.split("\n") for cell in row]
    widths = [len(max(lines, key=len)) for lines in cells]
    for number in range(max(map(len, cells))):
        parts = [
            (lines[number] if number < len(lines) else "").ljust(width)
            for lines, width in zip(cells, widths, strict=True)
        ]
        yield " ".join(parts).rstrip()
