# Licensed under a 3-clause BSD style license - see LICENSE
"""HTML pages and tables."""

import html

from .._interface.shown import shown

__all__ = ["document", "escape", "table"]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.7rem; } h2 { margin-top: 2.5rem; border-bottom: 2px solid #1b6ca8; } h3 { margin-bottom: .3rem; }
table { border-collapse: collapse; margin: .5rem 0 1.2rem; font-size: .92em; }
th, td { padding: .25rem .5rem; text-align: right; }
td:not(.left) { white-space: nowrap; } th { border-bottom: 1px solid #888; font-weight: 600; }
tr:nth-child(even) td { background: #f4f6f8; }
.left { text-align: left; } figure { margin: 1.2rem 0; } img { max-width: 100%; }
figcaption, .dim { color: #555; } .note { background: #fff6df; border-left: 4px solid #e6a700; padding: .4rem .8rem; }
.verdict { border: 1px solid #bbb; border-left: 6px solid #888; padding: .2rem 1rem .6rem; margin: 1rem 0; }
.verdict.ok { border-left-color: #2e7d32; } .verdict.doubtful { border-left-color: #e6a700; }
.verdict.wrong { border-left-color: #b3261e; } strong.wrong { color: #b3261e; } strong.doubtful { color: #8a6100; }
summary { cursor: pointer; color: #1b6ca8; } details td { vertical-align: top; }
details td:not(:last-child) { white-space: nowrap; }
.wide { overflow-x: auto; } .dense { font-size: .84rem; } .dense th, .dense td { padding: .25rem .4rem; }
pre { background: #f4f6f8; padding: .8rem; overflow-x: auto; } code { font-size: .92em; }
"""

# Columns from which on a table is set in small type, so that it fits on the page.
_MANY = 10


def escape(text):
    """HTML of a text, `shown`."""
    return html.escape(shown(text))


def document(title, parts):
    """HTML of a page with the window title ``title`` and ``parts``, a list of the HTML of its body."""
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def table(heads, rows, left=1):
    """HTML of a table of texts, its headings ``heads``; the first ``left`` columns are aligned to the left.

    In ``rows``, a list of sequences, a pair instead of a text is a text and the address that it links to.
    """

    def cells(tag, texts):
        return "".join(
            f"<{tag}{' class=left' if column < left else ''}>{_cell(text)}</{tag}>" for column, text in enumerate(texts)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    head = f"<thead><tr>{cells('th', heads)}</tr></thead>"
    dense = " class=dense" if len(heads) >= _MANY else ""
    return f"<div class=wide><table{dense}>{head}<tbody>{body}</tbody></table></div>"


def _cell(text):
    if isinstance(text, str):
        return escape(text)
    text, address = text
    return f'<a href="{escape(address)}">{escape(text)}</a>'
