# Licensed under a 3-clause BSD style license - see LICENSE
"""Images compressed in tiles: the table of the tiles is checked, and astropy decompresses them.

astropy's decoders of HCOMPRESS_1 and PLIO_1 believe what they read: a damaged tile lets them read and write beyond
their memory, which ends the process, or changes other data. So what they believe is checked first, and HCOMPRESS_1,
which leaves more to believe, is decompressed in a process of its own.
"""

import io
import subprocess
import sys

import numpy as np
from astropy.io import fits

__all__ = ["tiled_images"]

# Bytes of one element of a column of arrays, by the letter after P or Q in TFORM.
_ELEMENTS = {"L": 1, "A": 1, "B": 1, "I": 2, "J": 4, "K": 8, "E": 4, "D": 8, "C": 8}
# Words before the first code of a tile, in the old format and in the new one; bytes before it.
_OLD_PLIO_WORDS, _PLIO_WORDS, _HCOMPRESS_BYTES = 3, 5, 25
_CHILD = """
import sys
sys.path[:] = {path!r}
import io, numpy
from astropy.io import fits
try:
    with fits.open(sys.argv[1], memmap=False, do_not_scale_image_data=True) as hdus:
        data = hdus[int(sys.argv[2])].data
    out = io.BytesIO()
    numpy.save(out, data)
    sys.stdout.buffer.write(out.getbuffer())
except Exception as error:
    sys.exit(ascii(str(error) or type(error).__name__))
"""


def tiled_images(path, planes, hdus):
    """Name, header and stored numbers of each image of a file; ``planes`` has their numbers in ``hdus`` by name.

    Raises ValueError, which says what is wrong.
    """
    try:
        for name, number in planes.items():
            method = _check_tiles(path, number, hdus[number]) if hdus[number].kind == "compressed image" else None
            with fits.open(path, memmap=False, do_not_scale_image_data=True) as opened:
                # As many HDUs are read as are needed.
                hdu = opened[number]
                data = _apart(path, number) if method == "HCOMPRESS_1" else hdu.data
            yield name, hdu.header, data
    except Exception as error:
        raise ValueError(f"its data cannot be read, truncated? ({error})") from None


def _check_tiles(path, number, hdu):
    """The method of compression, ZCMPTYPE; ValueError where the table of the tiles is not as astropy needs it."""
    with fits.open(path, memmap=False, disable_image_compression=True) as opened:
        table = opened[number]
        header, row = table.header, table.columns.dtype
        forms = {name: str(table.columns[name].format).removeprefix("1") for name in row.names}
    size, rows = header["NAXIS1"], header["NAXIS2"]
    if row.itemsize != size:
        raise ValueError(f"NAXIS1 is {size} in a table whose columns have {row.itemsize} bytes a row")
    start = header.get("THEAP", size * rows)
    heap = size * rows + header["PCOUNT"] - start
    content = np.fromfile(path, row, rows, offset=hdu.offset)
    arrays = {}
    for name, form in forms.items():
        if form[0] in "PQ":
            count, place = (content[name].view(f">i{4 if form[0] == 'P' else 8}").reshape(rows, 2).T).astype(np.int64)
            element = _ELEMENTS.get(form[1], 16)
            # Not in bytes: these can exceed 64 bits.
            if (((count < 0) | (count > heap // element)) | ((count > 0) & (place < 0))).any() or (
                (count > 0) & (place > heap - count * element)
            ).any():
                raise ValueError(f"a tile in the column {name} lies outside of the {heap} bytes of the table's heap")
            arrays[name.upper()] = count, place + start, form[1]
    method = str(header["ZCMPTYPE"]).strip()
    if method in _CHECKS:
        count, place, kind = arrays["COMPRESSED_DATA"]
        filled = np.flatnonzero(count)
        stored = np.fromfile(path, "u1", hdu.size, offset=hdu.offset)
        _CHECKS[method](stored, count[filled], place[filled], kind, _shapes(header, hdu.shape)[filled])
    return method


def _shapes(header, shape):
    """Rows and columns of each tile: those at the edges can be smaller."""
    lengths = []
    for axis, (size, usual) in enumerate(zip(shape, (1, shape[1]), strict=True)):
        tile = header.get(f"ZTILE{2 - axis}", usual)
        lengths.append(np.minimum(tile, size - np.arange(0, size, tile)))
    return np.stack(np.meshgrid(*lengths, indexing="ij"), -1).reshape(-1, 2)


def _check_plio(stored, count, place, kind, shapes):
    """ValueError unless each list of words is as long as its header says, and not empty."""
    if kind != "I":
        raise ValueError(f"tiles of PLIO_1 are words of 2 bytes (I), in the table they are {kind}")
    stored = np.append(stored, np.zeros(2 * _PLIO_WORDS, "u1"))

    def word(index):
        at = place + 2 * index
        return stored[at].view("i1").astype(np.int64) * 256 + stored[at + 1]

    old = word(2) > 0
    if (count < np.where(old, _OLD_PLIO_WORDS, _PLIO_WORDS)).any():
        raise ValueError("a tile of PLIO_1 is shorter than its header")
    length = np.where(old, word(2), word(4) * 2**15 + word(3))
    first = np.where(old, _OLD_PLIO_WORDS, word(1))
    if (length <= 0).any() or (length > count).any() or (first < _OLD_PLIO_WORDS).any() or (first > length).any():
        raise ValueError("a tile of PLIO_1 is not as long as its header says")
    # Code 1, a high value, takes the next word, too.
    if ((word(length - 1) // 4096 == 1) & (length == count)).any():
        raise ValueError("a tile of PLIO_1 may end within a code")


def _check_hcompress(stored, count, place, kind, shapes):
    """ValueError unless each tile says that it has the shape that it must have."""
    if kind != "B":
        raise ValueError(f"tiles of HCOMPRESS_1 are bytes (B), in the table they are {kind}")
    if (count < _HCOMPRESS_BYTES).any():
        raise ValueError("a tile of HCOMPRESS_1 is shorter than its header")
    told = stored[place[:, None] + np.arange(2, 10)].view(">i4")
    # Columns and rows may be swapped: only their number counts.
    wrong = np.flatnonzero((told != shapes).any(axis=1) & (told[:, ::-1] != shapes).any(axis=1))
    if wrong.size:
        own, expected = (tuple(sizes[wrong[0]].tolist()) for sizes in (told, shapes))
        raise ValueError(f"a tile of HCOMPRESS_1 has the shape {own}, not {expected}")


_CHECKS = {"PLIO_1": _check_plio, "HCOMPRESS_1": _check_hcompress}


def _apart(path, number):
    """Stored numbers of an image, decompressed in a process of its own."""
    code = _CHILD.format(path=[str(folder) for folder in sys.path])
    run = subprocess.run(
        [sys.executable, "-c", code, str(path), str(number)], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if run.returncode < 0:
        raise ValueError(f"the decompression of HCOMPRESS_1 crashed with signal {-run.returncode}")
    if run.returncode:
        told = run.stderr.decode("ascii", "replace").strip().splitlines()
        raise ValueError(told[-1] if told else f"the decompression ended with exit status {run.returncode}")
    return np.load(io.BytesIO(run.stdout), allow_pickle=False)
