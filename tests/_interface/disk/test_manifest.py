"""The list of the files that this package wrote."""

import hashlib
import json
import os
import re

import pytest

from ccdproc_darks._interface.disk import manifest as _manifest
from ccdproc_darks._interface.disk.manifest import MANIFEST, Manifest, write_manifest


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "report"
    (folder / "group" / "inner").mkdir(parents=True)
    (folder / "page").write_text("page", encoding="utf-8")
    (folder / "group" / "inner" / "mask").write_text("mask", encoding="utf-8")
    write_manifest(folder)
    return folder


def test_content(folder):
    found = json.loads((folder / MANIFEST).read_text(encoding="ascii"))
    assert list(found) == ["about", "ccdproc_darks", "files"]
    assert found["files"] == [
        {"path": "page", "size": 4, "sha256": hashlib.sha256(b"page").hexdigest()},
        {"path": "group/inner/mask", "size": 4, "sha256": hashlib.sha256(b"mask").hexdigest()},
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["group", MANIFEST, "page"]


def test_nothing_strange(folder):
    manifest = Manifest(folder)
    assert manifest.strangers(folder) == []
    assert manifest.is_of(folder)
    assert manifest.remove(folder)
    assert not folder.exists()
    assert not manifest.is_of(folder)


def test_strangers_are_named_and_kept(folder):
    (folder / "group" / "mine").touch()
    (folder / "empty").mkdir()
    (folder / "link").symlink_to(folder / "group")
    (folder / "page").write_text("pag3", encoding="utf-8")
    manifest = Manifest(folder)
    assert manifest.strangers(folder) == ["empty/", "link", "page", "group/mine"]
    assert not manifest.remove(folder)
    left = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    assert left == ["empty", "group", "group/mine", "link", MANIFEST, "page"]


def test_a_changed_manifest_is_a_stranger(folder):
    manifest = Manifest(folder)
    (folder / MANIFEST).write_text("{}", encoding="ascii")
    assert manifest.strangers(folder) == [MANIFEST]
    assert not manifest.remove(folder)
    assert [path.name for path in folder.iterdir()] == [MANIFEST]


@pytest.mark.parametrize("inner", ["", "group", "group/inner"])
def test_what_is_behind_a_link_is_kept(folder, inner):
    manifest, away = Manifest(folder), folder.parent / "away"
    (folder / inner).rename(away)
    (folder / inner).symlink_to(away)
    before = sorted(away.rglob("*"))
    assert inner == "" or manifest.strangers(folder) == [inner]
    assert not manifest.remove(folder)
    assert sorted(away.rglob("*")) == before
    assert (folder / inner).is_symlink()


def test_each_file_is_read_once(folder, monkeypatch):
    manifest, checksum, read = Manifest(folder), _manifest._checksum, []
    monkeypatch.setattr(_manifest, "_checksum", lambda path: read.append(path.name) or checksum(path))
    assert manifest.strangers(folder) == manifest.strangers(folder) == []
    assert read == ["page", "mask"]
    os.utime(folder / "page", ns=(1, 1))
    assert manifest.strangers(folder) == []
    assert read == ["page", "mask", "page"]


def test_a_file_that_vanishes(folder, monkeypatch):
    manifest = Manifest(folder)
    monkeypatch.setattr(_manifest, "_entries", lambda folder: [("absent", False), ("page", False)])
    (folder / "page").unlink()
    assert manifest.strangers(folder) == ["absent", "page"]


def test_a_folder_that_cannot_be_read(folder, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(PermissionError, match="Permission denied"):
        Manifest(folder).strangers(folder)


def test_none(tmp_path):
    with pytest.raises(ValueError, match=rf"^{re.escape(str(tmp_path))} has no manifest\.json$"):
        Manifest(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"files": [1]}', '{"files": [{"path": "a"}]}', "\x00",
        *(
            json.dumps({"files": [{"path": path, "size": 0, "sha256": ""}]})
            for path in ("../a", "/a", "a/../../b", "", ".", "a//b", "a\\b", 3, "a\0", "\ud800", MANIFEST)
        ),
        "[" * 200000,
    ],
)  # fmt: skip
def test_no_manifest(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text, encoding="ascii")
    with pytest.raises(ValueError, match=r"manifest\.json cannot be used \(\w+: "):
        Manifest(tmp_path)
