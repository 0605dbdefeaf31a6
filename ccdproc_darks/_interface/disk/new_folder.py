# Licensed under a 3-clause BSD style license - see LICENSE
"""Write a folder of results completely or not at all, and never lose what somebody else wrote."""

import errno
import hashlib
import logging
import os
import shutil
import stat
from contextlib import contextmanager, suppress
from pathlib import Path

from ..shown import shown
from .claim import LOCK, Claim, ClaimedError
from .exchange import exchange
from .manifest import MANIFEST, Manifest
from .signals import uninterrupted
from .temporary import check_room, remove_left_behind

__all__ = ["PAGE", "SUMMARY", "WRITTEN", "check_place", "named_errors", "new_folder", "resolved_place"]

#: Names of the two files in the folder of each report.
SUMMARY, PAGE = "summary.ecsv", "report.html"
#: Folders that this process has written so far, and where they are now.
WRITTEN: list[Path] = []

_SCRATCH = ".ccdproc-darks"
_LONGEST = 200  # bytes of a name, to which more can be added
_NAMED = 3
_log = logging.getLogger(__package__)


@contextmanager
def new_folder(out, *, overwrite=False, folders=()):
    """Folder that is filled in the block, and then becomes the folder ``out``; it is deleted after an error.

    Until then it is in a hidden folder beside ``out``, which is claimed for this process. ``out`` may be missing or
    empty, or with ``overwrite`` an earlier report, of which only files in its manifest are replaced. ``folders`` are
    those of the frames. What somebody else puts there meanwhile stays, and the new folder gets another name beside it.
    A folder that a killed run left behind is cleaned up, and an earlier report in it is put back.

    Raises
    ------
    OSError
        If ``out`` may not be written, at once; also if another process writes it now, or if somebody else made it in
        the meantime: the error says where the new folder is.
    """
    out = Path(out)
    place = resolved_place(out)
    work = _Work(out, place)
    try:
        try:
            with uninterrupted():
                work.begin()
        except ClaimedError:
            raise
        except OSError:
            check_place(out, overwrite, folders)  # may say more
            raise
        former = check_place(out, overwrite, folders)
        yield work.new
        with uninterrupted():
            work.finish(former)
    finally:
        with uninterrupted():
            work.end()


@contextmanager
def named_errors(out):
    """Name the folder ``out`` in the errors of writing it, such as a full disk."""
    try:
        yield
    except OSError as error:
        # Of no class of its own: others may not be made of a text.
        raise OSError(f"{out} cannot be written: {error.strerror or error}") from error


def check_place(out, overwrite=False, folders=()):
    """Raise OSError where a folder may not be written to the path ``out``; return the `Manifest` of the report there.

    With ``overwrite`` it may replace an earlier report, but none with files of somebody else's. Without a report there,
    None is returned. ``folders`` are those of the frames of a report.
    """
    place = resolved_place(Path(out))
    there = os.path.lexists(place)
    empty = there and place.is_dir() and not any(place.iterdir())
    if there and not empty and not overwrite:
        hint = ", or --overwrite an earlier report" if folders else ""
        raise FileExistsError(f"{out} is there already; choose another folder{hint}")
    for folder in folders:
        if Path(os.path.realpath(folder)).is_relative_to(place):
            raise FileExistsError(f"{out} holds the frames of {folder}: not overwritten")
    if there and _here().is_relative_to(place):
        raise FileExistsError(f"{out} is the folder that you are in, or holds it: choose another, or leave it first")
    if there and os.path.ismount(place):
        raise FileExistsError(f"{out} is a mount point, which cannot be replaced; choose a folder in it")
    return _report_at(out, place) if there and not empty else None


def _report_at(out, place):
    """Manifest of an earlier report that may be replaced."""
    if not place.is_dir() or not {PAGE, SUMMARY} & set(os.listdir(place)):
        raise FileExistsError(f"{out} is not an earlier report: not overwritten")
    try:
        former = Manifest(place)
    except ValueError as error:
        raise FileExistsError(
            f"{out} is a report of an earlier version, or not whole: {error}, so that its files cannot be told from "
            "others: not overwritten; move it away or remove it yourself"
        ) from None
    strangers = former.strangers(place)
    if strangers:
        raise FileExistsError(
            f"{out} has files that are not of the report, or were changed since: {_listed(strangers)}: not "
            "overwritten; move them out of it, or choose another folder"
        )
    return former


