# Licensed under a 3-clause BSD style license - see LICENSE
"""The list of the files that this package wrote into a folder: it replaces and removes these, and no others."""

import hashlib
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePosixPath

from ..progress import current_progress
from ..version import __version__

__all__ = ["MANIFEST", "Manifest", "write_manifest"]

#: Name of the list, in the folder.
MANIFEST = "manifest.json"

# What file managers put into any folder that somebody looks at.
_OF_FILE_MANAGERS = {".DS_Store", "Thumbs.db", "desktop.ini", ".directory"}
_ABOUT = "Files in this folder that ccdproc_darks wrote. It replaces and removes these, while unchanged, and no others."


def write_manifest(folder):
    """Write the manifest of a folder (a Path) that this package has just filled: the last of its files."""
    names = [name for name, is_folder in _entries(folder) if not is_folder and name != MANIFEST]
    progress, sums = current_progress(), []
    with ThreadPoolExecutor() as pool:
        for checksum in pool.map(lambda name: _checksum(folder / name), names):
            sums.append(checksum)
            progress.tell(len(sums) / len(names))
    files = [
        {"path": name, "size": os.path.getsize(folder / name), "sha256": checksum}
        for name, checksum in zip(names, sums, strict=True)
    ]
    text = json.dumps({"about": _ABOUT, "ccdproc_darks": __version__, "files": files}, indent=1)
    # Never half written: a folder without a manifest is not finished.
    part = folder / f"{MANIFEST}.part"
    part.write_text(text + "\n", encoding="ascii")
    part.rename(folder / MANIFEST)


class Manifest:
    """The manifest of a folder, as it was when it was read. ValueError if there is none, or if it is no manifest."""

    def __init__(self, folder):
        try:
            self._text = (folder / MANIFEST).read_bytes()
            files = json.loads(self._text)["files"]
            #: Size (bytes) and checksum of each file, by its path within the folder.
            self.files = {_checked_name(file["path"]): (file["size"], file["sha256"]) for file in files}
        except FileNotFoundError:
            raise ValueError(f"{folder} has no {MANIFEST}") from None
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"{folder / MANIFEST} cannot be used ({type(error).__name__}: {error})") from None
        self._seen = {}  # what the system said of files, by their path, when their checksum was found to be right
        self.folders = {str(parent) for name in self.files for parent in PurePosixPath(name).parents}

    def is_of(self, folder):
        """Whether the folder still has this very manifest."""
        try:
            return (folder / MANIFEST).read_bytes() == self._text
        except OSError:
            return False

    def strangers(self, folder):
        """Paths within the folder of all that this package did not write, or that was changed since.

        Files that file managers put there by themselves do not count.
        """
        return [
            name + ("/" if is_folder else "")
            for name, is_folder in _entries(folder)
            if not (name in self.folders if is_folder else self._is_own(folder, name) or self._is_litter(name))
        ]

    def remove(self, folder):
        """Remove the files that this package wrote, and then the folders that are empty. Returns whether all is gone.

        Of what is left, the manifest goes last: who is killed on the way can go on later.
        """
        if os.path.islink(folder):
            return False
        for name in self.files:
            with suppress(OSError):
                if self._is_own(folder, name):
                    (folder / name).unlink()
        with suppress(OSError):
            for name in [name for name, is_folder in _entries(folder) if not is_folder and self._is_litter(name)]:
                (folder / name).unlink()
        for name in sorted(self.folders - {"."}, key=len, reverse=True):
            with suppress(OSError):
                (folder / name).rmdir()
        with suppress(OSError):
            if os.listdir(folder) == [MANIFEST] and self.is_of(folder):
                (folder / MANIFEST).unlink()
            folder.rmdir()
        return not os.path.lexists(folder)

    def _is_litter(self, name):
        path = PurePosixPath(name)
        return path.name in _OF_FILE_MANAGERS and str(path.parent) in self.folders and name not in self.files

    def _is_own(self, folder, name):
        if name == MANIFEST:
            return self.is_of(folder)
        if name not in self.files:
            return False
        path = folder / name
        try:
            # Behind a link is somebody else's folder.
            if any(os.path.islink(folder / parent) for parent in list(PurePosixPath(name).parents)[:-1]):
                return False
            status = os.lstat(path)
            size, checksum = self.files[name]
            if not stat.S_ISREG(status.st_mode) or status.st_size != size:
                return False
            seen = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            if self._seen.get(name) != seen:
                if _checksum(path) != checksum:
                    return False
                self._seen[name] = seen
        except OSError:
            return False
        return True


def _entries(folder):
    """Path within the folder of everything in it, in the order of names, and whether it is a folder; links are none."""

    def fail(error):
        raise error

    for parent, folders, files in os.walk(folder, onerror=fail):
        inner = Path(parent).relative_to(folder)
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        folders[:] = sorted(set(folders) - set(links))
        yield from ((str((inner / name).as_posix()), True) for name in folders)
        yield from ((str((inner / name).as_posix()), False) for name in sorted(files + links))


def _checked_name(name):
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or str(path) != name or "\\" in name:
        raise ValueError(f"{name!r} is not a path within it")
    if "\0" in name or name == MANIFEST:
        raise ValueError(f"{name!r} cannot be one of its files")
    os.fsencode(name)  # what cannot be a name is a ValueError too
    return name


def _checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
