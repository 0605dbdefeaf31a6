"""What tests of several wings ask for."""

from functools import partial

import pytest


@pytest.fixture
def pixels_per_block(monkeypatch):
    """A function that sets how many pixels a block has at most, so that small images are cut in many."""
    return partial(monkeypatch.setattr, "ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK")
