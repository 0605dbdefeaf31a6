# Licensed under a 3-clause BSD style license - see LICENSE
"""The report as one self-contained HTML page."""

from .check_table import as_text
from .html import document, escape, table
from .measured import BRIGHT
from .pictures import as_png, draw_all
from .reduction_lines import reduction_lines
from .result_finding import NOT_BELIEVED
from .summary import flag_counts, rate_rows
from .verdict import counted, doubts, untold, verdict_sentence

__all__ = ["page"]

# Fewest pixels whose median ratio is shown.
_LEAST_PIXELS = 30

_MEANING = {
    "HOT": "dark rate above the threshold",
    "NONLINEAR": "not proportional to exposure time: no scaled dark removes it; masked",
    "TELEGRAPH": "equal frames scatter more than their noise: the dark current changes by itself",
    "SATURATED": "every frame of an exposure time saturated",
    "UNRELIABLE_DARK": "hot, but too faint for a test: a departure of {tolerance} would be lost in its noise; not "
    "masked for that",
    "UNRELIABLE_ERROR": "noisier to read than the sensor's other pixels, or its reading jumps; not masked for that",
    "OTHER_BAD_PIXEL": "in a bad column or row, and not masked for another reason",
    "DO_NOT_USE": "masked, for one of the flags above or for want of a usable sample",
}


def page(title, results, failures, unusable, version, command="", intro=""):
    """HTML of a report on one folder, with the heading ``title`` and the text ``intro`` below.

    ``results``, ``failures`` and ``unusable`` are those of `ccdproc_darks.report.run.make_report`; ``command`` made the
    report, with the ``version`` of the package.
    """
    parts = [f"<h1>{escape(title)}</h1>", f"<p class=dim>ccdproc_darks {escape(version)}. {escape(command)}</p>"]
    parts += [f"<p>{escape(intro)}</p>"] if intro else []
    parts += [f"<p class=note>{escape(name)}: not measured. {escape(reason)}</p>" for name, reason in failures]
    parts += _verdict(results)
    for folder, measured in results:
        parts += _group(folder, measured)
    if unusable:
        parts.append("<h2>Files not used</h2>")
        parts.append(table(("file", "reason"), [(item.name, item.reason) for item in unusable], left=2))
    return document(title, parts)


