"""Bad inputs: each ends in a clear error, a warning, or a right result. The table is in tests/bad_inputs."""

from pathlib import Path

import pytest

import ccdproc_darks

from .bad_inputs.page import page
from .bad_inputs.table import ROWS
from .bad_inputs.trial import tried

PAGE = Path(__file__).parents[1] / "docs" / "bad_inputs.rst"


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_row(row, tmp_path):
    verdict = tried(row, tmp_path)
    assert verdict.kind == "as wanted", f"{row.tried}: {verdict.text}"


def test_names_are_different():
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_all_functions_are_tried():
    from ccdproc_darks import planning, temperature

    names = {name for name in ccdproc_darks.__all__ if not name.endswith(("Warning", "_FLAGS", "Limit"))}
    names |= {f"planning.{name}" for name in planning.__all__} | {f"temperature.{name}" for name in temperature.__all__}
    names |= {f"ccdproc-darks {command}" for command in ("report", "demo", "simulate")}
    assert names <= {row.function for row in ROWS}


def test_page_is_up_to_date():
    """Written by ``python -m tests.bad_inputs --page docs/bad_inputs.rst``."""
    assert PAGE.read_text(encoding="utf-8") == page()
