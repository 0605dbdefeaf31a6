"""Texts as pages have them."""

from ccdproc_darks.report.html import rendered


def shown(text):
    page = rendered("report.html", title="t", intro=text, command="x --bias '5 s.fits'", groups=[], summary="s",
                    cameras=[], failures=[], unusable=[])  # fmt: skip
    assert "<code>x --bias &#39;5 s.fits&#39;</code>" in page
    return page.partition("<h1>t</h1>")[2].partition("<p>")[2].partition("</p>")[0]


def test_numbers_have_one_form_and_stay_with_their_units():
    assert shown("0.2 +- 0.01 electron / s at -20.0 deg C, 5 x 300 s & 1 %") == (
        "0.2~±~0.01~electron/s at -20.0~°C, 5~x~300~s &amp; 1~%".replace("~", "\N{NO-BREAK SPACE}")
    )
    assert shown("<b> 3 stars\x1b") == "&lt;b&gt; 3 stars\\x1b"
