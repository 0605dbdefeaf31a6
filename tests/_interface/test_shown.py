"""Names and texts from outside, as they are shown."""

import io

import pytest

from ccdproc_darks._interface.shown import file_name, shown, tell


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dark 1.fits", "dark 1.fits"),
        ("Übersicht 暗電流 é", "Übersicht 暗電流 é"),
        (r"C:\darks\new", r"C:\darks\new"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("two\nlines\r\t", r"two\nlines\r\t"),
        ("\x9b31m", r"\x9b31m"),
        ("\x00\x7f", r"\x00\x7f"),
        (b"\xe9\xff.fits".decode("utf-8", "surrogateescape"), r"\xe9\xff.fits"),
        ("\ud800", r"\ud800"),
        ("stif.\u202efits", r"stif.\u202efits"),
        ("\u2028\ufeff", r"\u2028\ufeff"),
        ("", ""),
        (3, "3"),
    ],
)
def test_shown(text, expected):
    assert shown(text) == expected
    assert shown(expected) == expected
    shown(text).encode("utf-8")


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", "é\\x1b 暗\n"), ("latin-1", "é\\x1b \\u6697\n"), ("ascii", "\\xe9\\x1b \\u6697\n")],
)
def test_tell(encoding, expected):
    """In the characters that the terminal has, and no error."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    tell("é\x1b 暗", file)
    file.flush()
    assert raw.getvalue().decode(encoding) == expected


def test_tell_the_terminal(capsys):
    tell("a\nb")
    assert capsys.readouterr().out == "a\\nb\n"
    text = io.StringIO()
    tell("a\nb", text)
    assert text.getvalue() == "a\\nb\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("night 1", "night 1"),
        ("a/b\\c", "a_b_c"),
        ("\x1b[31m\n\udce9", "_[31m__"),
        ("n" * 300, "n" * 200),
        ("暗" * 100, "暗" * 66),
    ],
)
def test_file_name(text, expected):
    assert file_name(text) == expected
    assert len(file_name(text).encode("utf-8")) <= 200
