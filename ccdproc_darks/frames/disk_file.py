# Licensed under a 3-clause BSD style license - see LICENSE
"""A file on disk: whether it is one at all, and whether it is still the same."""

import os
import stat
from dataclasses import dataclass

__all__ = ["FileState"]

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class FileState:
    """What tells whether a file is still the one that was looked at."""

    size: int  # bytes
    modified: int  # time of the last change (ns)
    device: int
    inode: int

    @classmethod
    def of(cls, status):
        """State of a file from its `os.stat_result`."""
        return cls(status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino)

    @classmethod
    def of_path(cls, path, label):
        """State of the file at ``path``, which is not opened: to open a FIFO would wait for ever.

        Raises FileNotFoundError or OSError where there is no regular file.
        """
        try:
            status = os.stat(path)
        except FileNotFoundError:
            reason = "a link to a file that does not exist" if os.path.islink(path) else "no such file"
            raise FileNotFoundError(f"{label}: {reason}") from None
        except (OSError, ValueError) as error:
            raise OSError(f"{label}: {getattr(error, 'strerror', None) or error}") from None
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{label}: {_KINDS.get(stat.S_IFMT(status.st_mode), 'no regular file')}, not a FITS file")
        return cls.of(status)

    def check(self, status, label):
        """Raise OSError if an `os.stat_result` is of another file, or of a later state of the file."""
        now = FileState.of(status)
        if now.device == self.device:
            same = now == self
        else:  # seen from another machine, which numbers devices in its own way and may round times
            same = now.size == self.size and now.modified // 10**9 == self.modified // 10**9
        if not same:
            raise OSError(f"{label}: changed while it was read")
