"""Formats rows, their totals and the URLs found in a text, each as one line."""

from __future__ import annotations

from asynclab.fetch.rows import Row, RowState
from asynclab.fetch.totals import Totals
from asynclab.fetch.urls import FoundUrls
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural, rate_text, size_text

GLYPHS: dict[RowState, str] = {
    "queued": "…",
    "running": "►",
    "retrying": "↻",
    "ok": "✓",
    "failed": "✗",
    "cancelled": "⊘",
}
"""Each glyph is one cell wide."""


def named_counts(found: FoundUrls) -> list[str]:
    """The counts of `counts_of`, the first with the detected format, such as "RSS: 12 URLs"."""
    first, *others = counts_of(found)
    return [first if found.taken_for in ("", "text") else f"{found.taken_for}: {first}", *others]


def counts_of(found: FoundUrls) -> list[str]:
    """What was found in a text, such as "12 URLs", "3 duplicates" and "2 lines ignored"."""
    counts = [plural(len(found.urls), "URL")]
    if found.duplicates:
        counts.append(plural(found.duplicates, "duplicate"))
    if found.ignored_counts:
        counts.append(", ".join(plural(count, reason) for reason, count in found.ignored_counts) + " ignored")
    if found.left_out:
        counts.append(f"{found.left_out:,} left out (limit {len(found.urls):,})")
    return counts


def row_line(row: Row) -> str:
    """A row that has ended, as a line of columns, without characters that control a terminal."""
    size = size_text(row.wire) if row.status is not None else ""
    seconds = f"{row.elapsed(0.0):.2f} s" if row.started_at is not None else ""
    said = one_line(row.page.title) if row.state == "ok" else row.sentence
    status = row.status if row.status is not None else ""
    url = one_line(row.url, 2_000)
    return f"{GLYPHS[row.state]} {row.outcome:<17}{status:>4}{size:>9}{seconds:>9}  {url}  {said}".rstrip()


def totals_line(totals: Totals) -> str:
    """The progress of all rows, in one line."""
    counts = totals.counts
    parts = [f"{totals.ended:,} of {totals.rows:,} done"]
    parts += [f"{counts[state]:,} {word}" for state, word in _WORDS.items() if counts[state]]
    parts += [size_text(totals.wire), rate_text(totals.rate)]
    return ", ".join(parts)


def summary_line(totals: Totals) -> str:
    """The final totals, in one line."""
    counts = totals.counts
    ended = [f"{counts['ok']:,} ok", f"{counts['failed']:,} failed"]
    if counts["cancelled"]:
        ended.append(f"{counts['cancelled']:,} cancelled")
    times, faster = comparison(totals)
    time = f"{times[0].upper()}{times[1:]}{faster}" if times else f"Took {seconds_text(totals.took)}"
    return f"{plural(totals.rows, 'URL')}: {', '.join(ended)}, {size_text(totals.wire)}. {time}."


def comparison(totals: Totals) -> tuple[str, str]:
    """The time that concurrency saved: both times, and how much faster it was; empty if unknown.

    Only rows that finished in this run count. It is unknown if the clock was paused or changed.
    """
    if not (totals.together and totals.one_by_one and totals.is_real_time):
        return "", ""
    times = totals.one_by_one / totals.together
    return (
        f"sequential {seconds_text(totals.one_by_one)}, concurrent {seconds_text(totals.together)}",
        f": {times:.1f}× faster" if times >= 1.05 else "",
    )


def seconds_text(seconds: float) -> str:
    """Seconds as text, such as "1.5 s"."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


_WORDS: dict[RowState, str] = {"failed": "failed", "running": "in flight", "retrying": "retrying"}
