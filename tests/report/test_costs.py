"""The progress of a report: shares that grow with the work that is done, over all groups and folders."""

from itertools import pairwise

import pytest
from astropy import units as u

from ccdproc_darks._interface.progress import Progress, watching
from ccdproc_darks.report.check_folder import check_folder
from ccdproc_darks.report.compare_reports import compare_reports
from ccdproc_darks.report.costs import Steps, cost_of_folder, cost_of_measuring, cost_of_pictures
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.frame_options import AS_FOUND
from ccdproc_darks.report.many import make_reports
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report

from .conftest import write_frames

SMALL = {"shape": (24, 30), "hot_fraction": 0.02}


class Noted(Progress):
    """Notes the share and the text at each change."""

    def __init__(self):
        super().__init__()
        self.notes = []

    def begin(self, *args, **kwargs):
        super().begin(*args, **kwargs)
        self.notes.append((self.share, self.text))

    def tell(self, part):
        super().tell(part)
        self.notes.append((self.share, self.text))

    def share_at(self, text):
        """That at which something first began."""
        return next(share for share, told in self.notes if text in told)

    def check(self):
        """That the share never falls, and that nothing is left in the end."""
        shares = [share for share, _ in self.notes]
        assert all(first <= second for first, second in pairwise(shares))
        assert shares[0] == 0
        last = self.share
        self.begin("")
        assert last <= self.share == pytest.approx(1.0)


@pytest.fixture
def no_pictures(monkeypatch):
    monkeypatch.setattr("ccdproc_darks.report.run.draw_all", lambda measured: ())


@pytest.fixture(scope="module")
def two_groups(tmp_path_factory):
    folder = tmp_path_factory.mktemp("night")
    write_frames(folder, [(0, 3), (30, 3), (300, 3)], **SMALL)
    write_frames(folder, [(30, 3), (300, 3)], prefix="warm_", temperature=10 * u.deg_C, seed=3, **SMALL)
    return folder


@pytest.mark.usefixtures("no_pictures")
def test_report_of_two_groups(two_groups, tmp_path):
    with watching(Noted()) as progress:
        _, failures, _ = make_report(two_groups, tmp_path / "report", Options())
    assert failures == []
    progress.check()
    cold, warm = "30 x 24 pixels, -20 C", "30 x 24 pixels, 10 C"
    stages = [
        "reading headers (1 of 15)", "reading headers (15 of 15)", "looking for copies",
        *(
            f"{group} ({number} of 2): {step}" for number, group in ((1, cold), (2, warm))
            for step in ("camera", "checks", "bias", "levels", "all exposure times", "30 s", "300 s", "scatter of 30 s",
                         "scatter of 300 s", "comparison", "mask", "pairs", "limit")
        ),
        f"{cold}: against the truth (1 of 2)", f"{cold} (1 of 2): writing images",
        f"{warm} (2 of 2): writing images", f"{warm} (2 of 2): picture 1", "table and page", "checksums",
    ]  # fmt: skip
    shares = [progress.share_at(stage) for stage in stages]
    assert shares == sorted(set(shares))
    # The groups are alike; headers take no time, and pictures of small frames the most.
    first, second, truth = (progress.share_at(name) for name in (f"{cold} (1", f"{warm} (2", f"{cold}: against"))
    assert second - first == pytest.approx(truth - second, rel=0.3)
    assert first < 0.1
    assert truth < 0.5


@pytest.mark.usefixtures("no_pictures")
def test_reports_of_two_folders_and_their_comparison(two_groups, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    write_frames(other, [(0, 3), (30, 3), (300, 3)], seed=1, **SMALL)
    missing = tmp_path / "missing"
    with watching(Noted()) as progress:
        make_reports([other, two_groups, missing], tmp_path / "reports", Options())
    progress.check()
    assert progress.share_at("other (1 of 3)") == 0
    # Small frames: a folder costs about as much as the other.
    assert 0.3 < progress.share_at(f"{two_groups.name} (2 of 3): reading headers (1 of 15)") < 0.6
    assert progress.share_at("missing (3 of 3)") == pytest.approx(1.0)
    nights = [tmp_path / "reports" / name for name in ("other", two_groups.name)]
    with watching(Noted()) as progress:
        compare_reports(nights, tmp_path / "compared")
    progress.check()
    stages = ["reading reports", "what all nights agree on", "nights 1 and 2", "page"]
    shares = [progress.share_at(stage) for stage in stages]
    assert shares == sorted(set(shares))


def test_check_of_a_folder(two_groups):
    with watching(Noted()) as progress:
        assert check_folder(two_groups).failures == []
    progress.check()
    assert progress.share_at("-20 C: checks (1 of 2)") < progress.share_at("10 C: checks (2 of 2)")


def test_costs_grow_with_frames_and_pixels(two_groups):
    (cold, warm), _ = find_groups(two_groups)
    warm.biases = []
    assert cost_of_measuring(cold) > cost_of_measuring(warm)
    before = cost_of_measuring(cold), cost_of_pictures(cold)
    cold.shape = (2400, 3000)
    assert cost_of_measuring(cold) > 5 * before[0]
    assert cost_of_pictures(cold) > 1.5 * before[1]
    assert cost_of_folder(two_groups, AS_FOUND) > cost_of_folder(two_groups / "missing", AS_FOUND)


def test_a_step_of_another_name_and_one_done_again(two_groups):
    (cold, _), _ = find_groups(two_groups)
    with watching(Noted()) as progress:
        step = Steps(cold)
        for text in ("camera", "30 s", "30.1 s", "camera", "mask", "limit"):
            step(text)
    progress.check()
    assert [text for _, text in progress.notes][:6] == ["camera", "30 s", "30.1 s", "camera", "mask", "limit"]
