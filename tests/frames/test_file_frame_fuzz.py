"""Damaged files and folders: those that once were read wrongly, and some hundred new ones.

``python scripts/fuzz_frames.py`` tries as many as there is time for.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy import log

from . import fuzz

CORPUS = [
    json.loads(line)
    for path in sorted((Path(__file__).parent / "corpus").glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]


@pytest.fixture(autouse=True)
def quiet():
    """Without the remarks of astropy on broken headers."""
    with warnings.catch_warnings(), log.log_to_list():
        warnings.simplefilter("ignore")
        level = log.level
        log.setLevel("ERROR")
        yield
        log.setLevel(level)


def check(steps, folder):
    if isinstance(steps[0], str):
        path = folder / "tried.fits"
        path.write_bytes(fuzz.content_of(steps))
        return fuzz.check_file(path)
    fuzz.make_folder(folder, steps)
    return fuzz.check_folder(folder)


@pytest.mark.parametrize("steps", CORPUS, ids=range(len(CORPUS)))
def test_found_before(steps, tmp_path):
    assert check(steps, tmp_path) in ("accepted", "refused")


@pytest.mark.parametrize("name", fuzz.SOUND)
def test_sound_files_are_accepted(name, tmp_path):
    assert check([name], tmp_path) == "accepted"


def test_drawn(tmp_path):
    rng, outcomes = np.random.default_rng(15), []
    for _ in range(150):
        outcomes.append(check(fuzz.recipe(rng), tmp_path))
    assert {outcomes.count("accepted") > 20, outcomes.count("refused") > 20} == {True}


def test_drawn_folders(tmp_path):
    rng = np.random.default_rng(16)
    for number in range(10):
        (tmp_path / str(number)).mkdir()
        assert check(fuzz.folder_recipe(rng), tmp_path / str(number)) == "accepted"


@pytest.mark.parametrize("damage", ["values", "header", "exception"])
def test_the_check_finds_something(damage, tmp_path, monkeypatch):
    """A reader that is wrong is found out."""
    really = fuzz.FileFrame

    def wrong(path):
        frame = really(path)
        if damage == "exception":
            raise OSError("no name of a file")
        if damage == "header":
            frame.header["EXTRA"] = frame.header["EXPTIME"] = 7.0
        else:
            rows = frame.rows
            monkeypatch.setattr(frame, "rows", lambda block: _changed(rows(block)))
        return frame

    monkeypatch.setattr(fuzz, "FileFrame", wrong)
    reason = {
        "values": "other values",
        "header": "EXPTIME is 7.0, astropy has 100.0",
        "exception": "no name of the file",
    }
    with pytest.raises(fuzz.Finding, match=reason[damage]):
        check(["u2"], tmp_path)


def _changed(samples):
    samples.values[0, 0] += 1
    return samples
