"""FITS files of a folder and its sub-folders, and what names of folders tell."""

import pytest

from ccdproc_darks.report.frame_files import fits_files, has_folders, type_of_folder


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(folder, **options):
    return [path.relative_to(folder).as_posix() for path in fits_files(folder, **options)]


def test_names_of_fits_files(tmp_path):
    touch(tmp_path, "a.fit", "b.FITS", "c.fts.gz", "d.fits.fz", "e.fz", ".hidden.fits", "notes.txt", "x.gz", "in/y.fit")
    assert found(tmp_path) == ["a.fit", "b.FITS", "c.fts.gz", "d.fits.fz", "e.fz"]


def test_sub_folders(tmp_path):
    touch(tmp_path, "a.fit", "lights/b.fit", "Darks/300s/c.fit", ".cache/d.fit", "out/manifest.json", "out/mask.fits")
    assert found(tmp_path) == ["a.fit"]
    assert found(tmp_path, recursive=True) == ["Darks/300s/c.fit", "a.fit", "lights/b.fit"]
    assert has_folders(tmp_path)
    assert not has_folders(tmp_path / "lights")


def test_links_to_folders_are_not_followed(tmp_path):
    touch(tmp_path, "night/a.fit")
    (tmp_path / "night" / "again").symlink_to(tmp_path / "night")
    assert found(tmp_path / "night", recursive=True) == ["a.fit"]


def test_folders_of_darks_and_bias_frames_in_one_without_files(tmp_path):
    touch(tmp_path, "Bias/a.fit", "Darks 300s/b.fit", "lights/c.fit", "Darks 300s/old/d.fit")
    assert found(tmp_path) == ["Bias/a.fit", "Darks 300s/b.fit"]
    touch(tmp_path, "e.fit")
    assert found(tmp_path) == ["e.fit"]


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("Bias", "bias"),
        ("bias_2x2", "bias"),
        ("BIASES", "bias"),
        ("offsets", "bias"),
        ("zero", "bias"),
        ("Darks", "dark"),
        ("dark", "dark"),
        ("Darks 300s", "dark"),
        ("2026-01-01_DARK", "dark"),
        ("Darks/300s", "dark"),
        ("bias and darks", None),
        ("bias and darks/x", None),
        ("lights", None),
        ("embiased", None),
    ],
)
def test_what_names_of_folders_tell(tmp_path, folder, expected):
    (tmp_path / folder).mkdir(parents=True)
    assert type_of_folder(tmp_path / folder, tmp_path) == expected


def test_folders_above_tell_nothing(tmp_path):
    (tmp_path / "Darks" / "night").mkdir(parents=True)
    assert type_of_folder(tmp_path / "Darks" / "night", tmp_path / "Darks" / "night") is None
