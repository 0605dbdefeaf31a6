"""The check of pages in a real browser finds what is wrong with made-up ones, and nothing else."""

import importlib.util
import os
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "check_pages.py"
_spec = importlib.util.spec_from_file_location("check_pages", SCRIPT)
check_pages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(check_pages)

MISSING = check_pages.lacking()
if MISSING and os.environ.get("CCDPROC_DARKS_REQUIRE_BROWSER"):
    raise RuntimeError(f"CCDPROC_DARKS_REQUIRE_BROWSER is set, and not installed is {MISSING}")
if MISSING:
    pytest.skip(f"not installed: {MISSING}", allow_module_level=True)

# The smallest image that there is: one pixel.
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
HEAD = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>t</title>'
LONG = "result = function(argument_1, " + ", ".join(f"argument_{n}=value_{n}" for n in range(2, 14)) + ")"
GOOD = f"""
<h1 id="top">A page</h1><p>Text of a usual size.</p>
<img src="{PIXEL}" alt="one pixel"><img src="{PIXEL}" alt="" aria-hidden="true">
<svg role="img" aria-label="a square" width="20" height="20"><rect width="9" height="9"/></svg>
<div style="overflow-x: auto"><table><tr><td style="min-width: 900px">it scrolls by itself</td></tr></table></div>
<pre style="overflow-x: auto">{LONG[:90]}</pre>
<a href="#top">up</a> <a href="other.html#there">there</a> <a href="file.csv">file</a> <a href="https://example.org">web</a>
<p>10<sup style="font-size: 9px">-3</sup></p>
<p style="display: none; font-size: 3px">nobody sees this</p><script>console.log("a word")</script>
"""
BAD = {
    '<img src="absent.png" alt="a picture">': ["image that does not load: absent.png"],
    f'<img src="{PIXEL}">': [f"image without a text for those who cannot see it (alt): {PIXEL[:80]}"],
    f'<img src="{PIXEL}" alt=" ">': [f"image without a text for those who cannot see it (alt): {PIXEL[:80]}"],
    '<svg class="plot" width="20" height="20"><rect width="9" height="9"/></svg>': [
        "drawing without a text for those who cannot see it (aria-label): svg.plot"
    ],
    '<p id="wide" style="width: 600px">too wide for a phone</p>': ["scrolls sideways at 390 px: "],
    '<p id="wide" style="width: 1600px">too wide for all</p>': ["scrolls sideways: 1608 px wide: p#wide"],
    f'<pre id="code" style="overflow-x: auto">{LONG}{LONG}</pre>': [
        f"code that is cut off at 1400 px: {2 * len(LONG)} characters: {LONG[:60]}"
    ],
    '<p class="note" style="font-size: 11px">Small text.</p>': [
        "text smaller than 12 px at 390 px: p.note of 11.0 px: Small text."
    ],
    '<svg viewBox="0 0 1000 100" role="img" aria-label="a" width="300"><text y="50" font-size="20">axis</text></svg>': [
        "text smaller than 12 px at 390 px: text of 6.0 px: axis"
    ],
    '<a href="absent.html">there</a>': ["link to a file that is not there: absent.html"],
    '<a href="other.html#nowhere">there</a>': ["link to a place that is not there: other.html#nowhere"],
    '<a href="#nowhere">there</a>': ["link to a place that is not there: page.html#nowhere"],
    "<script>nothing.at.all</script>": ["console error: "],
    '<script src="absent.js"></script>': ["console error: "],
    '<link rel="stylesheet" href="https://example.org/style.css">': ["asks the network: https://example.org/style.css"],
    '<script>fetch("http://example.org/data").catch(() => null)</script>': ["asks the network: http://example.org/data"],
}  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with check_pages.Browser() as browser:
        yield browser


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "other.html").write_text(f"<!doctype html>{HEAD}<h2 id='there'>There</h2>", encoding="utf-8")
    (tmp_path / "file.csv").touch()
    return tmp_path


def page(folder, body, head=HEAD):
    path = folder / "page.html"
    path.write_text(f"<!doctype html><html lang='en'>{head}{body}", encoding="utf-8")
    return path


def test_a_good_page(browser, folder):
    assert browser.problems(page(folder, GOOD)) == []


@pytest.mark.parametrize("body", BAD)
def test_a_bad_page(browser, folder, body):
    found = browser.problems(page(folder, GOOD + body))
    assert len(found) == len(BAD[body]), found
    for sentence, begin in zip(found, BAD[body], strict=True):
        assert sentence.startswith(begin)


def test_what_is_wide_is_named(browser, folder):
    (found,) = browser.problems(page(folder, '<div><p id="wide" class="a b c" style="width: 600px">text</p></div>'))
    assert found.endswith("p#wide.a.b")


def test_a_page_that_is_not_made_for_phones(browser, folder):
    """Without a viewport, a phone shows it as on a desk, and all of it small."""
    found = browser.problems(page(folder, "<p>Text of a usual size.</p>", head="<title>t</title>"))
    assert [one for one in found if one.startswith("text smaller than 12 px at 390 px: p of 6.4 px")]


def test_of_many_a_few_are_told(browser, folder):
    found = browser.problems(page(folder, "".join(f'<a href="absent_{n}.html">there</a>' for n in range(9))))
    assert found[-1] == "link to a file that is not there: and 6 more"
    assert len(found) == 4


def test_the_command(folder, capsys):
    page(folder, '<a href="absent.html">there</a>')
    assert check_pages.main([str(folder)]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{folder / 'page.html'}: link to a file that is not there: absent.html"
    assert out[1] == "2 pages at 1400 and 390 px, 1 of them with something wrong"
    assert check_pages.main([str(folder / "other.html")]) == 0


def test_pages_are_found(folder):
    (folder / "_static" / "deep").mkdir(parents=True)
    (folder / "_static" / "deep" / "template.html").touch()
    first = page(folder, "")
    assert check_pages.pages_in([folder, first]) == [folder / "other.html", first]


def test_nothing_to_open(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(check_pages, "lacking", lambda: "")
    assert check_pages.main([str(tmp_path)]) == 2
    assert check_pages.main([str(tmp_path / "absent.html")]) == 2
    assert "no page at" in capsys.readouterr().err


def test_without_a_browser(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(check_pages.shutil, "which", lambda name: None)
    assert check_pages.main([str(page(tmp_path, ""))]) == 2
    assert "chromium (apt-get install chromium)" in capsys.readouterr().err
