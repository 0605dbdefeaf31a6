# Licensed under a 3-clause BSD style license - see LICENSE
"""Open pages in a real browser, as on a desk and as on a phone, and tell what is wrong with them.

``python scripts/check_pages.py FILE_OR_FOLDER [...]``: HTML files, and all of those in folders. It needs selenium,
chromium and its driver (of Debian: ``apt-get install chromium chromium-driver``). The exit status is 1 where something
is wrong, 2 where nothing could be opened. No page gets anything from the network: what it asks for is told.
"""

import argparse
import functools
import json
import re
import shutil
import sys
import threading
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["Browser", "lacking", "main", "pages_in"]

WIDE, NARROW = 1400, 390
#: Least size of a text on a phone (pixels).
LEAST_TEXT = 12
_OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
_BROWSERS, _DRIVERS = ("chromium", "chromium-browser", "google-chrome"), ("chromedriver", "chromium.chromedriver")
# Most of one kind that is told of a page.
_MOST = 3
# Of Chrome itself, where a page has none.
_OWN = "favicon.ico"

# What a page shows; called with the width, whether it is narrow, the least size of a text, and what to call at the end.
_LOOK = r"""
const [width, narrow, least, done] = arguments;
const found = [], root = document.documentElement;
const noAlt = "image without a text for those who cannot see it (alt)";
const noLabel = "drawing without a text for those who cannot see it (aria-label)";
const short = text => text.trim().replace(/\s+/g, " ").slice(0, 60);
const name = element => element.tagName.toLowerCase() + (element.id ? "#" + element.id : "")
    + (element.classList.length ? "." + [...element.classList].slice(0, 2).join(".") : "");
const shown = element => element.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && [...element.getClientRects()].some(box => box.width > 1 && box.height > 1);
const hidden = element => element.closest("[aria-hidden=true], [role=presentation], [role=none]");

function images() {
    for (const image of document.images) {
        const source = (image.getAttribute("src") || "").slice(0, 80);
        if (!image.complete || image.naturalWidth === 0) found.push(["image that does not load", source]);
        if (!(image.alt || "").trim() && !hidden(image)) found.push([noAlt, source]);
    }
    for (const image of document.querySelectorAll("svg")) {
        const says = image.matches("[aria-label], [aria-labelledby]") || image.querySelector("title");
        if (shown(image) && !says && !hidden(image) && !image.closest("button, a, label")) {
            found.push([noLabel, name(image)]);
        }
    }
}
function sideways() {
    const most = Math.max(root.scrollWidth, document.body ? document.body.scrollWidth : 0);
    if (most <= width + 1) return;
    const clipped = element => {
        for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
            if (getComputedStyle(at).overflowX !== "visible") return true;
        }
        return false;
    };
    const wide = [...document.body.querySelectorAll("*")].filter(
        element => shown(element) && element.getBoundingClientRect().right > width + 1 && !clipped(element));
    const last = wide.filter(element => !wide.some(other => other !== element && element.contains(other)));
    found.push(["scrolls sideways", `${most} px wide: ${[...new Set(last.map(name))].slice(0, 3).join(", ")}`]);
}
function code() {
    for (const block of document.querySelectorAll("pre")) {
        if (shown(block) && block.scrollWidth > block.clientWidth + 1) {
            const lines = block.innerText.split("\n");
            const longest = lines.reduce((one, other) => other.length > one.length ? other : one, "");
            found.push(["code that is cut off", `${longest.length} characters: ${short(longest)}`]);
        }
    }
}
function texts() {
    // A page that is made for a phone, but too wide, is told of that alone.
    const zoom = document.querySelector("meta[name=viewport]") ? 1 : Math.min(1, window.visualViewport.scale);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), small = new Map();
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !shown(element) || element.closest("script, style, noscript")) continue;
        let size = parseFloat(getComputedStyle(element).fontSize) * zoom;
        if (element.getScreenCTM) size *= Math.abs(element.getScreenCTM().a);
        // Subscripts are smaller everywhere.
        const enough = element.closest("sub, sup, msub, msup, msubsup") ? 0.75 * least : least;
        const what = `${name(element)} of ${size.toFixed(1)} px`;
        if (size < enough - 0.05) small.set(what, short(walker.currentNode.data));
    }
    for (const [what, text] of small) found.push([`text smaller than ${least} px`, `${what}: ${text}`]);
}
function anchors() {
    return [...document.querySelectorAll("a[href]")].map(link => link.href).filter(link => !link.endsWith("#"));
}
const waiting = [...document.images].map(image => {
    image.loading = "eager";
    return image.decode().catch(() => null);
});
Promise.race([Promise.all(waiting), new Promise(end => setTimeout(end, 5000))]).then(() => {
    images();
    sideways();
    if (narrow) texts(); else code();
    done([found, anchors()]);
});
"""


def lacking():
    """What is not installed, in words; empty where pages can be opened."""
    missing = []
    try:
        import selenium  # noqa: F401
    except ImportError:
        missing.append("selenium (pip install selenium)")
    if _first(_BROWSERS) is None:
        missing.append("chromium (apt-get install chromium)")
    if _first(_DRIVERS) is None:
        missing.append("its driver (apt-get install chromium-driver)")
    return " and ".join(missing)


