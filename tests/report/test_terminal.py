"""Progress on a terminal."""

from ccdproc_darks.report import terminal
from ccdproc_darks.report.terminal import Steps


class Bar:
    """Notes what is shown."""

    def __init__(self):
        self.shown, self.steps = [], 0

    def update(self):
        self.steps += 1

    def set_description(self, text):
        self.shown.append(text)


def test_steps_and_what_is_done_of_them(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    bar = Bar()
    step = Steps(bar, "camera, -10 C")
    step("30 s")
    step.tell(0.1)
    now[0] += 1.0
    step.tell(0.5)
    step.tell(0.6)
    step("mask")
    assert bar.shown == ["camera, -10 C: 30 s", "camera, -10 C: 30 s, 50 %", "camera, -10 C: mask"]
    assert bar.steps == 2
