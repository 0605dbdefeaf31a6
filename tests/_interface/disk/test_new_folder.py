"""Folders of results: whole or not at all, and nothing of anybody else's is removed."""

import errno
import logging
import os
import re
import signal
import stat
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from ccdproc_darks._interface.disk import claim as _claim
from ccdproc_darks._interface.disk import new_folder as _new_folder
from ccdproc_darks._interface.disk.claim import Claim, ClaimedError
from ccdproc_darks._interface.disk.manifest import MANIFEST, write_manifest
from ccdproc_darks._interface.disk.new_folder import PAGE, SUMMARY, WRITTEN, check_place, named_errors, new_folder

NAMES = ["group/mask.fits", PAGE, SUMMARY]


def fill(folder, text):
    """Write what a report has."""
    for name in NAMES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    write_manifest(folder)


def write(out, text="new", meanwhile=lambda: None, **options):
    with new_folder(out, **options) as new:
        fill(new, text)
        meanwhile()


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_report(out, text):
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert found == {*NAMES, MANIFEST}
    assert {(out / name).read_text(encoding="utf-8") for name in NAMES} == {text}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "place" / "out"


@pytest.fixture
def old(out):
    write(out, "old")
    return out


@pytest.fixture(params=["exchange", "rename"])
def system(request, monkeypatch):
    """Systems with and without an exchange in one step."""
    if request.param == "rename":
        monkeypatch.setattr(_new_folder, "exchange", lambda one, other: False)


def test_new(out):
    write(out)
    assert_report(out, "new")
    assert names_in(out.parent) == ["out"]
    assert WRITTEN[-1] == out


def test_an_empty_folder_is_filled(out):
    out.mkdir(parents=True)
    write(out)
    assert_report(out, "new")


@pytest.mark.usefixtures("system")
def test_overwrite(old):
    write(old, overwrite=True)
    assert_report(old, "new")
    assert names_in(old.parent) == ["out"]


def test_after_an_error_nothing_is_left(out, tmp_path):
    def broken():
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        write(out, meanwhile=broken)
    assert names_in(tmp_path) == []


def test_a_long_name(tmp_path):
    out = tmp_path / ("n" * 250)
    write(out)
    assert_report(out, "new")
    assert names_in(tmp_path) == [out.name]
    with pytest.raises(OSError, match="nnn cannot be made: "):
        write(tmp_path / ("n" * 300))


@pytest.mark.parametrize("name", ["out", "link", "other/../out"])
def test_a_link_to_an_earlier_report(old, name):
    (old.parent / "link").symlink_to(old)
    (old.parent / "other").mkdir()
    write(old.parent / name, overwrite=True)
    assert_report(old, "new")
    assert (old.parent / "link").is_symlink()


