# Licensed under a 3-clause BSD style license - see LICENSE
"""Which files of a folder are FITS files by their names, and which type of frames the name of a folder tells."""

import os
import re
from pathlib import Path

from .._interface.disk.manifest import MANIFEST
from ..frames.belonging import BIAS, DARK

__all__ = ["fits_files", "has_folders", "type_of_folder"]

_SUFFIXES = (".fit", ".fits", ".fts")
_COMPRESSED = (".gz", ".bz2", ".fz")
# How words of a folder's name begin, and the type of the frames in it: 'Bias', 'Darks 300s', 'offsets'.
_WORDS = {BIAS: ("bias", "offset", "zero"), DARK: ("dark",)}


def fits_files(folder, recursive=False):
    """Everything in a folder (a Path) that bears the name of a FITS file, whatever it is, in the order of paths.

    With ``recursive`` in its sub-folders too, but in none that is hidden or a report. Where a folder has no such file
    itself, its sub-folders of darks and bias frames are looked into, if their names tell.
    """
    if recursive:
        return sorted(_all_within(folder))
    own = sorted(path for path in folder.iterdir() if _is_fits(path))
    if own:
        return own
    inner = [path for path in folder.iterdir() if path.is_dir() and type_of_folder(path, folder) is not None]
    return sorted(path for each in inner for path in each.iterdir() if _is_fits(path))


def type_of_folder(folder, root):
    """'dark' or 'bias', as the name of a folder tells, or that of one above it, up to ``root``; else None."""
    for path in (folder, *folder.parents):
        words = re.findall("[a-z]+", path.name.lower())
        found = [kind for kind, begins in _WORDS.items() if any(word.startswith(begins) for word in words)]
        if len(found) == 1:
            return found[0]
        if path == root:
            break
    return None


def has_folders(folder):
    """Whether there are sub-folders."""
    return any(path.is_dir() for path in folder.iterdir())


def _all_within(folder):
    for parent, folders, files in os.walk(folder):
        parent = Path(parent)
        yield from (parent / name for name in (*folders, *files) if _is_fits(parent / name))
        folders[:] = [name for name in folders if not name.startswith(".") and not (parent / name / MANIFEST).is_file()]


def _is_fits(path):
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED and suffixes != [".fz"]:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in (*_SUFFIXES, ".fz") and not path.name.startswith(".")
