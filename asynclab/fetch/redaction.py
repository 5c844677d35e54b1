"""Recognises headers and URL parameters that hold secrets, and hides their values."""

from __future__ import annotations

import re
from urllib.parse import unquote

from asynclab.fetch.address import HIDDEN, redacted

_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|credential|signature|cookie|sess(?:ion|id)|jwt|bearer|hmac|[cx]srf"
    r"|authori[sz]ation|authentication|auth(?![a-z])|(?:access|api|private)[-_]?key|key(?![a-z])"
    r"|(?<![a-z])(?:pass|pat|psk|sas|sid|sig|otp)(?![a-z])",
    re.IGNORECASE,
)
_PUBLIC_NAME = re.compile(
    r"access-control-.*|(?:.*-)?(?:surrogate|cache|idempotency|websocket)-key|public-key-pins.*", re.IGNORECASE
)
"""Names that look secret but aren't: their values show how a page is cached, for example."""

_SECRET_VALUE = re.compile(
    r"\s*(?:Basic|Bearer|Digest|Negotiate|NTLM|Token|AWS4-HMAC-SHA256)\s+\S"
    r"|.*?(?:\beyJ[\w-]{6,}\.[\w-]+\.|\b(?:gh[oprsu]|github_pat|glpat|xox[abeoprs]|[prs]k)[-_]\w{8,}|\bAKIA[0-9A-Z]{12,})",
    re.IGNORECASE | re.DOTALL,
)
"""Credentials, recognised by their scheme, as a JSON Web Token, or by a service's prefix for tokens."""

_PARAMETER = re.compile(r"(?<=[?&;#])([^=&;#?/\s]{1,100})=([^&;#\s\"'<>]+)")


def redacted_header(name: str, value: str) -> str:
    """The value of a header, without secrets."""
    if name.lower() == "set-cookie":
        cookie, semicolon, rest = value.partition(";")
        return f"{cookie.partition('=')[0]}={HIDDEN}{semicolon}{rest}"
    if is_secret(name):
        return HIDDEN
    # A server's challenge names a scheme, too, but holds no secret.
    if not name.lower().endswith("-authenticate") and _SECRET_VALUE.match(value):
        return HIDDEN
    return redacted_url(value)


def redacted_url(text: str) -> str:
    """A URL, or a text that contains URLs, with their user names, passwords and secret parameters hidden."""
    return _PARAMETER.sub(_hide_parameter, redacted(text)) if "=" in text else redacted(text)


def is_secret(name: str) -> bool:
    """Whether a header or a URL parameter with this name holds a secret."""
    return _SECRET_NAME.search(name) is not None and _PUBLIC_NAME.fullmatch(name) is None


def _hide_parameter(match: re.Match[str]) -> str:
    return f"{match[1]}={HIDDEN}" if is_secret(unquote(match[1])) else match[0]
