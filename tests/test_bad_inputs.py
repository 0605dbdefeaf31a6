"""Bad inputs: each ends in a clear error, a warning, or a right result. The table is in tests/bad_inputs."""

import warnings
from pathlib import Path

import pytest

import ccdproc_darks

from .bad_inputs import given
from .bad_inputs.page import page
from .bad_inputs.table import ROWS
from .bad_inputs.trial import tried
from .bad_inputs.wanted import Error, Named, NotUsed, Refused, Right, Row, Told, Warned

PAGE = Path(__file__).parents[1] / "docs" / "bad_inputs.rst"


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_row(row, tmp_path):
    if not row.is_possible:
        pytest.skip(f"only on {', '.join(row.systems)}")
    verdict = tried(row, tmp_path)
    assert verdict.kind == "as wanted", f"{row.tried}: {verdict.text}"


def test_names_are_different():
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_all_functions_are_tried():
    from ccdproc_darks import planning, plotting, temperature

    names = {
        name
        for name in ccdproc_darks.__all__
        if not name.endswith(("Warning", "_FLAGS", "_KINDS", "Limit", "MeasuredGain", "DarkScale", "Amplifier"))
    }
    names |= {f"planning.{name}" for name in planning.__all__} | {f"temperature.{name}" for name in temperature.__all__}
    names |= {f"plotting.{name}" for name in plotting.__all__}
    names |= {f"ccdproc-darks {command}" for command in ("report", "check", "compare", "mask", "demo", "simulate")}
    assert names <= {row.function for row in ROWS}


def test_page_is_up_to_date():
    """Written by ``python -m tests.bad_inputs --page docs/bad_inputs.rst``."""
    assert PAGE.read_text(encoding="utf-8") == page()


class TestJudge:
    """What the test of a row finds, and what it lets pass."""

    @staticmethod
    def kind(call, wanted, tmp_path, *, function="dark_rate", seconds=5.0):
        return tried(Row("name", "what is tried", function, call, wanted, seconds), tmp_path).kind

    @pytest.mark.parametrize(("wanted", "kind"), [
        (Error("ValueError", "darks", "empty"), "as wanted"),
        (Error("OSError|ValueError", "darks"), "as wanted"),
        (Error("ValueError", "frames"), "unclear error or traceback"),
        (Error("TypeError", "darks"), "unclear error or traceback"),
        (Warned("BiasWarning", "darks"), "unclear error or traceback"),
        (Right("Measured.", None), "unclear error or traceback"),
    ])  # fmt: skip
    def test_an_error(self, wanted, kind, tmp_path):
        assert self.kind(lambda call: call([]), wanted, tmp_path) == kind

    @pytest.mark.parametrize(("wanted", "kind"), [
        (Warned("BiasWarning", "no bias given"), "as wanted"),
        (Warned("BiasWarning", check=lambda found: found.meta["NCOMBINE"] == 4), "wrong result"),
        (Warned("NoiseWarning", "no bias given"), "accepted without a word"),
        (Warned("BiasWarning", "twice"), "accepted without a word"),
        (Error("ValueError", "bias"), "accepted without a word"),
        (Right("Measured.", lambda found: found.meta["NCOMBINE"] == 5), "as wanted"),
        (Right("Measured.", lambda found: found.meta["NOKEY"]), "wrong result"),
    ])  # fmt: skip
    def test_a_warning(self, wanted, kind, tmp_path):
        assert self.kind(lambda call: call(given.darks()), wanted, tmp_path) == kind

    @pytest.mark.parametrize(("wanted", "kind"), [
        (Refused("bad.fits", "empty"), "as wanted"),
        (Refused("bad.fits", status=2), "unclear error or traceback"),
        (Refused("truncated"), "unclear error or traceback"),
        (NotUsed("bad.fits"), "unclear error or traceback"),
        (Named("bad.fits"), "as wanted"),
    ])  # fmt: skip
    def test_a_command_that_fails(self, wanted, kind, tmp_path):
        (tmp_path / "night").mkdir()
        (tmp_path / "night" / "bad.fits").touch()
        found = self.kind(
            lambda call: call(call.folder / "night", "-o", call.out), wanted, tmp_path, function="ccdproc-darks report"
        )
        assert found == kind

    @pytest.mark.parametrize(("wanted", "kind"), [
        (NotUsed("bad.fits", "empty"), "as wanted"),
        (NotUsed("good.fits"), "accepted without a word"),
        (Told("8 darks", status=3), "accepted without a word"),
        (Named("good.fits"), "accepted without a word"),
        (Refused("bad.fits"), "accepted without a word"),
    ])  # fmt: skip
    def test_a_command_that_succeeds(self, wanted, kind, tmp_path):
        (given.folder(tmp_path) / "bad.fits").touch()
        found = self.kind(
            lambda call: call(call.folder / "night", "-o", call.out), wanted, tmp_path, function="ccdproc-darks report"
        )
        assert found == kind

    def test_a_hang(self, tmp_path):
        def endless(_):
            while True:
                pass

        assert self.kind(endless, Error("ValueError"), tmp_path, seconds=0.1) == "hangs"

    @pytest.mark.parametrize("harm", [
        lambda frames, folder: frames[0].data.fill(0),
        lambda frames, folder: frames[0].meta.update(EXPTIME=5.0),
        lambda frames, folder: (folder / "new").touch(),
        lambda frames, folder: (folder / "mine").unlink(),
        lambda frames, folder: (folder / "mine").write_text("other"),
        lambda frames, folder: warnings.simplefilter("ignore"),
    ])  # fmt: skip
    def test_harm(self, harm, tmp_path, monkeypatch):
        """A function that changes what it must not, and raises the right error."""

        def harmful(frames):
            harm(frames, tmp_path)
            raise ValueError("darks")

        (tmp_path / "mine").write_text("mine")
        monkeypatch.setattr(ccdproc_darks, "dark_rate", harmful)
        found = self.kind(lambda call: call(given.darks()), Error("ValueError", "darks"), tmp_path)
        assert found == "inputs, files or settings changed"
