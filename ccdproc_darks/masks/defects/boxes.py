# Licensed under a 3-clause BSD style license - see LICENSE
"""Rectangles that cover the bad pixels of an image, and the image of such rectangles."""

import numpy as np

__all__ = ["boxes_of", "mask_of_boxes"]


def boxes_of(mask):
    """Rectangles that together cover exactly the True pixels of a mask, none of them twice.

    Bad pixels that are neighbours in a row are a run; equal runs in successive rows become one rectangle. The same is
    done along columns, and that of the two which gives fewer rectangles is taken.

    Returns
    -------
    `numpy.ndarray`
        Shape (number of rectangles, 4), int64: column and row of the first pixel, from 0, width and height; sorted by
        row, then column.

    Examples
    --------
    >>> import numpy as np
    >>> from ccdproc_darks.masks.defects.boxes import boxes_of
    >>> mask = np.zeros((4, 5), dtype=bool)
    >>> mask[1:4, 2] = mask[0, 4] = True
    >>> boxes_of(mask)
    array([[4, 0, 1, 1],
           [2, 1, 1, 3]])
    """
    along_rows, along_columns = _merged_runs(mask), _merged_runs(mask.T)[:, [1, 0, 3, 2]]
    boxes = along_columns if len(along_columns) < len(along_rows) else along_rows
    return boxes[np.lexsort((boxes[:, 0], boxes[:, 1]))]


def mask_of_boxes(boxes, shape, label):
    """Mask of this shape that is True in rectangles as `boxes_of` gives; a ValueError where one lies outside.

    ``label`` names the list in the error.
    """
    boxes = np.asarray(boxes, dtype=np.int64).reshape(-1, 4)
    x, y, width, height = boxes.T
    rows, columns = shape
    inside = (x >= 0) & (y >= 0) & (width > 0) & (height > 0) & (width <= columns - x) & (height <= rows - y)
    if not inside.all():
        x, y, width, height = boxes[np.argmin(inside)].tolist()
        pixels = (
            f"column {x}, row {y}"
            if width == height == 1
            else f"columns {x} to {x + width - 1}, rows {y} to {y + height - 1}"
        )
        raise ValueError(
            f"{label}: {np.count_nonzero(~inside)} of {len(boxes)} entries lie outside an image of {rows} rows and "
            f"{columns} columns, the first at {pixels} (counted from 0): the list belongs to another image, or shape "
            "is not (rows, columns)"
        )
    mask = np.zeros(shape, dtype=bool)
    for x, y, width, height in boxes.tolist():
        mask[y : y + height, x : x + width] = True
    return mask


def _merged_runs(mask):
    """Boxes made of the runs along each row, of which equal ones in successive rows are merged."""
    # A run begins where a bad pixel follows a good one; the edges count as good.
    bad = np.zeros((mask.shape[0], mask.shape[1] + 2), dtype=np.int8)
    bad[:, 1:-1] = mask
    steps = np.diff(bad, axis=1)
    row, start = np.nonzero(steps == 1)
    stop = np.nonzero(steps == -1)[1]
    order = np.lexsort((row, stop, start))
    row, start, stop = row[order], start[order], stop[order]
    goes_on = (np.diff(start) == 0) & (np.diff(stop) == 0) & (np.diff(row) == 1)
    first = np.flatnonzero(np.concatenate(([True], ~goes_on))[: row.size])
    height = np.diff(np.append(first, row.size))
    return np.column_stack((start[first], row[first], (stop - start)[first], height)).astype(np.int64)
