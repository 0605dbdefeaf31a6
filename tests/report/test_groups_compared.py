"""Several groups of one camera, in one table."""

import re

import pytest
from astropy import units as u

from ccdproc_darks.report.groups_compared import compared_cameras
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report

from .conftest import page_text, write_frames

pytestmark = pytest.mark.usefixtures("blank_pictures")

SMALL = {"shape": (40, 50), "hot_fraction": 0.02}


@pytest.fixture(scope="module")
def warm_and_cold(tmp_path_factory):
    """A camera at -20 and at -8 deg C, whose dark current doubles with each 6 degrees."""
    folder = tmp_path_factory.mktemp("frames")
    write_frames(folder, [(0, 5), (300, 3)], **SMALL)
    warm = {"temperature": -8 * u.deg_C, "rate": 0.8 * u.electron / u.s}
    write_frames(folder, [(0, 5), (300, 3)], prefix="warm_", seed=1, **SMALL, **warm)
    out = folder / "out"
    results, _, _ = make_report(folder, out, Options())
    return out, results


def test_the_doubling_temperature(warm_and_cold):
    _, results = warm_and_cold
    (camera,) = compared_cameras(results)
    value, error = (one.to_value("K") for one in camera.doubling)
    assert abs(value - 6) < 3 * error
    assert re.fullmatch(
        r"The dark current of a typical pixel doubles every \d\.\d+ ± 0\.\d+ K, if the headers .*", camera.sentence
    )
    (picture,) = camera.draw(1)
    assert picture.name == "temperature_1"
    assert len(picture.figure.axes[0].lines) > 0
    assert compared_cameras(results[:1]) == []


def test_page_has_the_table_and_the_figure(warm_and_cold):
    out, _ = warm_and_cold
    page = page_text(out / "report.html")
    begin = page[: page.index('<h2 id="group-1">')]
    assert "2 groups of frames" in begin
    assert 'href="#group-1">-20.0 °C</a>' in begin
    assert 'href="#group-2">-8.0 °C</a>' in begin
    assert "doubles every" in begin
    assert (out / "figures" / "temperature_1.png").is_file()


def test_equal_temperatures_tell_no_doubling(warm_and_cold):
    _, results = warm_and_cold
    (camera,) = compared_cameras([results[0], results[0]])
    assert camera.doubling is None
    assert camera.sentence == ""
    assert list(camera.draw(1)) == []