class _Work:
    """The hidden folder beside a place, in which its new folder is made."""

    def __init__(self, out, place):
        self.out, self.place = out, place
        self.folder = _hidden(place)
        #: The folder to be filled.
        self.new = self.folder / "new"
        self._claim, self._made, self._found, self._stays, self._pid = None, [], False, False, os.getpid()
        self._told = []  # said when all is done: what handles a log may fail

    def begin(self):
        """Make the hidden folder, after what killed runs left behind was cleaned up."""
        try:
            self._make_parents()
            self._claim = self._claimed()
        except ClaimedError as error:
            raise ClaimedError(
                f"{self.out} is being written by {error} now: wait for it, or choose another folder; if it no longer "
                f"runs, remove {self.folder}"
            ) from None
        except OSError as error:
            raise type(error)(f"{self.out} cannot be made: {self._why(error)}") from None
        if self._found:
            self._told += _recover(self._claim, self.place)
            if os.listdir(self.folder) != [LOCK]:
                raise FileExistsError(f"{self.out} cannot be made: {self.folder} is in the way")
        for folder in self.folder.parent.glob(f".*{_SCRATCH}"):
            with suppress(OSError):
                if folder != self.folder and (folder / LOCK).is_file() and not folder.is_symlink():
                    claim = Claim(folder, create=False)
                    if _is_ours(claim.former, folder):
                        self._told += _recover(claim, folder.with_name(claim.former["place"]))
                        claim.release()
                    else:
                        claim.leave()
        self._told += remove_left_behind()
        self._tell()
        check_room()
        self.new.mkdir()

    def finish(self, former):
        """Put the new folder in its place; that of the `Manifest` ``former`` is replaced."""
        if os.getpid() != self._pid:
            raise OSError(f"{self.out} is being written by process {self._pid}, of which this one was forked")
        try:
            self._put(former)
        except OSError as error:
            self._told += _put_back(self.folder, self.place)
            reason = str(error) if isinstance(error, _TakenError) else self._why(error)
            try:
                kept = _kept(self.new, self.place, "new")
            except OSError:
                kept, self._stays = self.new, True
            WRITTEN.append(kept)
            moved = "" if os.path.lexists(kept) else ", or where a folder of that path was moved to"
            raise FileExistsError(f"{self.out} was not written ({reason}); what is new is in {kept}{moved}") from None
        WRITTEN.append(self.place)

    def end(self):
        """Remove the hidden folder, with all in it that this package wrote."""
        if os.getpid() != self._pid:  # forked in the block: the folder is the parent's
            return
        if self._claim is not None:
            if not self._stays:
                self._told += _tidy(self.folder, self.place)
            self._claim.release()
            self._claim = None
        for parent in reversed(self._made):
            with suppress(OSError):
                parent.rmdir()
        self._tell()

    def _tell(self):
        told, self._told = self._told, []
        for sentence in told:
            _log.warning(shown(sentence))

    def _why(self, error):
        """Reason of an error, with the path if that is another than the folder's."""
        path = error.filename
        more = "" if path is None or Path(path) in (self.out, self.place) else f": {path}"
        return f"{error.strerror or error}{more}"

    def _make_parents(self):
        missing = [parent for parent in self.place.parents if not os.path.lexists(parent)]
        for parent in reversed(missing):
            with suppress(FileExistsError):
                parent.mkdir()
                self._made.append(parent)

    def _claimed(self):
        for _ in range(3):
            try:
                self.folder.mkdir()
                self._found = False
            except FileExistsError:
                self._found = True
            # Another process may remove it just now.
            with suppress(FileNotFoundError):
                names = os.listdir(self.folder)
                # Who is killed before the lock says something has put nothing beside it.
                if set(names) - {LOCK} and (LOCK not in names or not os.lstat(self.folder / LOCK).st_size):
                    raise FileExistsError(errno.EEXIST, f"{self.folder} is in the way")
                note = {"place": self.place.name}
                return Claim(self.folder, note=note, known=lambda former: _is_ours(former, self.folder))
        raise ClaimedError("other processes")

    def _put(self, former):
        _copy_access(self.place, self.new)
        if former is None or not os.path.lexists(self.place):
            # A folder never replaces a file, or a folder with something in it.
            if os.name == "nt" and self.place.is_dir():
                self.place.rmdir()
            try:
                self.new.rename(self.place)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                raise _TakenError("somebody else made it in the meantime") from None
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:
                    raise
                raise _TakenError("somebody else made it in the meantime") from None
            return
        if self.place.is_symlink():
            raise _TakenError("somebody else put a link there in the meantime")
        if not former.is_of(self.place):
            raise _TakenError("somebody else replaced the earlier report in the meantime")
        strangers = former.strangers(self.place)
        if strangers:
            raise _TakenError(f"somebody put there or changed in the meantime: {_listed(strangers)}")
        if exchange(self.new, self.place):
            return
        # Where the second step fails, or if the process is killed before it, the earlier report is put back.
        self.place.rename(self.folder / "former")
        self.new.rename(self.place)


