"""A folder of raw frames with overscan: what the report cuts off, and what it says of it."""

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import dark_rate, master_bias
from ccdproc_darks.cli.command import main
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder
from ccdproc_darks.report.trimmed_group import trimmed_group

pytestmark = pytest.mark.usefixtures("blank_pictures")

READ_NOISE = 8.0
COLUMNS = {"BIASSEC": "[1:32, 1:128]", "TRIMSEC": "[33:160, 1:128]"}
ROWS = {"BIASSEC": "[1:150,101:120]", "DATASEC": "[5:146,1:100]"}


def write(folder, shape, sections, *, rate=0.01, gain=1.5, level=1000.0, plan=((0, 8), (300, 4), (1000, 4)), **keys):
    """Frames of a camera, of which only the measured part collects dark current."""
    rng = np.random.default_rng(3)
    rows, columns = (sections.get("TRIMSEC") or sections.get("DATASEC")).strip("[]").split(",")[::-1]
    part = tuple(slice(int(one.split(":")[0]) - 1, int(one.split(":")[1])) for one in (rows, columns))
    for seconds, number in plan:
        for index in range(number):
            electrons = rng.normal(0, READ_NOISE, shape)
            electrons[part] += rng.poisson(rate * seconds, electrons[part].shape)
            values = np.rint(electrons / gain + level + rng.normal(0, 3)).astype("u2")
            meta = {"IMAGETYP": "Dark" if seconds else "Bias", "EXPTIME": float(seconds), "EGAIN": gain, **sections}
            CCDData(values, unit="adu", meta=meta | keys).write(folder / f"{seconds}_{index}.fits")
    return folder


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    return write(tmp_path_factory.mktemp("columns"), (128, 160), COLUMNS)


def measured(folder, **options):
    ((_, found),), failures, _ = measure_folder(folder, Options(**options))
    assert failures == []
    return found


class TestNumbers:
    """Rate and threshold of the image alone, by the sections of the headers."""

    def test_columns(self, columns):
        found = measured(columns)
        assert found.rate.shape == found.mask.shape == (128, 128)
        assert np.median(found.rate.data) == pytest.approx(0.01, abs=4e-4)
        assert found.bias.meta["DKRDNOI"] == pytest.approx(READ_NOISE * np.sqrt(1 + 1 / 32), rel=0.01)
        (note,) = [note for note in found.notes if "overscan" in note]
        assert note == (
            "Of each frame, the level of the overscan [1:32, 1:128] is taken off, and the image is trimmed to "
            "[33:160, 1:128] (BIASSEC and TRIMSEC in the headers): trim science frames in the same way before the mask "
            "is used. --overscan none --trim none measures all of it as it is."
        )
        as_it_is = measured(columns, overscan="none", trim="none")
        assert as_it_is.rate.shape == (128, 160)
        assert not any("overscan" in note for note in as_it_is.notes)

    def test_rows_of_another_camera(self, tmp_path):
        """The overscan at the top, edges of other pixels at the sides, and DATASEC in place of TRIMSEC."""
        write(tmp_path, (120, 150), ROWS, rate=0.05, gain=2.2, level=350.0, INSTRUME="camera B")
        found = measured(tmp_path)
        assert found.rate.shape == (100, 142)
        assert np.median(found.rate.data) == pytest.approx(0.05, rel=0.02)
        (note,) = [note for note in found.notes if "overscan" in note]
        assert "[1:150, 101:120] is taken off, and the image is trimmed to [5:146, 1:100] (BIASSEC and DATASEC" in note

    def test_equals_the_functions(self, columns):
        found = measured(columns)
        sections = {"overscan": "BIASSEC", "trim": "TRIMSEC"}
        bias = master_bias(sorted(columns.glob("0_*.fits")), **sections)
        darks = sorted(columns.glob("300_*.fits"))
        rate = dark_rate(darks, bias=bias, read_noise=bias.meta["DKRDNOI"] * u.electron, **sections)
        np.testing.assert_array_equal(found.rates[300.0].data, rate.data)

    def test_equals_frames_made_by_ccdproc(self, columns, tmp_path):
        """Rate and threshold of a folder of frames that ccdproc prepared."""
        for path in columns.glob("*.fits"):
            image = CCDData.read(path)
            image = ccdproc.subtract_overscan(image, fits_section=image.header["BIASSEC"])
            ccdproc.trim_image(image, fits_section=image.header["TRIMSEC"]).write(tmp_path / path.name)
        found, expected = measured(columns), measured(tmp_path)
        assert not any("overscan" in note for note in expected.notes)
        np.testing.assert_allclose(found.rate.data, expected.rate.data, atol=1e-6)
        assert found.mask.meta["DKTHRESH"] == pytest.approx(expected.mask.meta["DKTHRESH"], rel=1e-4)
        as_it_is = measured(columns, overscan="none", trim="none")
        assert np.median(as_it_is.rate.data) < 0.9 * np.median(found.rate.data)

    def test_without_bias_frames(self, tmp_path):
        write(tmp_path, (128, 160), COLUMNS, plan=[(300, 4), (1000, 4)])
        found = measured(tmp_path)
        assert np.median(found.rate.data) == pytest.approx(0.01, abs=1e-3)


