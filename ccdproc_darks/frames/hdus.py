# Licensed under a 3-clause BSD style license - see LICENSE
"""The HDUs of a FITS file, found by the mandatory keywords of their headers, which are checked card by card.

astropy takes these keywords as they come: with absurd ones it searches for minutes, or fills the memory.
"""

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property

from astropy.io import fits

from .._interface.shown import shown
from .cards import check_cards, header_value
from .fits_image import BITPIX

__all__ = ["BLOCK", "Hdu", "find_hdus"]

# Headers and data fill blocks of so many bytes.
BLOCK = 2880
_CARD = 80
# Longer headers (36000 cards) are refused: a header without END would be searched for to the end of the file.
_MOST_BLOCKS = 1000
_MOST_AXES = _MOST_FIELDS = 999
# Deflate, the strongest of the compressions of tiles but for constant images, reaches 1032.
_MOST_COMPRESSION, _FREE_SIZE = 1032, 2**26
# astropy reads them of every HDU.
_NEEDED = {"EXTEND", "EXTNAME", "EXTVER", "BZERO", "BSCALE", "BLANK", "CHECKSUM", "DATASUM"}
# END, also as astropy takes it.
_END = re.compile(rb"END(?![A-Z0-9_-])")
_INTEGER = re.compile(rb"= +([+-]?[0-9]{1,18}) *(?:/.*)?", re.DOTALL)
# Keywords that tell what an HDU is and how large; and for images compressed in tiles, how large these are.
_SIZE = (b"SIMPLE", b"XTENSION", b"BITPIX", b"NAXIS", b"PCOUNT", b"GCOUNT", b"GROUPS", b"TFIELDS", b"THEAP", b"ZIMAGE")
_TILES = (b"ZBITPIX", b"ZNAXIS", b"ZTILE")
# Keywords that tell how the tiles are compressed: astropy takes the first of several.
_COMPRESSION = (b"TTYPE", b"TFORM", b"TNULL", b"TSCAL", b"TZERO", b"ZCMPTYPE", b"ZNAME", b"ZVAL", b"ZQUANTIZ",
                b"ZDITHER0", b"ZSCALE", b"ZZERO", b"ZBLANK", b"ZMASKCMP", b"ZSIMPLE", b"ZTENSION")  # fmt: skip


@dataclass(frozen=True)
class Hdu:
    """One HDU; its header may hold cards that cannot be read, but its size is certain."""

    kind: str  # 'image', 'table', 'compressed image' or 'other'
    text: bytes  # the cards of the header, with END
    offset: int  # position of the first byte of the data in the file
    size: int  # bytes of the data
    bitpix: int
    shape: tuple  # of an image, rows and columns last

    @cached_property
    def header(self):
        """Header, as astropy reads it from a file: bytes that are not ASCII become '?'."""
        return fits.Header.fromstring(self.text.decode("ascii", "replace").replace("\ufffd", "?"))

    @cached_property
    def name(self):
        """EXTNAME in capitals; empty where there is none, or none that can be read in what is no image."""
        try:
            return str(header_value(self.header, "EXTNAME", "")).strip().upper()
        except ValueError:
            if self.is_image:
                raise
            return ""

    def without_empty_axes(self):
        """The HDU; of a cube of one plane, of shape (1, rows, columns), that plane."""
        one_plane = self.is_image and len(self.shape) > 2 and set(self.shape[:-2]) == {1}
        return replace(self, shape=self.shape[-2:]) if one_plane else self

    def check(self):
        """Raise ValueError where a card cannot be read without which astropy does not take it for an HDU."""
        check_cards(self.header, _NEEDED)

    @property
    def is_image(self):
        """Whether it is an image, compressed in tiles or not."""
        return self.kind in ("image", "compressed image")


