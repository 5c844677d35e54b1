"""Words rows, their totals and the URLs that a text holds, each in a line."""

from __future__ import annotations

from asynclab.fetch.rows import Row, RowState
from asynclab.fetch.totals import Totals
from asynclab.fetch.urls import Found
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
"""Each one cell wide."""


def counts_of(found: Found) -> list[str]:
    """What was found in a text, such as "RSS: 12 URLs", "3 duplicates" and "2 lines ignored"."""
    format_told = "" if found.taken_for in ("", "text") else f"{found.taken_for}: "
    counts = [format_told + plural(len(found.urls), "URL")]
    if found.duplicates:
        counts.append(plural(found.duplicates, "duplicate"))
    if found.ignored_count:
        counts.append(f"{plural(found.ignored_count, 'line')} ignored")
    if found.left_out:
        counts.append(f"{found.left_out:,} left out (limit {len(found.urls):,})")
    return counts


def row_line(row: Row) -> str:
    """A row that has ended as a line of columns; nothing in it is for a terminal to obey."""
    size = size_text(row.wire) if row.status is not None else ""
    seconds = f"{row.elapsed(0.0):.2f} s" if row.started_at is not None else ""
    said = one_line(row.title) if row.state == "ok" else row.sentence
    status = row.status if row.status is not None else ""
    url = one_line(row.url, 2_000)
    return f"{GLYPHS[row.state]} {row.outcome:<17}{status:>4}{size:>9}{seconds:>9}  {url}  {said}".rstrip()


def totals_line(totals: Totals) -> str:
    """How far everything is, in one line."""
    counts = totals.counts
    parts = [f"{totals.ended:,} of {totals.rows:,} done"]
    parts += [f"{counts[state]:,} {word}" for state, word in _WORDS.items() if counts[state]]
    parts += [size_text(totals.wire), rate_text(totals.rate)]
    return ", ".join(parts)


def summary_line(totals: Totals) -> str:
    """What everything came to, in one line."""
    counts = totals.counts
    ended = [f"{counts['ok']:,} ok", f"{counts['failed']:,} failed"]
    if counts["cancelled"]:
        ended.append(f"{counts['cancelled']:,} cancelled")
    return (
        f"{plural(totals.rows, 'URL')}: {', '.join(ended)}, {size_text(totals.wire)}. "
        f"One after another this would have taken {totals.one_by_one:.1f} s; it took {totals.took:.1f} s."
    )


_WORDS: dict[RowState, str] = {"failed": "failed", "running": "in flight", "retrying": "retrying"}