class TestOptions:
    def test_sections_of_the_user(self, tmp_path):
        """Instead of those of the headers."""
        keys = {"BIASSEC": "[1:16, 1:128]", "TRIMSEC": "[17:160, 1:128]", "MYSEC": "[33:160, 1:128]"}
        write(tmp_path, (128, 160), keys)
        expected = measured(tmp_path, overscan="[1:32, :]", trim="[33:160, :]")
        assert expected.rate.shape == (128, 128)
        by_key = measured(tmp_path, overscan="[1:32, :]", trim="MYSEC")
        np.testing.assert_array_equal(by_key.rate.data, expected.rate.data)
        assert measured(tmp_path, trim="[41:160, :]").trimmed.overscan == "[1:16, 1:128]"
        assert measured(tmp_path, trim="none").trimmed.overscan is None
        assert measured(tmp_path, overscan="none").rate.shape == (128, 144)

    def test_of_the_command(self, columns, tmp_path, capsys):
        assert main(["report", str(columns), "-o", str(tmp_path / "out"), "--overscan", "none", "--trim", "none"]) == 0
        assert fits.getdata(tmp_path / "out" / "unknown_camera_160x128" / "mask.fits").shape == (128, 160)
        assert main(["report", str(columns), "-o", str(tmp_path / "cut")]) == 0
        assert "note: Of each frame, the level of the overscan [1:32, 1:128]" in capsys.readouterr().out
        assert "overscan: '[1:32, 1:128]'" in (tmp_path / "cut" / "summary.ecsv").read_text()
        assert "level of the overscan [1:32, 1:128]" in (tmp_path / "cut" / "report.html").read_text()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--overscan", "[1:400, :]"], "overscan is [1:400,:], outside the image: its columns are 1 to 160"),
            (["--trim", "NOSEC"], "has no key 'NOSEC' in its header"),
            (["--trim", "[a:b]"], "trim must be a FITS section of columns and rows"),
            (["--overscan", "[1:40, :]"], "overlap"),
        ],
    )
    def test_wrong(self, columns, tmp_path, capsys, options, message):
        assert main(["report", str(columns), "-o", str(tmp_path / "out"), *options]) != 0
        assert message in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


class TestDoubt:
    """Sections that cannot be used are told, and nothing is cut off."""

    def told(self, folder, **keys):
        paths = sorted(folder.glob("*.fits"))
        for path in paths[-1:] if keys.pop("of_one", False) else paths:
            with fits.open(path, mode="update") as hdus:
                hdus[0].header.update(keys)
        (group,), _ = find_groups(folder)
        return trimmed_group(group)

    @pytest.fixture
    def folder(self, tmp_path):
        return write(tmp_path, (24, 30), {"TRIMSEC": "[1:30, 1:24]"}, plan=[(0, 2), (300, 2)])

    def test_all_of_the_image(self, folder):
        """As many cameras write it."""
        found = self.told(folder)
        assert (found.overscan, found.trim, found.notes) == (None, None, [])

    @pytest.mark.parametrize(
        ("keys", "doubt"),
        [
            ({"BIASSEC": "[1:4,1:24]", "TRIMSEC": "[5:34,1:24]"}, "TRIMSEC is [5:34,1:24], outside the image"),
            ({"BIASSEC": "[31:34,1:24]", "TRIMSEC": "[5:30,1:24]"}, "BIASSEC is [31:34,1:24], outside the image"),
            ({"BIASSEC": "[1:5,1:24]", "TRIMSEC": "[5:30,1:24]"}, "overlap"),
            ({"TRIMSEC": "[0:30,1:24]"}, "no FITS section"),
        ],
    )
    def test_wrong(self, folder, keys, doubt):
        found = self.told(folder, **keys)
        assert found.group.darks[0].file.shape == (24, 30)
        assert (found.overscan, found.trim) == (None, None)
        (note,) = found.notes
        assert note.startswith("The header of 300_0.fits (and 3 more) is not followed, nothing is cut off: ")
        assert doubt in note
        assert "--overscan SECTION" in note

    def test_a_header_without_sections(self, folder):
        """It disagrees with none."""
        found = self.told(folder, of_one=True, TRIMSEC="")
        assert found.notes == []
        for path in folder.glob("*_1.fits"):
            with fits.open(path, mode="update") as hdus:
                del hdus[0].header["TRIMSEC"]
        for path in folder.glob("*_0.fits"):
            with fits.open(path, mode="update") as hdus:
                hdus[0].header["TRIMSEC"] = "[5:30,1:24]"
        (group,), _ = find_groups(folder)
        found = trimmed_group(group)
        assert {frame.file.shape for frame in (*found.group.darks, *found.group.biases)} == {(24, 26)}

    def test_headers_that_disagree(self, folder):
        found = self.told(folder, of_one=True, TRIMSEC="[5:30,1:24]")
        assert found.group.darks[0].file.shape == (24, 30)
        (note,) = found.notes
        assert note.startswith("Nothing is cut off, as headers disagree: ")
        assert "TRIMSEC [5:30, 1:24]" in note
