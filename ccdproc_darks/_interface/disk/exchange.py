# Licensed under a 3-clause BSD style license - see LICENSE
"""Two folders exchanged in one step, where the system can."""

import ctypes
import errno
import os
import sys

__all__ = ["exchange"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = _RENAME_SWAP = 2
# Errors of a system, or a file system, that cannot: then nothing was done.
_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV}


def exchange(one, other):
    """Exchange two folders of one file system, so that at no moment either is missing.

    Returns False, and does nothing, where the system has no such step; OSError for all other failures.
    """
    call = _call(os.fsencode(one), os.fsencode(other))
    if call is None:
        return False
    if call() == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


def _call(one, other):
    """Function that asks the system, or None."""
    if sys.platform not in ("linux", "darwin"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        rename = getattr(library, "renamex_np", None)
        arguments = ctypes.c_char_p(one), ctypes.c_char_p(other), ctypes.c_uint(_RENAME_SWAP)
    else:
        rename = getattr(library, "renameat2", None)
        here = ctypes.c_int(_AT_FDCWD)
        arguments = here, ctypes.c_char_p(one), here, ctypes.c_char_p(other), ctypes.c_uint(_RENAME_EXCHANGE)
    return None if rename is None else lambda: rename(*arguments)
