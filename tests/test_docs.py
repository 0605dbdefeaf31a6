"""Pages of the documentation: files of the source that they name, and lines that are to be copied."""

import re
import textwrap
from pathlib import Path

import ccdproc
import pytest
from astropy import units as u

from ccdproc_darks import DarkSequence, Sensor, dark_rate, master_bias, master_dark, plotting

ROOT = Path(__file__).parents[1]
# Of the checkout: the source of the compiled loops is not installed.
PACKAGE = ROOT / "ccdproc_darks"


@pytest.mark.parametrize("page", ["docs/architecture.rst", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(page):
    named = set(re.findall(r"`([\w./]+\.(?:py|pyx|rst|toml))`", (ROOT / page).read_text(encoding="utf-8")))
    assert named
    assert {name for name in named if not any((folder / name).is_file() for folder in (PACKAGE, ROOT))} == set()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_picture_of_the_readme_is_small():
    assert (ROOT / "docs/_static/result.png").stat().st_size < 150_000


def test_the_gallery_has_a_picture_of_each_plotting_function():
    page = (ROOT / "docs/gallery.rst").read_text(encoding="utf-8")
    assert [name for name in plotting.__all__ if f"`~ccdproc_darks.plotting.{name}`" not in page] == []
    scripts = {path.name for path in (ROOT / "docs/gallery").glob("*.py")}
    assert set(re.findall(r"plot:: gallery/(\w+\.py)", page)) == scripts


def test_the_night_in_three_lines(tmp_path):
    """The lines for those who have no time run as they stand, on the files of another camera."""
    page = (ROOT / "docs/night.rst").read_text(encoding="utf-8")
    block = re.search(r"In three lines.*?\.\. code-block:: python\n\n(.*?)\n\n", page, re.DOTALL)[1]
    lines = textwrap.dedent(block)
    assert len(lines.splitlines()) == 3
    sensor = Sensor(shape=(40, 50), rate=2 * u.electron / u.s, read_noise=5 * u.electron, bias=500 * u.adu)
    DarkSequence(sensor, [(9, 0 * u.s), (5, 90 * u.s), (5, 600 * u.s), (1, 300 * u.s)], rng=1).write(tmp_path / "night")
    frames = ccdproc.ImageFileCollection(tmp_path / "night")
    bias = master_bias(frames.filter(imagetyp="Bias Frame"))
    (science,) = frames.filter(imagetyp="Dark Frame", exptime=300).ccds()
    names = {
        "darks": frames.filter(imagetyp="Dark Frame"), "bias": bias, "science": ccdproc.subtract_bias(science, bias),
        "dark_rate": dark_rate, "master_dark": master_dark, "ccdproc": ccdproc, "u": u,
    }  # fmt: skip
    exec(lines, names)
    reduced = names["reduced"]
    assert reduced.unit == u.adu
    assert abs(reduced.data[~reduced.mask].mean()) < 1
