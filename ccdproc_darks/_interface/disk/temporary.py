# Licensed under a 3-clause BSD style license - see LICENSE
"""Temporary files of this process, in one folder that the next run recognises if this process is killed."""

import atexit
import os
import re
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from .claim import LOCK, Claim, process_lives
from .signals import uninterrupted

__all__ = ["check_room", "discard", "remove_left_behind", "temporary_file", "temporary_folder"]

_PREFIX = "ccdproc_darks-"
# Names that `tempfile` makes of it and of a process's number: others are somebody else's.
_NAME = re.compile(rf"{_PREFIX}(\d+)-[a-z0-9_]{{8}}", re.ASCII)
# A finalizer that discards a file may run at any moment of the same thread.
_lock = threading.RLock()
# Folders of this process with something in them, by pid and the system's folder of temporary files.
_own: dict[tuple[int, str], "_Folder"] = {}


class _Folder:
    def __init__(self, place):
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))
        try:
            self.claim = Claim(folder)
        except OSError:  # a full disk
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self.number = 0  # of files and folders in it


def temporary_file():
    """Path of a new, empty file, to be given to `discard` in the end."""
    return _new(_make_file)


def temporary_folder():
    """Path of a new folder, to be given to `discard` in the end."""
    return _new(tempfile.mkdtemp)


def discard(path):
    """Remove a temporary file or folder; in the process that made it only, not in one that was forked from it."""
    with _lock:
        for key, own in list(_own.items()):
            if own.claim.folder == path.parent and key[0] == os.getpid():
                _remove(path)
                own.number -= 1
                if own.number == 0:
                    own.claim.release()
                    _own.pop(key, None)
                return


def check_room():
    """Raise OSError where no temporary file can be written: astropy needs one to write FITS, after all the work."""
    try:
        path = temporary_file()
        try:
            path.write_bytes(b" ")
        finally:
            discard(path)
    except OSError as error:
        raise OSError(
            f"no temporary file can be written ({error.strerror or error}); let the environment variable TMPDIR name a "
            "folder that can be written and has room"
        ) from None


def remove_left_behind():
    """Remove the temporary files of processes that were killed; yields a sentence on each."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        name = _NAME.fullmatch(folder.name)
        with suppress(OSError):
            if not name or folder.is_symlink() or (hasattr(os, "getuid") and folder.stat().st_uid != os.getuid()):
                continue
            pid = int(name[1])
            if not (folder / LOCK).exists():
                # Of a process that was killed as it made the folder: nothing is in it.
                if not process_lives(pid):
                    folder.rmdir()
                continue
            claim = Claim(folder, create=False)
            left = [path for path in folder.iterdir() if path.name != LOCK]
            empty = not left and (folder / LOCK).stat().st_size == 0
            if claim.former.get("pid") == pid and isinstance(claim.former.get("host"), str):
                left = [path for path in left if path.name.startswith(tempfile.gettempprefix())]
            elif not empty or process_lives(pid):  # somebody else's, or it makes the folder just now
                claim.leave()
                continue
            for path in left:
                _remove(path)
            claim.release()
            yield f"removed {folder} with {len(left)} temporary files of process {pid}, which was killed"


def _new(make):
    # A signal between two steps would leave a folder that nobody knows; what is made is removed at the end.
    with uninterrupted(), _lock:
        key = os.getpid(), tempfile.gettempdir()
        if key not in _own:
            _own[key] = _Folder(key[1])
        # Counted first: so that the folder stays if others are discarded now.
        own = _own[key]
        own.number += 1
        try:
            return Path(make(dir=own.claim.folder))
        except BaseException:
            own.number -= 1
            raise


def _make_file(dir):
    handle, path = tempfile.mkstemp(suffix=".fits", dir=dir)
    os.close(handle)
    return path


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _renew():
    """In a process that was forked: a thread of its parent, which is not in it, may have held the lock."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


@atexit.register
def _remove_own():
    for (pid, _), own in _own.items():
        if pid == os.getpid() and own.claim.folder.is_dir():
            for path in own.claim.folder.iterdir():
                if path.name != LOCK:
                    _remove(path)
            own.claim.release()
