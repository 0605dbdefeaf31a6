# Licensed under a 3-clause BSD style license - see LICENSE
"""Write one file completely or not at all, and never in the place of another unless it is asked for."""

import errno
import hashlib
import os
import re
from contextlib import contextmanager, suppress
from pathlib import Path

from .claim import process_lives
from .new_folder import WRITTEN, named_errors, resolved_place
from .signals import uninterrupted

__all__ = ["check_file", "new_file"]

_PREFIX = ".ccdproc_darks-"
_NAME = re.compile(rf"{re.escape(_PREFIX)}(\d+)-[0-9a-f]{{16}}(\..*)?", re.ASCII)
# Errors of file systems without hard links.
_CANNOT = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EINVAL}


@contextmanager
def new_file(out, *, overwrite=False):
    """Path of a file that is written in the block, and then becomes ``out``; it is removed after an error.

    Until then it has a hidden name beside ``out``, with the same end. Signals are put off until the end of the block.
    What a killed process left behind in that folder is removed.

    Raises
    ------
    OSError
        If ``out`` may not be written, at once; also if somebody else made it in the meantime.
    """
    out = Path(out)
    with uninterrupted():
        place = check_file(out, overwrite)
        _remove_left_behind(place.parent)
        name = hashlib.sha256(os.fsencode(place.name)).hexdigest()[:16]
        new = place.parent / f"{_PREFIX}{os.getpid()}-{name}{''.join(place.suffixes[-2:])[-40:]}"
        try:
            with named_errors(out):
                yield new
            _put(new, place, out, overwrite)
            WRITTEN.append(place)
        finally:
            with suppress(OSError):
                new.unlink()


def check_file(out, overwrite=False):
    """Raise OSError where a file may not be written to the path ``out``; return that path without links."""
    place = resolved_place(Path(out))
    if place.is_dir():
        raise IsADirectoryError(f"{out} is a folder: name a file")
    if os.path.lexists(place) and not place.is_file():
        raise FileExistsError(f"{out} is not a file that can be replaced: name another")
    if os.path.lexists(place) and not overwrite:
        raise FileExistsError(
            f"{out} is there already: name another file, or have it overwritten (overwrite=True, --overwrite)"
        )
    if not place.parent.is_dir():
        raise FileNotFoundError(f"{out} cannot be written: there is no folder {place.parent}")
    return place


def _put(new, place, out, overwrite):
    """Give the new file its name, in one step."""
    if overwrite:
        with named_errors(out):
            os.replace(new, place)
        return
    try:
        # Unlike a rename, a link never takes the place of a file.
        os.link(new, place)
    except FileExistsError:
        raise FileExistsError(f"{out} was not written: somebody else made it in the meantime") from None
    except OSError as error:
        if error.errno not in _CANNOT:
            raise OSError(f"{out} cannot be written: {error.strerror or error}") from error
        check_file(out)
        with named_errors(out):
            os.replace(new, place)


def _remove_left_behind(folder):
    for path in folder.glob(f"{_PREFIX}*"):
        name = _NAME.fullmatch(path.name)
        if name and not path.is_symlink() and not process_lives(int(name[1])):
            with suppress(OSError):
                path.unlink()