def _group(folder, measured):
    group, mask = measured.group, measured.mask
    yield f"<h2>{escape(group.title)}</h2>"
    yield f"<p>{_one_line(measured)}</p>"
    if group.origin:
        yield f"<p>{escape(group.origin)}</p>"
    for note in untold(measured.notes, measured.findings):
        yield f"<p class=note>{escape(note)}</p>"
    yield "<h3>Dark rate</h3>"
    rows = [
        (label, str(frames), f"{typical:.4g}", "" if error is None else f"{error:.2g}", str(saturated))
        for label, frames, typical, error, saturated in rate_rows(measured)
    ]
    yield table(("exposure time", "frames", "typical rate (electron/s)", "its error", "no usable sample"), rows)
    if any(error is not None for *_, error, _ in rate_rows(measured)):
        yield (
            "<p class=dim>The typical rate is the median of the pixels' true rates: noise is taken off. Its error "
            "includes the noise of the pixels, the differences between them, and the drift of the bias level from "
            "frame to frame, as far as equal frames show it. Where the exposure times disagree by more than their "
            "errors, all errors are larger by one factor. The error of the gain is not in it.</p>"
        )
    if measured.has_bias and "DKLEVERR" not in measured.rate.meta:
        yield (
            "<p class=dim>No two frames of one exposure time show how far the levels of frames drift: the errors are "
            "lower limits.</p>"
        )
    yield "<h3>Flags</h3>"
    yield f"<p>{_threshold(mask)}</p>"
    tolerance = f"{100 * mask.meta['DKTOLER']:g} % of its rate"
    rows = [
        (
            name,
            _MEANING[name].format(tolerance=tolerance),
            "not tested" if count is None else str(count),
            "" if count is None else f"{100 * count / mask.data.size:.3g} %",
        )
        for name, count in flag_counts(mask).items()
    ]
    yield table(("flag", "meaning", "pixels", "of all"), rows, left=2)
    if measured.needs_map:
        yield f"<p class=note>{escape(NOT_BELIEVED)}.</p>"
    if measured.significance is None:
        yield (
            "<p class=dim>Nothing shows that the hot pixels of this group are proportional to exposure time: they are "
            "all masked, as are saturated ones.</p>"
        )
    else:
        yield (
            "<p class=dim>Masked is what is NONLINEAR, TELEGRAPH, SATURATED, OTHER_BAD_PIXEL or without a usable "
            "sample. A hot pixel that is proportional is <em>not</em>: subtracting a scaled dark removes it.</p>"
        )
        if untested := mask.meta.get("NNOTEST"):
            share = 100 * untested / mask.data.size
            yield (
                f"<p class=dim>{untested} pixels that are not hot ({share:.3g} %) could not be tested: their dark "
                "electrons are too few to show a departure of the tolerance. That is normal, and harmless: so few "
                "electrons matter little in a science frame. They are not flagged for it.</p>"
            )
    if measured.limit is not None:
        yield f"<p>{escape(str(measured.limit))}</p>"
    if measured.truth is not None:
        yield from _truth(measured.truth)
    if measured.pairs:
        yield "<h3>Each exposure time against the longest</h3>"
        rows = [
            (
                f"{pair.short:g} s : {pair.long:g} s",
                f"{pair.offset:+.2f}",
                "" if pair.width is None else f"{pair.width:.3f}",
                "too few pixels" if pair.ratio_pixels < _LEAST_PIXELS else f"{pair.ratio:.4f}",
                str(pair.ratio_pixels),
            )
            for pair in measured.pairs
        ]
        low, high = BRIGHT
        yield table(
            (
                "pair",
                "common offset (electron)",
                "width of significance",
                f"median ratio, {low:g} to {high:g} electron/s",
                "pixels",
            ),
            rows,
        )
        yield (
            "<p class=dim>The offset is the drift of the bias level between the sets; it is removed before the test. A "
            "width of 1 says that the noise is understood; a ratio of 1 that well-measured pixels are proportional.</p>"
        )
    for caption, figure in draw_all(measured):
        text = escape(caption)
        image = f'<img alt="{text}" src="data:image/png;base64,{as_png(figure)}">'
        yield f"<figure>{image}<figcaption>{text}</figcaption></figure>"
    yield "<h3>Reduce science frames</h3>"
    yield (
        "<p class=dim>In the folder of this page, with a raw frame <code>science.fits</code>, or several. What is left "
        "is without bias and dark current, and has an uncertainty. The masked pixels of mask.fits are masked in it. Of "
        "these, NONLINEAR pixels do get a dark, predicted from their own counts, but its error is large: leave out the "
        "line with <code>hot.mask</code> to keep them. A pixel of which no dark can be predicted stays masked.</p>"
    )
    lines = "\n".join(map(escape, reduction_lines(folder, measured)))
    yield f"<pre><code>{lines}</code></pre>"


def _verdict(results):
    """What is wrong and doubtful in each group, and what to do; all checks folded below."""
    several = len(results) > 1
    for _, measured in results:
        title = f"{escape(measured.group.title)}: " if several else ""
        bad = doubts(measured.findings)
        yield f"<section class='verdict {bad[0].verdict if bad else 'ok'}'>"
        yield f"<p><strong>{title}{escape(verdict_sentence(measured.findings, measured.settled))}</strong></p>"
        if bad:
            items = (
                f"<li><strong class={one.verdict}>{one.verdict}</strong> ({one.check}): {escape(one.sentence)}.</li>"
                for one in bad
            )
            yield f"<ul>{''.join(items)}</ul>"
        rows = [
            (one.check, one.verdict, as_text(one.found), as_text(one.told), one.sentence) for one in measured.findings
        ]
        yield "<details><summary>All checks</summary>"
        yield table(("check", "verdict", "found", "told", "what it is"), rows, left=5)
        yield "</details></section>"


