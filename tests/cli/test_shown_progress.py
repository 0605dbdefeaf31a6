"""Progress on a terminal, in a notebook and in a log."""

import io
import re
import sys
import threading

import pytest

from ccdproc_darks._interface.progress import Progress, current_progress
from ccdproc_darks.cli import main, shown_progress
from ccdproc_darks.cli.printed import print_lines, tell_error
from ccdproc_darks.cli.shown_progress import Line, Log


class Clock:
    """Tells the time that it is given (s)."""

    now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    """Has no size, so that 80 columns are used."""

    def isatty(self):
        return True


@pytest.fixture
def progress():
    return Progress()


@pytest.fixture
def clock():
    return Clock()


class TestLine:
    """One line that changes."""

    @pytest.fixture
    def line(self, progress, clock):
        return Line(progress, Terminal(), clock)

    @staticmethod
    def last(line):
        return line._stream.getvalue().rpartition("\r")[2]

    def test_it_tells_what_and_how_far(self, line, progress, clock):
        line.look()
        assert self.last(line) == "[----------]   0 % 0:00 starting"
        progress.begin("camera, -10 C", 2, after=2)
        with progress.within():
            progress.begin("30 s", 1, after=1)
            progress.tell(0.5)
            clock.now += 61
            line.look()
        assert self.last(line) == "[#---------]  12 % 1:01 camera, -10 C: 30 s"
        progress.begin("page", 2)
        clock.now += 3600
        line.look()
        # What was longer before is overwritten.
        assert self.last(line).rstrip() == "[#####-----]  50 % 1:01:01 page"
        assert len(self.last(line)) == len("[#---------]  12 % 1:01 camera, -10 C: 30 s")

    def test_the_time_goes_on(self, line, progress, clock):
        progress.begin("page")
        for _ in range(3):
            line.look()
            clock.now += 1
        assert line._stream.getvalue().count("\r") == 3
        assert self.last(line) == "[----------]   0 % 0:02 page"

    def test_it_is_gone_in_the_end(self, line, progress):
        progress.begin("page")
        line.look()
        line.clear()
        *_, written, blank, rest = line._stream.getvalue().split("\r")
        assert (blank, rest) == (" " * len(written), "")
        line.clear()
        assert line._stream.getvalue().endswith(f"{blank}\r")

    def test_a_long_name_leaves_what_is_being_done(self, line, progress):
        progress.begin("a camera of a very long name, 4096 x 4096 pixels, binned 2x2, -10 C", 1)
        with progress.within():
            progress.begin("all exposure times", 1)
            line.look()
        assert self.last(line) == "[----------]   0 % 0:00 a camera of a very long name, 40...: all exposure times"
        assert len(self.last(line)) == 79

    def test_wide_and_control_characters(self, line, progress):
        progress.begin("\u6697" * 60 + "\x1b[31m\n")
        line.look()
        assert self.last(line) == "[----------]   0 % 0:00 " + "\u6697" * 27
        progress.begin("\x1b[31m\n")
        line.look()
        assert self.last(line).rstrip() == r"[##########] 100 % 0:00 \x1b[31m\n"

    def test_rounded_down(self, line, progress):
        progress.begin("a")
        progress.tell(0.9999)
        line.look()
        assert self.last(line) == "[#########-]  99 % 0:00 a"


class TestLog:
    """Lines, and no control characters."""

    @pytest.fixture(autouse=True)
    def as_for_users(self, monkeypatch):
        monkeypatch.setattr(shown_progress, "_BRIEF", 5.0)

    @pytest.fixture
    def log(self, progress, clock):
        return Log(progress, io.StringIO(), clock)

    def test_stages_and_what_lasts(self, log, progress, clock):
        progress.begin("reading headers", 1, after=9)
        for _ in range(16):
            log.look()
            clock.now += 0.25
        assert log._stream.getvalue() == ""
        clock.now += 1
        log.look()
        progress.begin("fit\x07", 9)
        for number in range(280):
            clock.now += 0.25
            progress.tell(number / 280)
            log.look()
        log.end()
        assert log._stream.getvalue().splitlines() == [
            "ccdproc-darks: 0:05, 0 %: reading headers",
            r"ccdproc-darks: 0:10, 16 %: fit\x07",
            "ccdproc-darks: 0:40, 54 %: fit\\x07",
            "ccdproc-darks: 1:10, 93 %: fit\\x07",
            "ccdproc-darks: 1:15, 99 %: done",
        ]

    def test_what_is_short_is_silent(self, log, progress, clock):
        progress.begin("fit")
        clock.now += 4.9
        log.look()
        log.end()
        log.clear()
        assert log._stream.getvalue() == ""


