# Licensed under a 3-clause BSD style license - see LICENSE
"""Folders that belong to one process as long as it lives, however it ends."""

import errno
import json
import os
import socket
import time
from contextlib import suppress

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["LOCK", "Claim", "ClaimedError", "process_lives"]

#: Name of the locked file in such a folder.
LOCK = "lock"

_TRIES = 4
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
# Of the file, on Windows: far behind its text, because others cannot read bytes that are locked.
_LOCKED_BYTE = 2**30


class ClaimedError(OSError):
    """Another process has claimed the folder."""


class Claim:
    """A folder that no other process can claim until `release`, or the end of this process.

    The system takes the lock back from a process that is killed: a folder that can be claimed is free, or was left
    behind. ``create`` makes the lock; without it FileNotFoundError is raised where there is none. ``note`` is a dict
    for those who find the folder. ClaimedError is raised, and says who, if another process has it.
    """

    def __init__(self, folder, *, create=True, note=None):
        self.folder = folder
        self._path = folder / LOCK
        self._handle = self._locked(create)
        #: Dict that the last owner left behind, with its pid and host; empty if there was none.
        self.former = _note(self._handle)
        if create:
            text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), **(note or {})})
            try:
                os.ftruncate(self._handle, 0)
                os.lseek(self._handle, 0, os.SEEK_SET)
                os.write(self._handle, text.encode("ascii"))
            except OSError:  # a full disk
                self.release()
                raise

    def leave(self):
        """Give the folder up and leave it as it is."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def release(self):
        """Give the folder up and remove it, unless there is something in it."""
        if os.name == "nt":
            self.leave()
        with suppress(OSError):
            self._path.unlink()
        self.leave()
        with suppress(OSError):
            self.folder.rmdir()

    def _locked(self, create):
        for number in range(_TRIES):
            handle = os.open(self._path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
            try:
                _lock(handle)
                if os.path.samestat(os.fstat(handle), os.stat(self._path)):
                    return handle
            except FileNotFoundError:
                pass  # its owner removed it just now
            except ClaimedError:
                # Those who look for what was left behind have a lock for a moment only.
                if number == _TRIES - 1 or not create:
                    os.close(handle)
                    raise
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
            time.sleep(0.05)
        raise ClaimedError(f"{self.folder} is claimed again and again by other processes")


def _lock(handle):
    """Lock an open file for this process; ClaimedError if another one has it."""
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        import msvcrt

        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        note = _note(handle)
        if error.errno in _NO_LOCKS and not _lives(note):
            return  # a file system without locks
        raise ClaimedError(f"process {note.get('pid', 'unknown')} on {note.get('host', 'an unknown host')}") from None


def _note(handle):
    """Dict in an open lock file; empty where there is none."""
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        note = json.loads(os.read(handle, 2**16))
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def _lives(note):
    """Whether the process of a note may be alive, and another one: all those of other hosts may."""
    if not note or note.get("host") != socket.gethostname():
        return bool(note)
    pid = note.get("pid")
    return process_lives(pid) and str(pid) != str(os.getpid())


def process_lives(pid):
    """Whether a process of the number ``pid`` runs on this host; True where the system cannot tell."""
    if os.name == "nt":  # there os.kill ends the process
        return True
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, TypeError):
        return False
    except OSError:  # of another user
        return True
    return True