def _truth(truth):
    yield "<h3>Against the truth</h3>"
    first, *_ = truth.sentences()
    yield f"<p>These frames are simulated, and the truth is known: {escape(first)}.</p>"
    rows = [
        (
            score.name,
            str(score.planted),
            str(score.found),
            f"{score.precision:.4f}" if score.found else "",
            f"{score.recall:.4f}" if score.planted else "",
            str(score.clear),
            f"{score.clear_recall:.4f}" if score.clear else "",
        )
        for score in truth.scores
    ]
    yield table(("flag", "planted", "found", "precision", "recall", "stand out", "recall of these"), rows)
    yield (
        "<p class=dim>Recall is the part of the planted pixels that was found. Many departures are smaller than the "
        "tolerance, lost in the noise, or saturated; those that stand out are larger than the tolerance and 8 sigma. "
        "Precision is the part of the pixels found that is right: planted, above the threshold for another reason "
        "(glow), or telegraph pixels, which no scaled dark removes.</p>"
    )


# Scatter of good pixels over their noise from which on it is told why.
_DIFFER = 1.1
# Where the saturation level is from, by DKSATSRC.
_SATURATION_SOURCES = {
    "argument": "as given",
    "header": "from the headers",
    "ADC": "the highest value of these integers; if the sensor clips lower, tell by --saturation",
    "found": "found: brighter pixels read no more",
}


def _one_line(measured):
    meta = measured.rate.meta
    used = counted(sum(len(frames) for _, frames in measured.exposures), "dark")
    parts = [f"{used} of {counted(len(measured.exposures), 'exposure time')} used"]
    if measured.bias is not None:
        parts[0] += f", and {counted(measured.bias.meta['NCOMBINE'], 'bias frame')}"
    if "DKGAIN" in meta:
        error = measured.camera.gain_error
        error = "" if error is None else f" +- {error.value:.2g}"
        parts.append(f"Gain {meta['DKGAIN']:.4g}{error} electron/adu ({measured.camera.gain_source})")
    if "DKRDNOI" in meta:
        noise = f"Read noise {meta['DKRDNOI']:.4g} electron ({measured.noise_source})"
        if measured.bias_noise is not None and "bias" not in measured.noise_source:
            noise += f"; the bias frames scatter by {measured.bias_noise:.4g}"
        parts.append(noise)
    unit = measured.group.darks[0].file.unit
    if "DKSATUR" in meta:
        parts.append(f"Saturated from {meta['DKSATUR']:.5g} {unit} ({_SATURATION_SOURCES[meta['DKSATSRC']]})")
    return escape(". ".join(parts) + ".")


def _threshold(mask):
    meta = mask.meta
    text = f"A pixel above {meta['DKTHRESH']:.4g} electron/s is hot"
    if "DKTYPIC" in meta:
        differ = " (their dark rates differ, on a CMOS sensor by much)" if meta["DKHOTWID"] > _DIFFER else ""
        text += (
            f": a typical pixel has {meta['DKTYPIC']:.4g} ± {meta['DKTYPERR']:.2g}, good pixels scatter "
            f"{meta['DKHOTWID']:.2f} times as much as their noise{differ}, and {_expected(meta)} expected above the "
            "threshold"
        )
    return escape(text + ".")


def _expected(meta):
    if "DKFDR" in meta:
        return f"{100 * meta['DKFDR']:g} % of the pixels flagged are good ones that are"
    number = f"{meta['DKFALSE']:g}"
    return "1 good pixel is" if number == "1" else f"{number} good pixels are"
