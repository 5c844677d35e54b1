"""Turns errors and statuses into outcomes, each with a sentence, and decides which of them are retried and when."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime

import aiohttp

from asynclab.fetch.address import OtherSchemeError, redacted
from asynclab.fetch.options import Options
from asynclab.fetch.proxies import ProxyError
from asynclab.fetch.rows import Failure, FetchOutcome, Row
from asynclab.fetch.unpacking import CutShortError, TooLargeError, UnpackingError
from asynclab.model.text import one_line

_REASONS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ECONNRESET: "connection reset",
    errno.ETIMEDOUT: "timed out",
    errno.EMFILE: "too many open files and connections",
}

_TLS_REASONS = {
    r"certificate required": "the server asks for a client certificate",
    r"handshake failure": "no cipher in common, or the server asks for a client certificate",
    r"protocol version|unsupported protocol": "no version of TLS in common",
    r"unrecognized name": "the server has no certificate for this name",
    r"wrong version|too long|record layer": "the server answers, but not in TLS",
}
"""The meaning of OpenSSL's reasons, by a pattern that matches part of the reason."""

_NO_STATUS_LINE = re.compile(r"^Bad status line.*?b['\"](.*?)['\"]\n", re.DOTALL)
"""Matches aiohttp's message; lines that point to the error follow the first line."""

_LONG_LINE = re.compile(r"Got more than (\d+) bytes")
"""Matches aiohttp's message about a header that is too long."""


class SavingError(Exception):
    """A body could not be written to its file."""


def failure_of_status(status: int, reason: str, retry_header: str | None) -> Failure:
    """The failure for a status of 400 or more, or below 200: we ask for no interim answer."""
    words = f"{status:03} {one_line(reason, 60)}".rstrip()
    if status < 200:
        return Failure("invalid", f"Invalid answer: {words}, which nobody asked for", status=status)
    passes = status in PASSING_STATUSES
    wait = retry_after(retry_header)
    if status == 429:
        return Failure("rate_limited", f"Rate limited: {words}", passes, status, wait)
    if status == 407:
        return Failure("refused", f"The proxy refused: {words}", passes, status, wait)
    return Failure("http_error", f"The server answered {words}", passes, status, wait)


def failure_of_size(options: Options) -> Failure:
    """The failure for a body that exceeds the limit."""
    return Failure("truncated", f"Larger than {options.max_bytes:,} bytes: the rest was not read")


def failure_of_fragments(missing: Sequence[str]) -> Failure | None:
    """The failure for a page that lacks anchors; None if it lacks none."""
    if not missing:
        return None
    names = ", ".join(f"#{one_line(name, 60)}" for name in missing[:5])
    more = f" and {len(missing) - 5:,} more" if len(missing) > 5 else ""
    return Failure("missing_fragment", f"The page has no {names}{more}, unless a script makes it")


def failure_of_error(error: Exception, row: Row, options: Options, refused: str) -> Failure:
    """The failure for an exception, or for a `refused` private address; the row shows how far the request had come."""
    if refused:
        return Failure("blocked", f"{refused} is not a public address")
    for kinds, explain in _EXPLAINED:
        if isinstance(error, kinds):
            return explain(error, row, options)
    return _failed("incomplete", f"Failed: {type(error).__name__}", error)


def failure_of_redirect(error: ValueError) -> Failure:
    """The failure for a Location header that `asynclab.fetch.address.redirected` rejects."""
    if isinstance(error, OtherSchemeError):
        target = one_line(redacted(str(error)), 80)
        return Failure("blocked", f"Redirects to {target}, which is not an http or https URL")
    return Failure("invalid", f"Redirects to an invalid URL: it {error}")


def _timeout(error: Exception, row: Row, options: Options) -> Failure:
    if isinstance(error, aiohttp.ConnectionTimeoutError) or row.phase in ("dns", "tcp", "tls"):
        seconds = min(options.connect_timeout, options.timeout)
        what = "Connected, but no TLS" if row.phase == "tls" else "No connection"
        return Failure("timeout_connect", f"{what} within {seconds:g} s", passes=True)
    if row.phase == "download":
        return Failure("timeout_total", f"Not complete within {options.timeout:g} s")
    return Failure("timeout_read", f"Connected, but no answer within {options.timeout:g} s")


def _no_such_name(error: Exception, row: Row, options: Options) -> Failure:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    passes = isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN
    host = one_line(str(getattr(error, "host", row.host)), 80)
    return Failure("dns", f"No address found for {host}" + (" at the moment" if passes else ""), passes)


def _certificate(error: Exception, row: Row, options: Options) -> Failure:
    cause = getattr(error, "certificate_error", error)
    reason = getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or str(cause)
    return _failed("tls", "Certificate not trusted", reason)


def _tls(error: Exception, row: Row, options: Options) -> Failure:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    reason = str(getattr(cause, "reason", "") or cause).replace("_", " ").lower()
    said = next((words for part, words in _TLS_REASONS.items() if re.search(part, reason)), reason)
    return _failed("tls", "TLS failed", said)


def _no_proxy(error: Exception, row: Row, options: Options) -> Failure:
    return Failure("refused", str(error))


def _proxy(error: Exception, row: Row, options: Options) -> Failure:
    status = getattr(error, "status", None)
    return Failure("refused", "Can't reach the proxy" if status is None else f"The proxy refused: {status}")


