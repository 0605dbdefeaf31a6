"""How far a job has come."""

import threading

import pytest

from ccdproc_darks._interface.progress import Progress, current_progress, in_turn, watching


def test_shares_by_cost():
    progress = Progress()
    progress.begin("headers", 1, after=9)
    progress.tell(0.5)
    assert (progress.share, progress.text) == (pytest.approx(0.05), "headers")
    progress.begin("fit", 8, after=1)
    assert progress.share == pytest.approx(0.1)
    progress.begin("page", 1)
    assert progress.share == pytest.approx(0.9)
    progress.tell(1.0)
    assert progress.share == pytest.approx(1.0)


def test_costs_are_of_the_sequence_alone():
    """Those of an inner sequence may be in another unit."""
    progress = Progress()
    progress.begin("first", 1, after=1)
    with progress.within():
        progress.begin("a", 100, after=300)
        progress.begin("b", 300)
        assert (progress.share, progress.text) == (pytest.approx(0.125), "first: b")
        progress.tell(0.5)
        assert progress.share == pytest.approx(0.3125)
    assert (progress.share, progress.text) == (pytest.approx(0.5), "first")
    progress.begin("second", 1)
    assert (progress.share, progress.text) == (pytest.approx(0.5), "second")


def test_pieces_that_are_left_out_and_done_again():
    progress = Progress()
    progress.begin("a", 1, after=3)
    progress.begin("c", 1)  # b, which would cost 2, is left out
    assert progress.share == pytest.approx(0.25)
    progress.tell(0.5)
    assert progress.share == pytest.approx(0.625)
    progress.begin("a", 1, after=1)  # all again, after a file has vanished
    assert progress.share >= 0.625
    before = progress.share
    progress.tell(0.0)
    assert progress.share == before


def test_an_error_within():
    progress = Progress()
    progress.begin("group", 1, after=1)

    def fail():
        with progress.within():
            progress.begin("camera", 1, after=9)
            raise ValueError("no gain")

    with pytest.raises(ValueError, match="no gain"):
        fail()
    assert progress.share == pytest.approx(0.5)
    progress.end()
    assert (progress.share, progress.text) == (1.0, "")


def test_pieces_without_cost():
    progress = Progress()
    progress.begin("nothing", 0, after=0)
    progress.tell(1.0)
    assert progress.share == 0.0


def test_told_from_many_threads():
    progress = Progress()
    progress.begin("blocks", 1, after=1)
    seen = []

    def work():
        for number in range(200):
            progress.tell(number / 200)
            seen.append(progress.share)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert progress.share == pytest.approx(0.5 * 199 / 200)
    assert max(seen) == progress.share


def test_items_in_turn():
    assert list(in_turn("ab", str.upper)) == ["a", "b"]  # nobody watches
    with watching(Progress()) as progress:
        assert current_progress() is progress
        found = [(progress.text, round(progress.share, 3)) for _ in in_turn([3, 1], str, float, after=4)]
        assert found == [("3 (1 of 2)", 0.0), ("1 (2 of 2)", 0.375)]
        progress.begin("rest", 4)
        assert progress.share == pytest.approx(0.5)
        assert [progress.text for _ in in_turn([7], str)] == ["7"]
    assert current_progress() is not progress
