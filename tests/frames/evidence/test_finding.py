"""The result of one check."""

import pytest

from ccdproc_darks.frames.evidence.finding import VERDICTS, Finding, Told


@pytest.mark.parametrize(("verdict", "doubt"), list(zip(VERDICTS, (False, True, True, False), strict=True)))
def test_what_the_user_is_warned_of(verdict, doubt):
    assert Finding("gain", verdict, "so it is").is_doubt == doubt


def test_who_told():
    assert Told(2.0, "argument").is_given
    assert not Told(2.0, "EGAIN").is_given