class TestPlaces:
    """Where nothing can be written: told before the block."""

    @pytest.fixture
    def refused(self):
        def check(out, match, **options):
            with pytest.raises(OSError, match=match), new_folder(out, **options):
                pytest.fail("the block must not run")

        return check

    def test_there_already(self, old, refused):
        refused(old, r"out is there already; choose another folder$")
        refused(old, r"out is there already; choose another folder, or --overwrite", folders=[old.parent])
        assert_report(old, "old")

    def test_not_a_folder(self, out, tmp_path, refused):
        file = tmp_path / "file"
        file.touch()
        refused(file, "file is there already")
        refused(file, "file is not an earlier report: not overwritten", overwrite=True)
        refused(file / "out", "out cannot be made: .*file is a file")
        if hasattr(os, "mkfifo"):
            os.mkfifo(tmp_path / "fifo")
            refused(tmp_path / "fifo" / "out", "out cannot be made: .*fifo is not a folder")
            refused(tmp_path / "fifo", "fifo is not an earlier report", overwrite=True)

    def test_links_to_nowhere(self, tmp_path, refused):
        (tmp_path / "link").symlink_to("nowhere")
        refused(tmp_path / "link", "link is a link to nowhere, which is not there")
        (tmp_path / "loop").symlink_to("loop")
        refused(tmp_path / "loop", "loop is a link to loop, which is not there")
        assert names_in(tmp_path) == ["link", "loop"]

    def test_root_and_here(self, tmp_path, refused, monkeypatch, old):
        refused(Path(tmp_path.anchor), "is the root of the file system")
        (tmp_path / "empty" / "inner").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "empty" / "inner")
        refused(Path("."), "is the folder that you are in")
        monkeypatch.chdir(old)
        refused(old, "is the folder that you are in", overwrite=True)

    def test_a_parent_that_cannot_be_written(self, out, refused, monkeypatch):
        def denied(path, *args, **kwargs):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        monkeypatch.setattr(Path, "mkdir", denied)
        refused(out, "^[^[]*out cannot be made: Permission denied: .*place$")

    def test_a_full_disk_at_the_start(self, out, tmp_path, refused, monkeypatch):
        def full(*args):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        refused(out, "out cannot be made: No space left on device")
        assert names_in(tmp_path) == []

    def test_frames_inside(self, out, refused):
        refused(out, "holds the frames of .*frames: not overwritten", folders=[out / "frames"])
        refused(out, "holds the frames of .*out: not overwritten", folders=[out])

    def test_a_mount_point(self, out, refused, monkeypatch):
        out.mkdir(parents=True)
        monkeypatch.setattr(os.path, "ismount", lambda path: True)
        refused(out, "is a mount point")

    def test_something_in_the_way_of_the_hidden_folder(self, out, refused):
        hidden = out.parent / ".out.ccdproc-darks"
        hidden.mkdir(parents=True)
        (hidden / "mine").touch()
        refused(out, "out cannot be made: .*in the way")
        assert names_in(hidden) == ["mine"]

    @pytest.mark.parametrize(
        "text",
        [
            "", "mine", '{"a": 1}', '{"pid": 1, "host": "here"}', '{"pid": 1, "host": "here", "place": ""}',
            '{"pid": 1, "host": "here", "place": "another"}', '{"pid": "1", "host": "here", "place": "out"}',
            '{"pid": 1, "host": "here", "place": "\\ud800"}', "[" * 60000,
        ],
    )  # fmt: skip
    def test_a_folder_with_a_lock_of_somebody_else(self, out, refused, text):
        hidden = out.parent / ".out.ccdproc-darks"
        (hidden / "new").mkdir(parents=True)
        (hidden / "new" / "my.fits").touch()
        (hidden / "lock").write_text(text, encoding="ascii")
        refused(out, r"out cannot be made: .*\.out\.ccdproc-darks is in the way")
        write(out.with_name("beside"))
        assert names_in(hidden / "new") == ["my.fits"]
        assert (hidden / "lock").read_text(encoding="ascii") == text

    def test_a_hidden_folder_of_another_user(self, out, refused, monkeypatch):
        def denied(path, *args, **kwargs):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        monkeypatch.setattr(os, "open", denied)
        refused(out, r"out cannot be made: Permission denied: .*\.out\.ccdproc-darks.lock$")


