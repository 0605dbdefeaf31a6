"""What tests of several wings ask for."""

import math
from functools import partial

import pytest


def _one_blank_picture(measured):
    from matplotlib.figure import Figure

    from ccdproc_darks.report.pictures import Picture

    title = measured.group.title
    yield Picture("blank", "A blank picture", f"Of {title}.", f"Nothing of {title}.", Figure(figsize=(0.5, 0.5)))


@pytest.fixture(scope="module")
def blank_pictures():
    """Reports that the tests of a module write have one blank picture: all of them cost more than small frames."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ccdproc_darks.report.run.draw_all", _one_blank_picture)
        yield


@pytest.fixture
def real_pictures(monkeypatch):
    """The reports of a test have all pictures, where those of its module have `blank_pictures`."""
    from ccdproc_darks.report.pictures import draw_all

    monkeypatch.setattr("ccdproc_darks.report.run.draw_all", draw_all)


@pytest.fixture
def pixels_per_block(monkeypatch):
    """A function that sets how many pixels a block has at most, so that small images are cut in many."""
    return partial(monkeypatch.setattr, "ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK")


@pytest.fixture(scope="session", autouse=True)
def no_lines_of_progress():
    """What a log gets must not depend on how fast the computer is: nothing, but where a test asks for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ccdproc_darks.cli.shown_progress._BRIEF", math.inf)
        yield
