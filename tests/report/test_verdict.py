"""Findings in words."""

import pytest

from ccdproc_darks.frames.evidence.finding import Finding
from ccdproc_darks.report.verdict import counted, doubts, joined, untold, verdict_sentence


def finding(check, verdict, sentence="so it is", **values):
    return Finding(check, verdict, sentence, **values)


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ("", "Nothing could be checked."),
        ("unknown", "Nothing could be checked. The frames cannot tell of: a."),
        ("ok ok", "Nothing is wrong."),
        ("ok unknown", "Nothing is wrong. The frames cannot tell of: b."),
        ("ok wrong", "One thing is wrong: b."),
        ("wrong doubtful wrong", "Two things are wrong: a, c. One thing is doubtful: b."),
        (" ".join(["doubtful"] * 11), "11 things are doubtful: a, b, c, d, e, f, g, h, i, j, k."),
    ],
)
def test_one_sentence(verdicts, sentence):
    found = [finding(check, verdict) for check, verdict in zip("abcdefghijk", verdicts.split(), strict=False)]
    assert verdict_sentence(found) == sentence


def test_what_was_settled():
    """In a report, what is wrong and could not be mended spoils its numbers."""
    found = [finding("a", "wrong"), finding("b", "doubtful"), finding("c", "wrong")]
    assert verdict_sentence(found, {"a": "", "c": ""}) == (
        "One thing is doubtful: b. Two things are settled here: a, c."
    )
    assert verdict_sentence(found, {"a": ""}) == (
        "One thing is wrong: c. Do not use rates and masks of these frames before that is mended. "
        "One thing is doubtful: b. One thing is settled here: a."
    )


def test_what_is_wrong_comes_first():
    found = [finding("a", "doubtful"), finding("b", "ok"), finding("c", "wrong")]
    assert [one.check for one in doubts(found)] == ["c", "a"]


def test_one_row_of_a_check():
    found = [
        finding("gain", "ok", "the frames show 2", found=2.0),
        finding("gain", "wrong", "no header tells"),
        finding("gain", "doubtful", "it changes", told=3.0),
        finding("light", "wrong", "there are stars"),
    ]
    row = joined("gain", found)
    assert row == finding("gain", "wrong", "no header tells. The frames show 2. It changes", found=2.0, told=3.0)
    assert joined("exposure", found) == finding("exposure", "unknown", "the frames cannot tell")
    many = [finding("frames", "doubtful", f"frame {number} is odd") for number in range(5)]
    assert joined("frames", many).sentence == ("frame 0 is odd. Frame 1 is odd. Frame 2 is odd. And 2 more like these")


def test_numbers_of_things():
    assert [counted(number, "dark") for number in (0, 1, 2)] == ["0 darks", "1 dark", "2 darks"]


def test_notes_that_a_finding_has_already():
    findings = [Finding("result", "wrong", "most are masked. The rates differ by 2"), Finding("light", "ok", "none")]
    assert untold(["The rates differ by 2.", "Stars."], findings) == ["Stars."]


def test_a_value_that_was_given_is_refuted_once():
    """Checks measure with all frames, warnings with those of one exposure time: numbers differ a little."""
    checks = [finding("gain", "doubtful", "the gain is given as 3 electron/adu, but it is 1.57. Give --gain 1.57")]
    notes = ["the gain is given as 3 electron/adu, but it is 1.56.", "the read noise is given as 9 electron, but no."]
    assert untold(notes, checks) == notes[1:]
    assert untold(notes, [finding("gain", "ok", "the gain is given as 4 electron/adu, but")]) == notes
