# Licensed under a 3-clause BSD style license - see LICENSE
"""Names and texts from outside as they may be shown: without control characters, and as valid Unicode."""

import sys

__all__ = ["file_name", "in_characters_of", "shown", "tell"]

_LONGEST = 200


def shown(text):
    r"""A text on one line, with ``\x1b`` for an escape character, ``\n`` for a newline, and so on.

    What cannot be printed is replaced: control characters, marks that turn the direction of writing, and the bytes of a
    file name that are not UTF-8.

    Examples
    --------
    >>> from ccdproc_darks._interface.shown import shown
    >>> print(shown("dark\x1b[31m\n\udce9.fits"))
    dark\x1b[31m\n\xe9.fits
    """
    text = str(text)
    return text if text.isprintable() else "".join(map(_shown_character, text))


def _shown_character(character):
    if character.isprintable():
        return character
    # Python has a byte of a file name that is not UTF-8 as a lone surrogate, U+DC00 and the byte.
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def tell(text, file=None, paint=str):
    """Print a text on one line of the terminal: `shown`, in the characters that the terminal has, and in its colours.

    ``paint`` is a function that puts colours into what is shown.
    """
    file = sys.stdout if file is None else file
    print(paint(in_characters_of(file, shown(text))), file=file)


def in_characters_of(file, text):
    """A text in the characters that a file or terminal has; others are replaced."""
    encoding = getattr(file, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def file_name(text):
    r"""A text as a name for a file: at most 200 bytes, and an underline for what cannot be shown or divides folders.

    Examples
    --------
    >>> from ccdproc_darks._interface.shown import file_name
    >>> file_name("a/b\n")
    'a_b_'
    """
    text = "".join(character if character.isprintable() and character not in "/\\" else "_" for character in text)
    return text.encode("utf-8")[:_LONGEST].decode("utf-8", "ignore")
