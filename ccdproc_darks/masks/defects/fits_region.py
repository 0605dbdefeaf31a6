# Licensed under a 3-clause BSD style license - see LICENSE
"""The REGION convention of FITS: a table of shapes in pixels."""

import numpy as np
from astropy.io import fits

from .boxes import boxes_of, mask_of_boxes
from .fits_tables import first_table, table_shape
from .shapes import grid_boxes, mask_of_regions

__all__ = ["read", "write"]


def write(path, pixels):
    """Write each rectangle as a BOX, each a COMPONENT of its own: their union is meant."""
    boxes = boxes_of(pixels.mask)
    x, y, width, height = boxes.T.astype(float)
    columns = [
        fits.Column("SHAPE", "16A", array=np.full(len(boxes), "BOX")),
        # FITS counts from 1, at the centres of pixels.
        fits.Column("X", "1D", unit="pix", array=x + (width + 1) / 2),
        fits.Column("Y", "1D", unit="pix", array=y + (height + 1) / 2),
        fits.Column("R", "2D", unit="pix", array=boxes[:, 2:].astype(float)),
        fits.Column("ROTANG", "1D", unit="deg", array=np.zeros(len(boxes))),
        fits.Column("COMPONENT", "1J", array=np.arange(1, len(boxes) + 1)),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="REGION")
    rows, number = pixels.shape
    table.header.update({
        "HDUCLASS": ("ASC", "convention that this follows"),
        "HDUCLAS1": ("REGION", "shapes in an image"),
        "HDUCLAS2": ("STANDARD", ""),
        "HDUVERS": ("1.2.0", ""),
        "MTYPE1": ("pos", ""),
        "MFORM1": ("X,Y", ""),
        "OBSTYPE": ("defects", "bad pixels"),
        "DKNROWS": (rows, "rows of the image"),
        "DKNCOLS": (number, "columns of the image"),
    })  # fmt: skip
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)


def read(path, wanted):
    """Mask of such a table."""
    table, header = first_table(path, wanted.path, "REGION")
    names = {name.upper(): name for name in table.colnames}
    if not {"SHAPE", "X", "Y"} <= set(names):
        raise ValueError(f"{wanted.path} has no columns SHAPE, X and Y, but {', '.join(table.colnames)}")
    shape = wanted.settled_shape(table_shape(header))
    if not len(table):
        return np.zeros(shape, dtype=bool)
    kinds = _kinds(table, names, wanted.path)
    _check_united(table, names, kinds, wanted.path)
    # The package regions counts pixels from 0 in these tables as well, where FITS counts from 1.
    origin = 0 if header.get("ORIGIN") == "astropy/regions" else 1
    try:
        boxes = _boxes(table, names, kinds, origin)
        made = None if boxes is not None else _as_regions_has_it(table, names, kinds, origin)
    except (TypeError, ValueError):
        raise ValueError(f"{wanted.path}: the columns X, Y, R and ROTANG must hold numbers") from None
    if boxes is None:
        return mask_of_regions(lambda regions: regions.parse(made, format="fits"), shape, wanted.path)
    return mask_of_boxes(boxes, shape, wanted.path)


def _kinds(table, names, label):
    """The column SHAPE, in capitals."""
    try:
        return np.char.upper(np.char.strip(np.asarray(table[names["SHAPE"]]).astype(str)))
    except UnicodeDecodeError:
        raise ValueError(f"{label}: the column SHAPE must hold the names of shapes") from None


def _check_united(table, names, kinds, label):
    """A ValueError where the region is more than the union of the shapes."""
    if np.char.startswith(kinds, "!").any():
        raise ValueError(f"{label} has shapes that are excluded (SHAPE begins with !): this is not read")
    if "COMPONENT" in names and len(np.unique(table[names["COMPONENT"]])) < len(table):
        raise ValueError(
            f"{label} has several shapes of one COMPONENT, of which only the common part counts: this is not read; "
            "give each shape a COMPONENT of its own"
        )


def _boxes(table, names, kinds, origin):
    """Rectangles, where the table has nothing else; or None."""
    is_point = kinds == "POINT"
    if not np.isin(kinds, ("BOX", "ROTBOX", "POINT")).all():
        return None
    x, y = (_first(table[names[name]]) + (1 - origin) for name in "XY")
    sides, angle = np.ones((len(table), 2)), np.zeros(len(table))
    if not is_point.all():
        if "R" not in names or np.ndim(table[names["R"]]) != 2 or np.shape(table[names["R"]])[1] < 2:
            return None
        sides = np.where(is_point[:, None], 1.0, np.asarray(table[names["R"]], float)[:, :2])
        if "ROTANG" in names:
            angle = np.where(kinds == "ROTBOX", _first(table[names["ROTANG"]]), 0.0)
    # A point marks the pixel that it lies in.
    x, y = (np.where(is_point, np.floor(value + 0.5), value) for value in (x, y))
    return grid_boxes(x, y, *sides.T, angle)


def _first(column):
    """The numbers of a column, or the first of each row where it has several."""
    values = np.asarray(column, float)
    return values if values.ndim == 1 else values.reshape(len(values), -1)[:, 0]


def _as_regions_has_it(table, names, kinds, origin):
    """The table as `regions` has it, with pixels from 0."""
    from astropy import units as u
    from astropy.table import QTable

    made = QTable()
    for name, column in names.items():
        if name in ("X", "Y", "R"):
            made[name] = (np.asarray(table[column], float) - origin * (name != "R")) * u.pix
        elif name == "ROTANG":
            made[name] = np.asarray(table[column], float) * u.deg
        elif name == "SHAPE":
            made[name] = kinds
    return made