class TestOthers:
    """Files of somebody else's."""

    @pytest.mark.parametrize("name", ["note.txt", "group/mine.fits", "group/.hidden", "more/dark.fits", "empty/"])
    def test_in_an_earlier_report(self, old, name):
        path = old / name
        path.parent.mkdir(exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_text("mine", encoding="utf-8")
        before = sorted(old.rglob("*"))
        with pytest.raises(FileExistsError, match=f"or were changed since: .*{name}.*: not overwritten; move them"):
            write(old, overwrite=True)
        assert sorted(old.rglob("*")) == before
        assert names_in(old.parent) == ["out"]

    def test_many_of_them_with_bells(self, old):
        for number in range(5):
            (old / f"a{number}\x07").touch()
        with pytest.raises(FileExistsError, match=re.escape(r"since: a0\x07, a1\x07, a2\x07 and 2 more:")):
            check_place(old, True)

    @pytest.mark.parametrize("change", ["content", "link", "folder"])
    def test_changed_files_of_a_report(self, old, change):
        path = old / "group" / "mask.fits"
        path.unlink()
        if change == "content":
            path.write_text("mine", encoding="utf-8")
        elif change == "link":
            (old.parent / "kept").write_text("old", encoding="utf-8")
            path.symlink_to(old.parent / "kept")
        else:
            path.mkdir()
        with pytest.raises(FileExistsError, match=r"group/mask\.fits"):
            write(old, overwrite=True)
        assert os.path.lexists(path)

    def test_files_removed_from_a_report_do_not_matter(self, old):
        (old / "group" / "mask.fits").unlink()
        write(old, overwrite=True)
        assert_report(old, "new")

    @pytest.mark.parametrize(
        "text", [None, "", "[]", '{"files": [{"path": "../out", "size": 1, "sha256": ""}]}', '{"files": 3}']
    )
    def test_a_report_without_a_manifest(self, old, text):
        (old / MANIFEST).unlink()
        if text is not None:
            (old / MANIFEST).write_text(text, encoding="utf-8")
        with pytest.raises(FileExistsError, match=r"of an earlier version, or not whole: .*manifest\.json.*remove it"):
            write(old, overwrite=True)
        assert (old / PAGE).exists()

    def test_a_folder_of_other_things(self, out):
        out.mkdir(parents=True)
        (out / "precious").touch()
        with pytest.raises(FileExistsError, match="is not an earlier report: not overwritten"):
            write(out, overwrite=True)
        assert names_in(out) == ["precious"]

    @pytest.mark.parametrize("overwrite", [False, True])
    @pytest.mark.parametrize("kind", ["file", "folder", "link", "report"])
    def test_made_in_the_meantime(self, out, overwrite, kind):
        def meanwhile():
            if kind == "file":
                out.write_text("mine", encoding="utf-8")
            elif kind == "link":
                out.symlink_to("nowhere")
            else:
                out.mkdir()
                fill(out, "mine") if kind == "report" else (out / "mine").touch()

        with pytest.raises(FileExistsError, match=r"somebody else made it in the meantime\); what is new is in .*new$"):
            write(out, meanwhile=meanwhile, overwrite=overwrite)
        assert names_in(out.parent) == ["out", "out-new"]
        assert_report(out.parent / "out-new", "new")
        assert WRITTEN[-1] == out.parent / "out-new"
        if kind == "report":
            assert_report(out, "mine")
        else:
            assert os.path.lexists(out / "mine" if kind == "folder" else out)

    @pytest.mark.usefixtures("system")
    def test_put_into_the_report_in_the_meantime(self, old):
        (old.parent / "out-new").touch()
        with pytest.raises(FileExistsError, match=r"in the meantime: note\); what is new is in .*out-new-2$"):
            write(old, meanwhile=(old / "note").touch, overwrite=True)
        (old / "note").unlink()
        assert_report(old, "old")
        assert_report(old.parent / "out-new-2", "new")

    @pytest.mark.usefixtures("system")
    def test_another_report_in_the_meantime(self, old):
        def meanwhile():
            old.rename(old.parent / "away")
            old.mkdir()
            fill(old, "mine")

        with pytest.raises(FileExistsError, match=r"somebody else replaced the earlier report in the meantime"):
            write(old, meanwhile=meanwhile, overwrite=True)
        assert_report(old, "mine")

    @pytest.mark.usefixtures("system")
    @pytest.mark.parametrize("inner", ["", "group"])
    def test_moved_away_in_the_meantime_with_a_link_to_it(self, old, inner):
        away = old.parent / "away"

        def meanwhile():
            (old / inner).rename(away)
            (old / inner).symlink_to(away)

        what = "somebody put there or changed in the meantime: group" if inner else "somebody else put a link there"
        with pytest.raises(FileExistsError, match=what):
            write(old, meanwhile=meanwhile, overwrite=True)
        if inner:
            assert names_in(away) == ["mask.fits"]
        else:
            assert_report(away, "old")
        assert (old / inner).is_symlink()
        assert_report(old.parent / "out-new", "new")

    def test_a_link_to_it_at_the_last_moment(self, old, monkeypatch):
        """Between the look and the exchange."""
        exchange = _new_folder.exchange

        def late(one, other):
            other.rename(old.parent / "away")
            other.symlink_to(old.parent / "away")
            return exchange(one, other)

        monkeypatch.setattr(_new_folder, "exchange", late)
        write(old, overwrite=True)
        assert_report(old, "new")
        assert_report(old.parent / "away", "old")
        assert (old.parent / "out-former").is_symlink()

    def test_moved_away_in_the_meantime(self, old):
        write(old, meanwhile=lambda: old.rename(old.parent / "away"), overwrite=True)
        assert_report(old, "new")
        assert_report(old.parent / "away", "old")

    def test_put_into_the_report_at_the_last_moment(self, old, monkeypatch, caplog):
        """Between the look and the exchange: the earlier report is kept."""
        exchange = _new_folder.exchange

        def late(one, other):
            (other / "note").touch()
            return exchange(one, other)

        monkeypatch.setattr(_new_folder, "exchange", late)
        write(old, overwrite=True)
        assert_report(old, "new")
        assert sorted(path.name for path in (old.parent / "out-former").rglob("*")) == [MANIFEST, "note"]
        assert "are in " in caplog.text


class TestFailures:
    """Of the last step."""

    def test_where_the_second_rename_fails(self, old, monkeypatch, caplog):
        monkeypatch.setattr(_new_folder, "exchange", lambda one, other: False)
        rename = Path.rename

        def fail(path, target):
            if path.name == "new" and target == old:
                raise OSError(errno.EIO, "Input/output error")
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", fail)
        with pytest.raises(FileExistsError, match=r"out was not written \(Input/output error\); what is new is in "):
            write(old, overwrite=True)
        assert_report(old, "old")
        assert_report(old.parent / "out-new", "new")
        assert "the earlier report is put back" in caplog.text

    def test_where_the_exchange_fails(self, old, monkeypatch):
        def fail(one, other):
            raise OSError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(_new_folder, "exchange", fail)
        with pytest.raises(FileExistsError, match=r"out was not written \(Permission denied\)"):
            write(old, overwrite=True)
        assert_report(old, "old")

    def test_where_a_place_is_taken_between_the_renames(self, old, monkeypatch, caplog):
        monkeypatch.setattr(_new_folder, "exchange", lambda one, other: False)
        rename = Path.rename

        def taken(path, target):
            rename(path, target)
            if path == old:
                old.mkdir()
                (old / "mine").touch()

        monkeypatch.setattr(Path, "rename", taken)
        with pytest.raises(FileExistsError, match="was not written"):
            write(old, overwrite=True)
        assert names_in(old) == ["mine"]
        assert_report(old.parent / "out-former", "old")
        assert_report(old.parent / "out-new", "new")
        assert "the earlier report is in " in caplog.text

    @pytest.mark.parametrize("moved", [False, True])
    def test_where_what_is_new_cannot_be_moved(self, out, monkeypatch, moved):
        def meanwhile():
            def fail(path, target):
                raise OSError(errno.EIO, "Input/output error", str(path))

            if moved:
                out.parent.rename(out.parent.with_name("moved"))
            else:
                monkeypatch.setattr(Path, "rename", fail)

        where = ", or where a folder of that path was moved to" if moved else ""
        with pytest.raises(FileExistsError, match=rf"out was not written .*what is new is in .*darks.new{where}$"):
            write(out, meanwhile=meanwhile)
        monkeypatch.undo()
        place = out.parent.with_name("moved") if moved else out.parent
        assert_report(place / ".out.ccdproc-darks" / "new", "new")
        write(place / "another")
        with pytest.raises(FileExistsError, match="in the way"):
            write(place / "out")
        assert_report(place / ".out.ccdproc-darks" / "new", "new")

    def test_where_the_earlier_report_cannot_be_put_back(self, old, monkeypatch, caplog):
        def meanwhile():
            def fail(path, target):
                if path != old:
                    raise OSError(errno.EIO, "Input/output error", str(path))
                rename(path, target)

            rename = Path.rename
            monkeypatch.setattr(Path, "rename", fail)

        monkeypatch.setattr(_new_folder, "exchange", lambda one, other: False)
        with pytest.raises(FileExistsError, match="out was not written"):
            write(old, meanwhile=meanwhile, overwrite=True)
        monkeypatch.undo()
        assert re.search(r"the earlier report is in .*darks.former", caplog.text)
        with pytest.raises(FileExistsError, match="in the way"):
            write(old, overwrite=True)
        assert_report(old.parent / ".out.ccdproc-darks" / "former", "old")
        assert_report(old.parent / ".out.ccdproc-darks" / "new", "new")

    @pytest.mark.parametrize("text", ["library", ""])
    def test_errors_of_other_classes_are_named(self, out, text):
        class OtherError(OSError):
            def __init__(self, number, text):
                super().__init__(number, text)

        with pytest.raises(OSError, match=r"^out cannot be written: "), named_errors("out"):
            raise OtherError(errno.EIO, text)


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("mode", [0o700, 0o2770, 0o755])
@pytest.mark.parametrize("empty", [True, False])
def test_permissions_stay(out, mode, empty):
    if empty:
        out.mkdir(parents=True)
    else:
        write(out, "old")
    out.chmod(mode)
    write(out, overwrite=True)
    assert stat.S_IMODE(out.stat().st_mode) == mode


def test_a_log_that_fails(old, monkeypatch):
    """Nothing is left to do when it is told."""

    class Broken(logging.Handler):
        def handle(self, record):
            raise RuntimeError(record.getMessage())

    monkeypatch.setattr(_new_folder._log, "handlers", [Broken()])
    hidden = old.parent / ".out.ccdproc-darks"
    hidden.mkdir()
    Claim(hidden, note={"place": "out"}).leave()
    old.rename(hidden / "former")
    with pytest.raises(RuntimeError, match="was killed while it wrote this"):
        write(old.with_name("other"))
    assert names_in(old.parent) == ["out"]
    assert_report(old, "old")


def test_control_characters_are_not_logged(out, caplog):
    hidden = out.parent / ".o\x1but.ccdproc-darks"
    hidden.mkdir(parents=True)
    Claim(hidden, note={"place": "o\x1but"}).leave()
    write(out)
    assert r"o\x1but: process" in caplog.text
    assert "\x1b" not in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("how", ["error", "end"])
def test_a_process_forked_in_the_block(out, how):
    """Leaves the folder to its parent."""

    def meanwhile():
        nonlocal child
        child = os.fork()
        if child == 0 and how == "error":
            raise RuntimeError("in the child")
        if child:
            assert os.waitpid(child, 0)[1] == 0

    parent, child = os.getpid(), None
    try:
        write(out, meanwhile=meanwhile)
    except (RuntimeError, OSError) as error:
        if os.getpid() != parent:
            os._exit(0 if str(error) == "in the child" or "of which this one was forked" in str(error) else 1)
        raise
    finally:
        if os.getpid() != parent:
            os._exit(2)
    assert_report(out, "new")
    assert names_in(out.parent) == ["out"]


class TestTwoAtOnce:
    def test_the_second_is_told_at_once(self, out):
        with pytest.raises(
            ClaimedError, match=rf"out is being written by process {os.getpid()} on .* now: wait for it"
        ):
            write(out, meanwhile=lambda: write(out))
        assert names_in(out.parent.parent) == []

    @pytest.mark.skipif(_claim.fcntl is None, reason="locks of POSIX")
    def test_on_a_file_system_without_locks(self, out, monkeypatch):
        def flock(handle, how):
            raise OSError(errno.ENOLCK, "No locks available")

        def second():
            for name, match in (
                ("out", r"is being written.*if it no longer runs, remove .*\.out\.ccdproc"),
                ("two", ""),
            ):
                with pytest.raises(ClaimedError, match=match) if match else nullcontext():
                    write(out.with_name(name))

        monkeypatch.setattr(_claim.fcntl, "flock", flock)
        write(out, meanwhile=second)
        assert_report(out, "new")
        assert_report(out.with_name("two"), "new")
        assert names_in(out.parent) == ["out", "two"]

    def test_the_first_goes_on(self, out):
        def second():
            with pytest.raises(ClaimedError, match="is being written"):
                write(out, overwrite=True)

        write(out, meanwhile=second)
        assert_report(out, "new")

    def test_others_beside_it_go_on(self, out):
        write(out, "first", meanwhile=lambda: write(out.with_name("second"), "second"))
        assert_report(out, "first")
        assert_report(out.with_name("second"), "second")
        assert names_in(out.parent) == ["out", "second"]


class TestKilled:
    def left(self, out, former):
        """What a process that was killed between two renames left."""
        hidden = out.parent / ".out.ccdproc-darks"
        hidden.mkdir(parents=True)
        Claim(hidden, note={"place": "out", "pid": 12345}).leave()
        (hidden / "new").mkdir()
        (hidden / "new" / "half").touch()
        if former:
            (hidden / "former").mkdir()
            fill(hidden / "former", "old")
        return hidden

    def test_the_next_run_beside_it_cleans_up(self, out, caplog):
        self.left(out, former=False)
        write(out.with_name("other"))
        assert names_in(out.parent) == ["other"]
        assert re.search("out: process 12345 was killed while it wrote this; what it left is removed", caplog.text)

    def test_the_earlier_report_is_put_back_and_counts(self, out, caplog):
        self.left(out, former=True)
        with pytest.raises(FileExistsError, match="out is there already"):
            write(out)
        assert_report(out, "old")
        assert names_in(out.parent) == ["out"]
        assert "the earlier report is put back" in caplog.text

    def test_the_earlier_report_beside_another(self, out, caplog):
        self.left(out, former=True)
        out.mkdir()
        (out / "mine").touch()
        write(out.with_name("other"))
        assert names_in(out) == ["mine"]
        assert_report(out.with_name("out-former"), "old")

    @pytest.mark.parametrize("noted", [False, True])
    def test_as_it_began(self, out, caplog, noted):
        hidden = out.parent / ".out.ccdproc-darks"
        hidden.mkdir(parents=True)
        if noted:
            (hidden / "lock").touch()
            # Another process makes it just now, as far as one can see.
            write(out.with_name("other"))
            assert caplog.text == ""
        write(out)
        assert_report(out, "new")
        assert "out: a process was killed while it wrote this; what it left is removed" in caplog.text
        assert not hidden.exists()

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes that it forks")
    @pytest.mark.parametrize(
        ("name", "overwrite", "system", "least"),
        [
            ("SIGKILL", "new", "exchange", 20),
            ("SIGKILL", "overwrite", "exchange", 40),
            ("SIGKILL", "overwrite", "rename", 40),
            ("SIGTERM", "overwrite", "exchange", 40),
            ("SIGINT", "new", "exchange", 20),
            ("SIGINT", "overwrite", "rename", 40),
        ],
    )
    def test_at_each_file_operation(self, tmp_path, name, overwrite, system, least):
        """The checks are in killed.py. Ctrl-C is pressed four times."""
        arguments = [sys.executable, Path(__file__).with_name("killed.py"), tmp_path, name, overwrite, system]
        done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        assert int(done.stdout) >= least


def test_a_signal_while_it_is_put_in_place(old, monkeypatch):
    """Comes through when the new folder is there, and is known as written."""
    exchange = _new_folder.exchange

    def interrupted(one, other):
        signal.raise_signal(signal.SIGINT)
        return exchange(one, other)

    monkeypatch.setattr(_new_folder, "exchange", interrupted)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        write(old, overwrite=True)
    assert_report(old, "new")
    assert names_in(old.parent) == ["out"]
    assert WRITTEN[-1] == old