class TestShown:
    """While the command runs."""

    @pytest.fixture(autouse=True)
    def often(self, monkeypatch):
        monkeypatch.setattr(shown_progress, "_OFTEN", 0.001)

    @pytest.fixture
    def looked(self, monkeypatch):
        """Set after each look."""
        event = threading.Event()
        for display in (Line, Log):

            def look(self, look=display.look):
                look(self)
                event.set()

            monkeypatch.setattr(display, "look", look)
        return event

    @staticmethod
    def wait(event):
        event.clear()
        assert event.wait(10)

    @pytest.mark.parametrize("name", ["terminal", "ipykernel.iostream"])
    def test_where_a_line_can_change(self, looked, name, monkeypatch):
        stream = Terminal()
        if name != "terminal":
            stream = type("OutStream", (io.StringIO,), {"__module__": name})()
        monkeypatch.setenv("TERM", "xterm")
        with shown_progress.shown_progress(stream):
            current_progress().begin("fit")
            self.wait(looked)
            self.wait(looked)
        assert "\r[----------]   0 % 0:00 fit" in stream.getvalue()
        assert stream.getvalue().endswith(" \r")
        assert [thread.name for thread in threading.enumerate() if thread.name == "progress"] == []

    def test_a_terminal_that_cannot(self, looked, monkeypatch):
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr(shown_progress, "_BRIEF", 0.0)
        stream = Terminal()
        with shown_progress.shown_progress(stream):
            current_progress().begin("fit")
            self.wait(looked)
            self.wait(looked)
        assert stream.getvalue() == "ccdproc-darks: 0:00, 0 %: fit\nccdproc-darks: 0:00, 100 %: done\n"

    def test_after_an_error(self, looked, monkeypatch):
        monkeypatch.setenv("TERM", "xterm")
        stream = Terminal()

        def stopped():
            with shown_progress.shown_progress(stream):
                self.wait(looked)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            stopped()
        assert stream.getvalue().endswith(" \r")

    def test_quiet(self, monkeypatch):
        monkeypatch.setattr(shown_progress, "_BRIEF", 0.0)
        stream = Terminal()
        with shown_progress.shown_progress(stream, quiet=True):
            current_progress().begin("fit")
            assert current_progress().share == 0.0
        assert stream.getvalue() == ""

    def test_what_is_printed_meanwhile(self, looked, monkeypatch):
        """The line is out of its way, and there again."""
        monkeypatch.setenv("TERM", "xterm")
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(sys, "stdout", stream)
        with shown_progress.shown_progress():
            self.wait(looked)
            self.wait(looked)
            tell_error("something is left")
            print_lines(["a result"])
            self.wait(looked)
        for line in ("ccdproc-darks: something is left", "a result"):
            assert re.search(f"[\r\n]{line}\n", stream.getvalue())

    def test_of_the_command(self, looked, monkeypatch, tmp_path):
        monkeypatch.setattr(shown_progress, "_BRIEF", 0.0)
        simulate = ["simulate", "--preset", "aspen-cg16m", "--exposures", "2x30", "--size", "8"]
        for name, more in (("told", []), ("quiet", ["--quiet"])):
            stream = io.StringIO()
            monkeypatch.setattr(sys, "stderr", stream)
            assert main([*simulate, str(tmp_path / name), *more]) == 0
            assert stream.getvalue().endswith("100 %: done\n") == (name == "told")
