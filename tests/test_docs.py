"""Pages of the documentation that name files of the source."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Of the checkout: the source of the compiled loops is not installed.
PACKAGE = ROOT / "ccdproc_darks"


@pytest.mark.parametrize("page", ["docs/architecture.rst", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(page):
    named = set(re.findall(r"`([\w./]+\.(?:py|pyx|rst|toml))`", (ROOT / page).read_text(encoding="utf-8")))
    assert named
    assert {name for name in named if not any((folder / name).is_file() for folder in (PACKAGE, ROOT))} == set()
