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

from .._interface.warnings import filtered
from .hdus import BLOCK

__all__ = ["tiled_images"]

# Bytes of one element of a column of arrays, by the letter after P or Q in TFORM.
_ELEMENTS = {"L": 1, "A": 1, "B": 1, "I": 2, "J": 4, "K": 8, "E": 4, "D": 8, "C": 8}
_MOST_PLANES = 64
# Words before the first code of a tile, in the old format and in the new one; bytes before it.
_OLD_PLIO_WORDS, _PLIO_WORDS, _HCOMPRESS_BYTES = 3, 5, 25
_CHILD = """
import sys
sys.path[:] = {path!r}
import io, numpy
from astropy.io import fits
try:
    content = sys.stdin.buffer.read()
    half, found = len(content) // 2, []
    for start in (0, half):
        file = io.BytesIO(content[start : start + half])
        with fits.open(file, memmap=False, do_not_scale_image_data=True) as hdus:
            found.append(hdus[1].data)
    if found[0].tobytes() != found[1].tobytes():
        raise ValueError("a tile of HCOMPRESS_1 ends too early")
    out = io.BytesIO()
    numpy.save(out, found[0])
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
            apart = _checked(path, number, hdus[number]) if hdus[number].kind == "compressed image" else None
            with filtered("ignore"), fits.open(path, memmap=False, do_not_scale_image_data=True) as opened:
                # As many HDUs are read as are needed.
                hdu = opened[number]
                header, data = hdu.header.copy(), hdu.data if apart is None else None
            yield name, header, data if apart is None else _apart(apart)
    except Exception as error:
        raise ValueError(f"its data cannot be read, truncated? ({error})") from None


def _checked(path, number, hdu):
    """What `_apart` decompresses, or None; ValueError where the table or a tile is not as astropy needs it."""
    with filtered("ignore"), fits.open(path, memmap=False, disable_image_compression=True) as opened:
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
    if method not in ("PLIO_1", "HCOMPRESS_1"):
        return None
    count, place, kind = arrays["COMPRESSED_DATA"]
    filled = np.flatnonzero(count)
    stored = np.fromfile(path, "u1", hdu.size, offset=hdu.offset)
    if method == "PLIO_1":
        _check_plio(stored, count[filled], place[filled], kind)
        return None
    shapes = _shapes(header, hdu.shape)[filled]
    _check_hcompress(stored, count[filled], place[filled], kind, shapes)
    column = next(name for name in row.names if name.upper() == "COMPRESSED_DATA")
    at = filled * size + row.fields[column][1]
    return _with_room(hdu.text, stored, rows * size, start, count[filled], place[filled], shapes, at, forms[column][0])


def _shapes(header, shape):
    """Rows and columns of each tile: those at the edges can be smaller."""
    lengths = []
    for axis, (size, usual) in enumerate(zip(shape, (1, shape[1]), strict=True)):
        tile = header.get(f"ZTILE{2 - axis}", usual)
        lengths.append(np.minimum(tile, size - np.arange(0, size, tile)))
    return np.stack(np.meshgrid(*lengths, indexing="ij"), -1).reshape(-1, 2)


def _check_plio(stored, count, place, kind):
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


def _with_room(text, stored, rows, start, count, place, shapes, at, form):
    """Two files with the table of HCOMPRESS_1, in which zeros, or ones, follow each tile.

    The decoder reads on where a tile is too short: the zeros and ones show it.
    """
    planes = stored[place[:, None] + np.arange(22, 25)].max(axis=1).astype(np.int64)
    if (planes > _MOST_PLANES).any():
        raise ValueError(f"a tile of HCOMPRESS_1 has more than {_MOST_PLANES} bits a pixel")
    # More than the decoder reads: 4/3 bits for each pixel and plane, and one for its sign.
    room = 100 + shapes.prod(axis=1) * (planes + 1) // 4
    sizes = count + room
    descriptor = np.dtype(f">i{4 if form == 'P' else 8}")
    offsets = stored.size - start + np.cumsum(sizes) - sizes
    if sizes.sum() + stored.size > np.iinfo(descriptor).max:
        raise ValueError("it is too large to be decompressed from HCOMPRESS_1")
    new = np.stack([sizes, offsets], axis=1).astype(descriptor).view("u1").reshape(len(sizes), -1)
    table = stored.copy()
    table[at[:, None] + np.arange(new.shape[1])] = new
    cards = [text[position : position + 80] for position in range(0, len(text), 80)]
    own = int(stored.size + sizes.sum()) - rows
    cards = [f"PCOUNT  = {own:>20}".encode().ljust(80) if card[:8] == b"PCOUNT  " else card for card in cards]
    head = fits.PrimaryHDU().header.tostring().encode() + _filled(b"".join(cards), b" ")
    tiles = [stored[first : first + number].tobytes() for first, number in zip(place, count, strict=True)]
    return b"".join(
        head + _filled(b"".join([table.tobytes(), *_joined(tiles, room, fill)]), b"\0") for fill in (b"\0", b"\xff")
    )


def _joined(tiles, room, fill):
    return [tile + fill * int(size) for tile, size in zip(tiles, room, strict=True)]


def _filled(content, fill):
    return content + fill * (-len(content) % BLOCK)


def _apart(content):
    """Stored numbers of an image, decompressed in a process of its own; the content is that of `_with_room`."""
    code = _CHILD.format(path=[str(folder) for folder in sys.path])
    run = subprocess.run([sys.executable, "-c", code], input=content, capture_output=True, check=False)
    if run.returncode < 0:
        raise ValueError(f"the decompression of HCOMPRESS_1 crashed with signal {-run.returncode}")
    if run.returncode:
        told = run.stderr.decode("ascii", "replace").strip().splitlines()
        raise ValueError(told[-1] if told else f"the decompression ended with exit status {run.returncode}")
    return np.load(io.BytesIO(run.stdout), allow_pickle=False)