def find_hdus(source):
    """List of each `Hdu` of a file.

    ``source`` has the methods ``read``, of a number of bytes, and ``skip``, which raises OSError where as many bytes
    are not there. What follows the HDUs does not matter: a camera's thumbnail, zeros of a tape, or another file. Raises
    ValueError, which says what is wrong.
    """
    hdus, offset = [], 0
    while True:
        text = _header_text(source, bool(hdus))
        if text is None:
            return hdus
        offset += _padded(len(text))
        hdus.append(_hdu(text, offset))
        source.skip(hdus[-1].size, offset)
        offset += _padded(hdus[-1].size)


def _padded(size):
    return -(-size // BLOCK) * BLOCK


def _header_text(source, is_extension):
    """Bytes of the next header up to END; None where there is no further one."""
    block = source.read(BLOCK)
    start = b"XTENSION" if is_extension else b"SIMPLE  ="
    if not block.startswith(start):
        if is_extension:
            return None
        raise ValueError("it does not begin with SIMPLE")
    blocks = []
    while len(blocks) < _MOST_BLOCKS:
        end = next((match.start() for match in _END.finditer(block) if match.start() % _CARD == 0), None)
        if end is not None:
            card, rest = block[end : end + _CARD], block[end + _CARD :]
            text = card.rstrip(b" ") != b"END" and rest.strip(b" \0")
            # Of blanks and NUL in one card, astropy does not see an END, and reads on into the next header.
            if card != b"END".ljust(_CARD, b"\0") and (text or b"\0" in card):
                raise ValueError(f"END in a header is followed by something: {_shown(card)}")
            return b"".join(blocks) + block[:end] + b"END".ljust(_CARD)
        blocks.append(block)
        if len(block) < BLOCK:
            raise ValueError("truncated: it ends within a header, without END")
        block = source.read(BLOCK)
    raise ValueError(f"a header without END in {_MOST_BLOCKS * BLOCK // _CARD} cards")


def _hdu(text, offset):
    cards = _cards(text, _SIZE)
    bitpix, axes = _format(cards)
    extras, groups = _integer(cards, "PCOUNT", 0, default=0), _integer(cards, "GCOUNT", 0, default=1)
    _integer(cards, "TFIELDS", 0, _MOST_FIELDS, default=0)
    kind = _kind(cards)
    if kind == "image" and groups != 1:
        raise ValueError(f"PCOUNT is {extras} and GCOUNT is {groups}, where an image has 0 and 1")
    size = abs(bitpix) // 8 * groups * (extras + math.prod(axes)) if axes else 0
    shape = tuple(reversed(axes)) if kind == "image" else ()
    if kind in ("table", "compressed image"):
        _check_table(cards, bitpix, axes, extras, groups)
    hdu = Hdu(kind, text, offset, size, bitpix, shape)
    return _with_compressed_shape(hdu, axes[1]) if kind == "compressed image" else hdu


def _cards(text, starts):
    """The cards whose keywords begin so, by keyword."""
    cards = {}
    for position in range(0, len(text), _CARD):
        if text.startswith(starts, position):
            key = text[position : position + 8].rstrip().decode("ascii", "replace")
            if text.startswith(b"CONTINUE", position + _CARD):
                raise ValueError(f"{key} in its header cannot be read: a card CONTINUE follows")
            cards.setdefault(key, []).append(text[position : position + _CARD])
    return cards


def _format(cards, prefix=""):
    """BITPIX, and the lengths of the axes."""
    bitpix = _integer(cards, f"{prefix}BITPIX")
    if bitpix not in BITPIX:
        raise ValueError(f"{prefix}BITPIX is {bitpix}, which is none of {', '.join(map(str, BITPIX))}")
    number = _integer(cards, f"{prefix}NAXIS", 0, _MOST_AXES)
    return bitpix, [_integer(cards, f"{prefix}NAXIS{axis + 1}", 0) for axis in range(number)]


def _integer(cards, key, least=None, most=None, default=None):
    """An integer from the cards: given once, or every time the same."""
    if key not in cards:
        if default is None:
            raise ValueError(f"its header has no {key}")
        return default
    found = [_INTEGER.fullmatch(card, 8) for card in cards[key]]
    if None in found:
        raise ValueError(f"{key} in its header is no integer: {_shown(cards[key][found.index(None)])}")
    numbers = [int(match[1]) for match in found]
    if len(set(numbers)) > 1:
        raise ValueError(f"{key} is in its header twice, {numbers[0]} and {numbers[1]}")
    if (least is not None and numbers[0] < least) or (most is not None and numbers[0] > most):
        raise ValueError(f"{key} in its header is out of range: {_shown(cards[key][0])}")
    return numbers[0]


def _kind(cards):
    text = {key: _text(cards, key) for key in ("SIMPLE", "XTENSION", "GROUPS", "ZIMAGE")}
    if text["SIMPLE"] is not None and text["XTENSION"] is not None:
        raise ValueError("both SIMPLE and XTENSION in one header")
    if text["XTENSION"] is None:
        if text["SIMPLE"] not in ("T", "F"):
            raise ValueError(f"SIMPLE is {text['SIMPLE']}: not in the form of the FITS standard")
        if text["GROUPS"] not in (None, "F"):
            raise ValueError(f"GROUPS is {text['GROUPS']}, for random groups instead of an image")
        return "image"
    name = re.fullmatch(r"'([^']*)'", text["XTENSION"])
    if name is None:
        raise ValueError(f"XTENSION in its header cannot be read: {text['XTENSION']}")
    names = {"IMAGE": "image", "TABLE": "table", "BINTABLE": "table", "A3DTABLE": "table"}
    kind = names.get(name[1].rstrip(), "other")
    if kind == "table" and text["ZIMAGE"] not in (None, "F"):
        if text["ZIMAGE"] != "T":
            raise ValueError(f"ZIMAGE is {text['ZIMAGE']}, which is neither T nor F")
        return "compressed image"
    return kind


def _text(cards, key):
    """The text of a card after '=', given once or every time the same; None where there is none."""
    if key not in cards:
        return None
    texts = [card[8:].split(b"/")[0].decode("latin-1").strip() for card in cards[key]]
    if not texts[0].startswith("=") or set(texts) != {texts[0]} or not (texts[0].isascii() and texts[0].isprintable()):
        raise ValueError(f"{key} in its header cannot be read, or is ambiguous: {_shown(cards[key][-1])}")
    return texts[0][1:].strip()


def _check_table(cards, bitpix, axes, extras, groups):
    if bitpix != 8 or len(axes) != 2 or groups != 1:
        raise ValueError(f"a table with BITPIX {bitpix}, NAXIS {len(axes)} and GCOUNT {groups} instead of 8, 2 and 1")
    rows = math.prod(axes)
    heap = _integer(cards, "THEAP", default=rows)
    if not rows <= heap <= rows + extras:
        raise ValueError(f"THEAP is {heap}, outside of the table's {rows + extras} bytes")


def _with_compressed_shape(hdu, rows):
    """The HDU with the type and shape of the image in its tiles, of which each is a row of the table."""
    cards = _cards(hdu.text, _TILES)
    bitpix, axes = _format(cards, "Z")
    form = _cards(hdu.text, _COMPRESSION)
    for key in form:
        _text(form, key)
    usual = [axes[0], *([1] * (len(axes) - 1))] if axes else []
    tiles = [_integer(cards, f"ZTILE{number + 1}", 1, default=max(size, 1)) for number, size in enumerate(usual)]
    number = math.prod(-(-size // tile) for size, tile in zip(axes, tiles, strict=True))
    if axes and number != rows:
        raise ValueError(f"it is compressed in {rows} tiles, where its header promises {number}")
    size = abs(bitpix) // 8 * math.prod(axes)
    if size > max(hdu.size * _MOST_COMPRESSION, _FREE_SIZE):
        raise ValueError(f"its header promises {size} bytes, more than {hdu.size} compressed ones can hold")
    return replace(hdu, bitpix=bitpix, shape=tuple(reversed(axes)))


def _shown(card):
    """A card as a person may see it."""
    return repr(shown(card.decode("ascii", "backslashreplace")).rstrip())
