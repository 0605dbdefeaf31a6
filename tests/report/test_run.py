"""From a folder of frames to a folder of results."""

import os
import re
import shutil
import time

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks.report import run
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import NothingMeasuredError, make_report

from .conftest import SHAPE, page_text, write_frames

pytestmark = pytest.mark.usefixtures("blank_pictures")


def test_files(report):
    out, results = report
    assert {path.name for path in out.iterdir()} == {"report.html", "summary.ecsv", "manifest.json", results[0][0]}
    written = {path.name for path in (out / results[0][0]).iterdir()}
    assert written == {
        "rate_all.fits", "rate_30s.fits", "rate_300s.fits", "significance.fits", "mask.fits", "master_bias.fits",
        "figures",
    }  # fmt: skip


def test_written_images_are_the_measured_ones(report):
    out, ((name, measured),) = report
    rate = CCDData.read(out / name / "rate_all.fits")
    np.testing.assert_array_equal(rate.data, measured.rate.data)
    np.testing.assert_array_equal(rate.uncertainty.array, measured.rate.uncertainty.array)
    mask = CCDData.read(out / name / "mask.fits")
    assert mask.data.dtype.kind == "u"
    np.testing.assert_array_equal(mask.data, measured.mask.data)
    np.testing.assert_array_equal(mask.mask, measured.mask.mask)


def test_an_existing_folder_is_not_touched(night, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match=re.escape(str(tmp_path))):
            make_report(night, tmp_path, Options(), overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_overwrite_replaces_an_earlier_report(tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    write_frames(frames, [(0, 3), (300, 2)])
    make_report(frames, tmp_path / "out", Options())
    first = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    make_report(frames, tmp_path / "out", Options(), overwrite=True, title="once more")
    assert "once more" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "once more" not in first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames", "out"]


def test_nothing_is_half_written(night, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(run, "page", fail)
    with pytest.raises(OSError, match="disk full"):
        make_report(night, tmp_path / "out", Options())
    assert list(tmp_path.iterdir()) == []


def test_read_noise_passes_between_groups_of_a_camera(tmp_path):
    from astropy.io import fits

    cold = write_frames(tmp_path, [(0, 5), (300, 2)])
    warm = write_frames(tmp_path, [(0, 1), (300, 1)], prefix="warm_", temperature=10 * u.deg_C, seed=1)
    for path in cold + warm:
        fits.delval(path, "RDNOISE")
    results, failures, _ = make_report(tmp_path, tmp_path / "out", Options())
    assert failures == []
    noises = {measured.rate.meta["DKRDNOI"] for _, measured in results}
    assert len(results) == 2
    assert len(noises) == 1


def test_own_results_among_the_frames_are_named(report):
    out, ((name, _),) = report
    with pytest.raises(NothingMeasuredError, match="no usable dark frames"):
        make_report(out / name, out.parent / "again", Options())


def test_a_file_for_a_folder(night, tmp_path):
    file = next(night.iterdir())
    with pytest.raises(NotADirectoryError, match=f"a file, not a folder: give its folder, {re.escape(str(night))}"):
        make_report(file, tmp_path / "out", Options())
    with pytest.raises(NotADirectoryError, match=f"cannot be made: .*{re.escape(file.name)} is a file"):
        make_report(night, file / "out", Options())


def test_no_folder(tmp_path):
    with pytest.raises(NotADirectoryError, match="absent: no such folder"):
        make_report(tmp_path / "absent", tmp_path / "out", Options())


def test_nothing_to_measure(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(NothingMeasuredError, match="no FITS files"):
        make_report(tmp_path / "in", tmp_path / "out", Options())
    write_frames(tmp_path / "in", [(0, 2)])
    with pytest.raises(NothingMeasuredError, match=r"no usable dark frames; bias_0_0.fit: .*\(and 1 more\)"):
        make_report(tmp_path / "in", tmp_path / "out", Options())
    write_frames(tmp_path / "in", [(300, 2)], prefix="small_", shape=(20, 30))
    with pytest.raises(NothingMeasuredError, match="no bias frames, and darks of one exposure time only"):
        make_report(tmp_path / "in", tmp_path / "out", Options())
    assert not (tmp_path / "out").exists()


def test_one_group_that_fails_does_not_stop_the_others(tmp_path):
    write_frames(tmp_path, [(0, 3), (300, 2)])
    write_frames(tmp_path, [(300, 2)], prefix="small_", shape=(20, 20))
    results, failures, _ = make_report(tmp_path, tmp_path / "out", Options())
    assert [measured.group.shape for _, measured in results] == [SHAPE]
    ((title, reason),) = failures
    assert "20 x 20" in title
    assert "no bias frames" in reason
    assert "20 x 20" in page_text(tmp_path / "out" / "report.html")


def test_one_bad_file_of_ten(night, tmp_path):
    """Named, with the reason, on the page, in the table and in the result; the others are measured."""
    folder = tmp_path / "night"
    shutil.copytree(night, folder)
    bad = folder / "dark_300_1.fit"
    bad.write_bytes(bad.read_bytes().replace(b"EXPTIME =                300.0", b"EXPTIME = 300,0               "))
    (folder / os.fsdecode(b"b\xe9\x1b.fits")).write_bytes(b"")
    os.mkfifo(folder / "pipe.fits")
    ((_, measured),), failures, unusable = make_report(folder, tmp_path / "out", Options())
    assert failures == []
    assert [len(frames) for _, frames in measured.exposures] == [4, 3]
    told = {item.name: item.reason for item in unusable}
    assert told == {
        "dark_300_1.fit": "EXPTIME in the header cannot be read: 'EXPTIME = 300,0                / [s] exposure time'",
        "b\\xe9\\x1b.fits": "the file is empty",
        "pipe.fits": "a FIFO, not a FITS file",
    }
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in told)


@pytest.mark.parametrize(
    "cards",
    [
        {b"NAXIS1  =                   90": b"NAXIS1  =                  -48"},
        {b"NAXIS1  =                   90": b"NAXIS1  =         999999999999"},
        {b"BITPIX  =                   16": b"BITPIX  =                 16.0"},
        {b"BITPIX  =                   16": b"BITPIX  =                   15"},
        {b"NAXIS   =                    2": b"NAXIS   =                  999"},
        {b"NAXIS   =                    2": b"NAXIS   =         999999999999"},
    ],
    ids=str,
)
def test_absurd_numbers_in_one_file(night, tmp_path, cards):
    for path in night.iterdir():
        shutil.copy(path, tmp_path)
    bad = tmp_path / "dark_30_1.fit"
    content = bad.read_bytes()
    for card, other in cards.items():
        assert card in content
        content = content.replace(card, other)
    bad.write_bytes(content)
    start = time.perf_counter()
    (_,), (unusable,) = find_groups(tmp_path)
    assert time.perf_counter() - start < 2
    assert unusable.name == bad.name
