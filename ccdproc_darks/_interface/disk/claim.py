# Licensed under a 3-clause BSD style license - see LICENSE
"""Folders that belong to one process as long as it lives, however it ends."""

import errno
import json
import os
import socket
import threading
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
# A lock that is a link would have a file of somebody else's written.
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# What the system says of the locks that this process has: a file system without locks does not tell.
_held: dict["Claim", os.stat_result] = {}
_guard = threading.Lock()


class ClaimedError(OSError):
    """Another process has claimed the folder."""


class Claim:
    """A folder that no other process can claim until `release`, or the end of this process.

    The system takes the lock back from a process that is killed: a folder that can be claimed is free, or was left
    behind. ``create`` makes the lock; without it FileNotFoundError is raised where there is none. ``note`` is a dict
    for those who find the folder. ClaimedError is raised, and says who, if another process has it. A lock that is there
    is written over only if ``known`` is true for what it says, a dict (empty if it says nothing); else FileExistsError
    is raised.
    """

    def __init__(self, folder, *, create=True, note=None, known=bool):
        self.folder = folder
        self._path = folder / LOCK
        self._handle = self._locked(create)
        #: Dict that the last owner left behind, with its pid and host; empty if there was none.
        self.former = _note(self._handle)
        size = os.fstat(self._handle).st_size
        if create:
            if size and not known(self.former):
                self.leave()
                raise FileExistsError(errno.EEXIST, f"{folder} is in the way")
            text = json.dumps({**_myself(), **(note or {})})
            try:
                os.lseek(self._handle, 0, os.SEEK_SET)
                # In one step, over all of the last note: who is killed here leaves one of the two.
                os.write(self._handle, text.ljust(size).encode("ascii"))
            except OSError:  # a full disk
                self.release()
                raise

    def leave(self):
        """Give the folder up and leave it as it is."""
        _held.pop(self, None)
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def release(self):
        """Give the folder up and remove it, unless there is something in it, which is nobody's from then on."""
        if self._handle is None:
            return
        with suppress(OSError):
            os.ftruncate(self._handle, 0)  # the folder may have been moved, with its lock
        if os.name == "nt":
            self.leave()
        with suppress(OSError):
            self._path.unlink()
        self.leave()
        with suppress(OSError):
            self.folder.rmdir()

    def _locked(self, create):
        for number in range(_TRIES):
            handle = os.open(self._path, _FLAGS | (os.O_CREAT if create else 0), 0o600)
            try:
                with _guard:
                    found = os.fstat(handle)
                    if any(os.path.samestat(found, other) for other in list(_held.values())):
                        raise ClaimedError(_who(_myself()))
                    _lock(handle)
                    if os.path.samestat(found, os.stat(self._path)):
                        _held[self] = found
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


def _forget():
    """In a process that was forked: give up the folders of its parent, which keeps them."""
    global _guard
    _guard = threading.Lock()
    for claim in list(_held):
        claim.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


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
        raise ClaimedError(_who(note)) from None


def _who(note):
    return f"process {note.get('pid', 'unknown')} on {note.get('host', 'an unknown host')}"


def _note(handle):
    """Dict in an open lock file; empty where there is none."""
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        note = json.loads(os.read(handle, 2**16))
    except (ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _myself():
    """What a note says of this process."""
    return {"pid": os.getpid(), "host": socket.gethostname(), "space": _space(), "start": _start(os.getpid())}


def _lives(note):
    """Whether the process of a note may be alive, and another one: all those of other hosts and containers may."""
    if not note or note.get("host") != socket.gethostname() or note.get("space", _space()) != _space():
        return bool(note)
    pid, start = note.get("pid"), note.get("start")
    # A process has the number of one that ended, but not its start.
    return process_lives(pid) and str(pid) != str(os.getpid()) and (start is None or _start(pid) in (None, start))


def _space():
    """Name of the space in which the numbers of processes count: containers have their own. None where unknown."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def _start(pid):
    """When a process was started, in ticks of the system's clock since its start; None where unknown."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def process_lives(pid):
    """Whether a process of the number ``pid`` runs on this host; True where the system cannot tell."""
    if os.name == "nt":  # there os.kill ends the process
        return True
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, TypeError, OverflowError):
        return False
    except OSError:  # of another user
        return True
    return True
