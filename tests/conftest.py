"""What tests of several wings ask for."""

import math
from functools import partial

import pytest


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
