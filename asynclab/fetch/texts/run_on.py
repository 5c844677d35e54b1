"""Finds where Chinese, Japanese or Korean text begins that follows a URL without a space."""

from __future__ import annotations

import re

LETTER = r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_IS_LETTER = re.compile(LETTER)
_RUN_ON = re.compile(rf"{LETTER}(?:(?<=[A-Za-z0-9].)|(?<=[^/]/を)|(?<=[^/]/で)(?:す|した)(?!\w))")
"""Matches where this text may begin. After a slash, it is more likely a name in the path, if it can be one."""
_HOST = re.compile(rf"https?://[A-Za-z0-9.-]*\.[A-Za-z]{{2,}}(?::\d+)?(?={LETTER})", re.IGNORECASE)
"""Matches a complete host: no top-level domain mixes Latin letters with these."""
_AFTER_FILE = re.compile(
    rf"\.(?:[sx]?html?|php|aspx?|jspx?|pdf|docx?|xlsx?|pptx?|txt|md|csv|json|xml|png|jpe?g|gif|svg|webp|zip|gz|exe|mp[34])"
    rf"(?={LETTER})",
    re.IGNORECASE,
)
_AFTER_SLASH = re.compile(rf"(?<!/)/(?=を{LETTER}*\Z|(?:です|でした)\Z)")
_ENDS_SENTENCE = re.compile(r"(?:ください|下さい|です|ます|ました|でした|ません)\Z")
_PARTICLE = re.compile(
    r"(?<=[A-Za-z0-9])(?:을|를|은|는|이|가|에|에서|에는|로|으로|와|과|의|도|까지|부터|입니다|이고|이며)\Z"
)
"""Matches particles that Korean adds to a word without a space."""


def may_run_on(text: str) -> bool:
    """Whether a letter of these scripts follows a Latin letter or a digit."""
    return not text.isascii() and _RUN_ON.search(text) is not None


def text_at(line: str, start: int, end: int) -> str:
    """The text between two offsets, up to the next URL, if it begins in one of these scripts; otherwise empty."""
    following = line.find("http", start, end)
    return line[start : following if following >= 0 else end] if _IS_LETTER.match(line, start, end) else ""


def end_before_text(url: str, before: str) -> int:
    """The offset at which a URL ends and such text begins; the URL's length if none follows.

    `before` is the character before the URL. Certainty is impossible: `/wiki/C语言` is a URL, too. So the URL ends only
    after a complete host or file name, before text that ends a sentence, or if no space is before the URL either.
    """
    if not _RUN_ON.search(url):
        return len(url)
    for certain in (_HOST.match(url), _AFTER_FILE.search(url), _AFTER_SLASH.search(url, 8), _PARTICLE.search(url)):
        if certain:
            return certain.start() if certain.re is _PARTICLE else certain.end()
    text = _RUN_ON.search(url)
    if text and (_IS_LETTER.match(before) or _ENDS_SENTENCE.search(url)):
        return text.start()
    return len(url)