class _TakenError(OSError):
    """The place is somebody else's now."""


def _hidden(place):
    """The hidden folder of a place."""
    name = place.name
    if len(os.fsencode(name)) > _LONGEST:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return place.parent / f".{name}{_SCRATCH}"


def _is_ours(former, folder):
    """Whether what the lock in a hidden folder says is from this package: others may have such a folder too."""
    pid, host, place = (former.get(key) for key in ("pid", "host", "place"))
    if type(pid) is not int or not isinstance(host, str) or not isinstance(place, str):
        return False
    try:
        return _hidden(folder.parent / place) == folder
    except ValueError:  # no name of a file
        return False


def _copy_access(place, new):
    """Give a new folder the group and the permissions of the one whose place it takes, as far as it may."""
    with suppress(OSError):
        status = os.lstat(place)
        if stat.S_ISDIR(status.st_mode):
            if hasattr(os, "chown"):
                with suppress(OSError):
                    os.chown(new, status.st_uid if os.geteuid() == 0 else -1, status.st_gid)
            # Its owner must be able to move it.
            os.chmod(new, stat.S_IMODE(status.st_mode) | stat.S_IRWXU)


# Those that follow return sentences on what they did, to be told when all is done.


def _recover(claim, place):
    """Clean up the hidden folder of a killed run, beside a place."""
    who = f"process {claim.former['pid']}" if "pid" in claim.former else "a process"
    told = _tidy(claim.folder, place)
    return [f"{place}: {who} was killed while it wrote this; what it left is removed", *told]


def _tidy(folder, place):
    """Remove all that this package wrote into the hidden folder of a place, after an earlier report is put back."""
    told = _put_back(folder, place)
    if not _waits(folder, place):
        for name in ("new", "former"):
            told += _clear(folder / name, place)
    return told


def _waits(folder, place):
    """Whether an earlier report in the hidden folder of a place was not put back, nor replaced by the new one."""
    return (folder / "former").is_dir() and (not os.path.lexists(place) or (folder / "new").exists())


def _put_back(folder, place):
    """Put the earlier report from the hidden folder of a place back, unless the new one has taken its place."""
    former = folder / "former"
    if not _waits(folder, place):
        return []
    try:
        if os.name == "nt" and place.is_dir():
            place.rmdir()
        former.rename(place)
    except OSError:  # somebody else made something there
        where = former
        with suppress(OSError):
            where = _kept(former, place, "former")
        return [f"{place}: the earlier report is in {where}"]
    return [f"{place}: the earlier report is put back"]


def _clear(folder, place):
    """Remove a folder that this package made in a hidden folder; what is somebody else's is kept beside the place."""
    with suppress(OSError):
        folder.rmdir()  # empty, or missing
    if not os.path.lexists(folder):
        return []
    if not folder.is_symlink():
        try:
            manifest = Manifest(folder)
        except ValueError:
            # The manifest is written last: without it, the folder is half written.
            if folder.name == "new" and not os.path.lexists(folder / MANIFEST):
                shutil.rmtree(folder, ignore_errors=True)
                return []
        else:
            if manifest.remove(folder):
                return []
    where = folder
    with suppress(OSError):
        where = _kept(folder, place, "former")
    return [f"{place}: files that are not of the report, or were changed since, are in {where}"]


def _kept(folder, place, word):
    """Give a folder a visible name beside a place, and return its path."""
    name = os.fsdecode(os.fsencode(place.name)[:_LONGEST]) or "report"
    number = 1
    while True:
        kept = place.parent / (f"{name}-{word}" if number == 1 else f"{name}-{word}-{number}")
        if not os.path.lexists(kept):
            folder.rename(kept)
            return kept
        number += 1


def resolved_place(path):
    """Absolute path without links; OSError where a link leads nowhere, or a parent is no folder."""
    place = Path(os.path.realpath(path))
    if not place.name:
        raise FileExistsError(f"{path} is the root of the file system; choose a folder in it")
    try:
        os.lstat(place)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:  # such as a name that is too long
        raise type(error)(f"{path} cannot be made: {error.strerror}") from None
    if path.is_symlink() and not os.path.exists(path):
        raise FileNotFoundError(f"{path} is a link to {os.readlink(path)}, which is not there")
    for parent in place.parents:
        if os.path.lexists(parent):
            if not parent.is_dir():
                kind = "a file" if parent.is_file() else "not a folder"
                raise NotADirectoryError(f"{path} cannot be made: {parent} is {kind}")
            break
    return place


def _here():
    try:
        return Path(os.path.realpath(os.getcwd()))
    except OSError:  # the folder was removed
        return Path(os.sep)


def _listed(names):
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(shown, names[:_NAMED])) + more
