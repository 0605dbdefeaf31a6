"""Files of a group, and what each is for."""

from ccdproc_darks.report.result_files import result_files, size_of_file


def test_files_of_a_group(report):
    out, ((name, measured),) = report
    found = result_files(measured)
    assert [file.name for file in found] == [
        "rate_30s.fits", "rate_300s.fits", "master_bias.fits", "mask.fits", "rate_all.fits", "significance.fits",
    ]  # fmt: skip
    assert {file.name for file in found} == {path.name for path in (out / name).glob("*.fits")}
    assert all(file.what and file.use for file in found)
    assert found[2].what == "mean of 5 bias frames"
    # Rates are for one job, and in one row of the page.
    assert found[0].use == found[1].use


def test_figures_are_those_of_the_page(report):
    out, ((name, _),) = report
    pictures = sorted((out / name / "figures").iterdir())
    assert len(pictures) >= 6
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


def test_sizes(tmp_path):
    path = tmp_path / "file"
    assert size_of_file(path) == ""
    path.write_bytes(b"x" * 2500)
    assert size_of_file(path) == "2.5 kB"
    path.write_bytes(b"x" * 2_600_000)
    assert size_of_file(path) == "2.6 MB"