def _first(names):
    return next((path for path in map(shutil.which, names) if path), None)


def pages_in(paths):
    """HTML files of a list of files and folders, each once; not what a theme has in ``_static``, which are no pages."""
    found = {}
    for path in map(Path, paths):
        inside = sorted(path.rglob("*.html")) if path.is_dir() else [path]
        found |= {one: None for one in inside if "_static" not in one.relative_to(path).parts}
    return list(found)


class Browser:
    """A browser without a window, as a context.

    Examples
    --------
    with Browser() as browser:
        problems = browser.problems("report.html")
    """

    def __enter__(self):
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        for option in _OPTIONS:
            options.add_argument(option)
        options.binary_location = _first(_BROWSERS)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self._driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(_first(_DRIVERS)))
        self._driver.set_script_timeout(20)
        return self

    def __exit__(self, *_):
        self._driver.quit()

    def problems(self, page):
        """Sentences on what is wrong with a page, an HTML file."""
        driver, page, found = self._driver, Path(page).absolute(), []
        self._resize(WIDE)
        self._logs()
        driver.get(page.as_uri())
        at_width, links = {}, []
        for width in (WIDE, NARROW):
            self._resize(width)
            seen, links = driver.execute_async_script(_LOOK, width, width == NARROW, LEAST_TEXT)
            at_width[width] = list(dict.fromkeys(map(tuple, seen)))
        for width, seen in at_width.items():
            for one in seen:
                if width == WIDE and one in at_width[NARROW]:
                    continue
                only = "" if one in at_width[WIDE] and one in at_width[NARROW] else f" at {width} px"
                found.append((f"{one[0]}{only}", one[1]))
        found += self._logs()
        found += _broken(page, dict.fromkeys(links))
        return _sentences(found)

    def _resize(self, width):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == NARROW}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def _logs(self):
        """What the console and the network tell since the last call."""
        found, asked = [], {}
        for entry in self._driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked[message["params"]["request"]["url"]] = None
        for url in asked:
            if urlsplit(url).scheme not in ("file", "data", "blob", "about", "chrome"):
                found.append(("asks the network", url[:120]))
        for entry in self._driver.get_log("browser"):
            text = entry["message"]
            # What is asked of the network is told already, and so is an image that does not load.
            is_told = any(url in text for _, url in found) or ("net::ERR_" in text and _is_image(text))
            if entry["level"] == "SEVERE" and _OWN not in text and not is_told:
                found.append(("console error", text[:200]))
        return found


def _is_image(text):
    return re.search(r"\.(?:png|svg|jpe?g|gif|webp)\b", text) is not None


@functools.cache
def _anchors(path):
    """All that a link to an HTML file can point at."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return {unescape(found) for found in re.findall(r"""\s(?:id|name)=["']?([^"'\s>]+)""", text)}


def _broken(page, links):
    """Links to files, or to places in them, that are not there."""
    found = []
    for link in links:
        parts = urlsplit(link)
        if parts.scheme != "file":
            continue
        path, place = Path(unquote(parts.path)), unquote(parts.fragment)
        if not path.exists():
            found.append(("link to a file that is not there", _beside(path, page)))
        elif place and path.suffix == ".html" and place not in _anchors(path):
            found.append(("link to a place that is not there", f"{_beside(path, page)}#{place}"))
    return found


def _beside(path, page):
    return str(path.relative_to(page.parent)) if path.is_relative_to(page.parent) else str(path)


def _sentences(found):
    """Sentences, of each kind of problem no more than a few."""
    kinds = {}
    for kind, what in found:
        kinds.setdefault(kind, []).append(what)
    return [
        f"{kind}: {what}"
        for kind, each in kinds.items()
        for what in [*each[:_MOST], *([f"and {len(each) - _MOST} more"] if len(each) > _MOST else [])]
    ]


def main(arguments=None):
    """Check pages, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER", help="HTML files, or folders with some")
    parser.add_argument("--browsers", type=int, default=2, help="browsers at a time (default: 2)")
    given = parser.parse_args(arguments)
    if missing := lacking():
        print(f"pages cannot be opened: {missing} must be installed", file=sys.stderr)
        return 2
    pages, absent = pages_in(given.paths), [path for path in given.paths if not Path(path).exists()]
    if absent or not pages:
        print(f"no page at {', '.join(absent or given.paths)}", file=sys.stderr)
        return 2
    found, left = {}, iter(pages)
    lock = threading.Lock()

    def work():
        with Browser() as browser:
            while (page := _next(left, lock)) is not None:
                try:
                    found[page] = browser.problems(page)
                except Exception as error:  # selenium has many
                    found[page] = [f"cannot be opened: {str(error).splitlines()[0] if str(error) else error!r}"]

    threads = [threading.Thread(target=work) for _ in range(min(given.browsers, len(pages)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for page in pages:
        for sentence in found.get(page, ["was not opened"]):
            print(f"{page}: {sentence}")
    wrong = sum(bool(found.get(page, True)) for page in pages)
    print(f"{len(pages)} pages at {WIDE} and {NARROW} px, {wrong} of them with something wrong")
    return 1 if wrong else 0


def _next(pages, lock):
    with lock:
        return next(pages, None)


if __name__ == "__main__":
    sys.exit(main())