def _not_connected(error: Exception, row: Row, options: Options) -> Failure:
    if row.phase == "tls":
        return Failure("tls", "TLS failed: the server broke off the handshake", passes=True)
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    number = getattr(cause, "errno", None)
    is_crowded = number in (errno.EMFILE, errno.ENFILE)
    passes = is_crowded or number in (errno.ECONNRESET, errno.ETIMEDOUT)
    said = os.strerror(number) if number and number > 0 else getattr(cause, "strerror", "") or str(cause)
    reason = _REASONS.get(number or 0, said)
    return _failed("refused", "Can't connect", reason, passes=passes, is_crowded=is_crowded)


def _no_answer(error: Exception, row: Row, options: Options) -> Failure:
    if isinstance(error.__cause__, ssl.SSLError):  # servers refuse a client after the handshake since TLS 1.3
        return _tls(error.__cause__, row, options)
    if row.phase == "download":
        return _broken_body(error, row, options)
    if getattr(error, "errno", None) == errno.ECONNRESET:
        return Failure("incomplete", "The server reset the connection before it had answered", passes=True)
    # aiohttp puts any headers it received into the error, or else a sentence.
    when = "without an answer" if isinstance(getattr(error, "message", ""), str) else "before its headers were complete"
    return Failure("incomplete", f"The server closed the connection {when}", passes=True)


def _bad_answer(error: Exception, row: Row, options: Options) -> Failure:
    message = str(getattr(error, "message", "") or error)
    if limit := _LONG_LINE.match(message):
        return Failure("invalid", f"Invalid answer: a header of more than {int(limit[1]):,} bytes")
    if sent := _NO_STATUS_LINE.search(message):
        return _failed("invalid", "Invalid answer, not HTTP/1.1", sent[1])
    return _failed("invalid", "Invalid answer", message.partition("\n")[0].partition(" when reading")[0].rstrip(": "))


def _bad_request(error: Exception, row: Row, options: Options) -> Failure:
    return _failed("invalid", "Invalid request", error)


def _broken_body(error: Exception, row: Row, options: Options) -> Failure:
    cause = error.__cause__
    said = str(cause).lower()
    if isinstance(cause, aiohttp.http.HttpProcessingError) and "not enough data" not in said:
        fault = "a trailer with Content-Length" if "content-length" in said else "malformed chunks"
        return Failure("invalid", f"Can't read the body: {fault}")
    of = f" of {row.expected:,}" if row.expected else ""
    return Failure("incomplete", f"Connection lost after {row.wire:,}{of} bytes", passes=True)


def _not_unpacked(error: Exception, row: Row, options: Options) -> Failure:
    if isinstance(error, TooLargeError):
        return failure_of_size(options)
    if isinstance(error, CutShortError):
        return Failure("incomplete", str(error), passes=True)
    return Failure("invalid", str(error))


def _not_saved(error: Exception, row: Row, options: Options) -> Failure:
    return _failed("incomplete", "Could not save the body", error)


def _failed(
    outcome: FetchOutcome, what: str, reason: object, *, passes: bool = False, is_crowded: bool = False
) -> Failure:
    said = one_line(redacted(str(reason)), 120)
    return Failure(outcome, f"{what}: {said}" if said else what, passes, is_crowded=is_crowded)


_EXPLAINED: tuple[tuple[tuple[type[Exception], ...], Callable[[Exception, Row, Options], Failure]], ...] = (
    ((SavingError,), _not_saved),
    ((UnpackingError,), _not_unpacked),
    ((asyncio.TimeoutError,), _timeout),
    ((ProxyError,), _no_proxy),
    ((aiohttp.ClientConnectorDNSError, socket.gaierror), _no_such_name),
    ((aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError), _certificate),
    ((aiohttp.ClientSSLError, ssl.SSLError), _tls),
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), _proxy),
    ((aiohttp.ClientConnectorError,), _not_connected),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError), _no_answer),
    ((aiohttp.ClientPayloadError,), _broken_body),
    ((aiohttp.ClientResponseError,), _bad_answer),
    ((ValueError,), _bad_request),
)
"""Explains each exception; the first match counts."""


BASE = 0.5
"""The longest wait before the first retry, in seconds; it doubles with each retry."""

LONGEST_BACKOFF = 30.0
"""Seconds."""

LONGEST_RETRY_AFTER = 60.0
"""The longest wait in seconds that a server's Retry-After can impose."""

PASSING_STATUSES = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses that may differ a moment later."""


def backoff(failures: int, chance: float) -> float:
    """Seconds to wait after this number of failures: full jitter, as in Amazon's "Exponential Backoff And Jitter".

    `chance` is a random number from 0 to 1.
    """
    return chance * min(LONGEST_BACKOFF, BASE * 2.0 ** (failures - 1))


def retry_after(text: str | None, now: float | None = None) -> float | None:
    """The wait in seconds that a Retry-After header asks for, capped; None if it has neither a number nor a date.

    `now` is in seconds since 1970; by default the current time.
    """
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        # The obsolete forms name no zone but mean GMT; a naive time would be read as local.
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(0.0, seconds - (time.time() if now is None else now)), LONGEST_RETRY_AFTER)
