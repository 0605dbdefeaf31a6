"""Signals that ask to stop."""

import signal
import sys
import threading
import weakref

import pytest

from ccdproc_darks._interface.disk import signals as _signals
from ccdproc_darks._interface.disk.signals import Stopped, stopped_by_signals, uninterrupted

NAMES = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.fixture
def send():
    before = {name: signal.getsignal(getattr(signal, name)) for name in NAMES}
    yield lambda name: signal.raise_signal(getattr(signal, name))
    assert before == {name: signal.getsignal(getattr(signal, name)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_stopped(send, name):
    with pytest.raises(Stopped, match=str(int(getattr(signal, name)))) as stopped, stopped_by_signals():
        send(name)
    assert stopped.value.status == 128 + getattr(signal, name)


def test_a_second_one_soon_is_ignored_and_a_late_one_is_not(send, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(_signals.time, "monotonic", lambda: now[0])
    with stopped_by_signals():
        with pytest.raises(Stopped, match="2"):
            send("SIGINT")
        now[0] += 1.9
        send("SIGINT")
        send("SIGTERM")
        now[0] += 0.2
        with pytest.raises(Stopped, match="15"):
            send("SIGTERM")


def test_what_is_ignored_stays_so(send):
    """As in the background of a shell, or with nohup."""
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stopped_by_signals():
            send("SIGINT")
    finally:
        signal.signal(signal.SIGINT, former)


def put_off(send, *names):
    done = []

    def work():
        with uninterrupted():
            for name in names:
                send(name)
            done.append("all")

    return work, done


def test_put_off(send):
    work, done = put_off(send, "SIGINT", "SIGINT")
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        work()
    assert done == ["all"]


def test_put_off_in_the_command(send):
    work, done = put_off(send, "SIGTERM", "SIGINT")
    with pytest.raises(Stopped, match="15"), stopped_by_signals():
        work()
    assert done == ["all"]


def test_an_error_does_not_lose_a_signal(send):
    """The error is still seen, as what was handled when the signal was."""

    def broken():
        with uninterrupted():
            send("SIGTERM")
            raise ValueError("broken")

    with pytest.raises(Stopped, match="15") as stopped, stopped_by_signals():
        broken()
    assert str(stopped.value.__context__) == "broken"


def test_an_error_alone(send):
    with pytest.raises(ValueError, match="broken"), stopped_by_signals(), uninterrupted():
        raise ValueError("broken")


def test_in_a_finalizer(send, capsys):
    """Python goes on after an exception there: it is raised again after the next step that is not interrupted."""

    class Thing:
        pass

    before, done = sys.unraisablehook, []
    with stopped_by_signals():
        thing = Thing()
        weakref.finalize(thing, send, "SIGTERM")
        del thing
        done.append("goes on")
        with pytest.raises(Stopped, match="15"), uninterrupted():
            done.append("step")
        with uninterrupted():
            done.append("once")
    assert done == ["goes on", "step", "once"]
    assert sys.unraisablehook is before
    assert capsys.readouterr().err == ""


def test_another_error_in_a_finalizer_is_told(send, monkeypatch):
    class Thing:
        pass

    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(str(unraisable.exc_value)))
    with stopped_by_signals():
        thing = Thing()
        weakref.finalize(thing, int, "no number")
        del thing
    assert len(told) == 1


def test_nothing_happens(send):
    with stopped_by_signals(), uninterrupted():
        pass


def test_in_another_thread(send):
    """Only the main thread may set handlers."""
    done = []

    def work():
        with stopped_by_signals(), uninterrupted():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGINT)]
