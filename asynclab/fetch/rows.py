"""Holds the data of each fetched URL. A user interface may read it at any time.

Times are seconds of the clock that the fetch was given, sizes are bytes. Reason, headers, content type, title and body
are as the server sent them: pass them through `asynclab.model.text.clean` before you display them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from asynclab.fetch.body_text import Page

RowState: TypeAlias = Literal["queued", "running", "retrying", "ok", "failed", "cancelled"]

STATES: tuple[RowState, ...] = get_args(RowState)

FetchOutcome: TypeAlias = Literal[
    "ok",
    "http_error",
    "rate_limited",
    "timeout_connect",
    "timeout_read",
    "timeout_total",
    "deadline",
    "dns",
    "refused",
    "tls",
    "too_many_redirects",
    "blocked",
    "invalid",
    "truncated",
    "incomplete",
    "missing_fragment",
    "cancelled",
]
"""How a fetch ended."""

Phase: TypeAlias = Literal["queued", "dns", "tcp", "tls", "wait", "download"]

PHASES: tuple[Phase, ...] = get_args(Phase)
"""In the order in which they happen in an attempt."""


class PhaseTimes:
    """How long each phase of an attempt took; after redirects, the sum over all its requests."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun: list[tuple[Phase | None, float]] = []
        """Each phase with the time when it began. None instead of a phase means that the phase before it ended then."""

    @property
    def current(self) -> Phase | None:
        """The current phase; None before the first, and after the last."""
        return self._begun[-1][0] if self._begun else None

    @property
    def since(self) -> float:
        """When the current phase began."""
        return self._begun[-1][1] if self._begun else 0.0

    def enter(self, phase: Phase | None, now: float) -> None:
        """End the current phase, and begin another; None begins none."""
        self._begun.append((phase, now))

    def rename(self, phase: Phase) -> None:
        """Replace the current phase, because it turned out to be another one."""
        self._begun[-1] = (phase, self.since)

    def only_queued(self, now: float) -> PhaseTimes:
        """The phases of a new attempt: only the wait for its slot, which may have begun already."""
        fresh = PhaseTimes()
        fresh.enter("queued", self.since if self.current == "queued" else now)
        return fresh

    def spent(self, phase: Phase, now: float | None = None) -> float | None:
        """Seconds spent in a phase, up to `now` if it is the current one; None if the phase did not happen."""
        return dict(self.items(now)).get(phase)

    def items(self, now: float | None = None) -> list[tuple[Phase, float]]:
        """The phases that happened, in the order of `PHASES`, with their seconds."""
        spent: dict[Phase, float] = {}
        ends = [*(begun for _, begun in self._begun[1:]), now]
        for (phase, begun), ended in zip(self._begun, ends, strict=False):
            if phase is not None and ended is not None:
                spent[phase] = spent.get(phase, 0.0) + max(0.0, ended - begun)
        return [(phase, spent[phase]) for phase in PHASES if phase in spent]


@dataclass(frozen=True, slots=True)
class Hop:
    """An answer that redirected."""

    url: str
    """The URL that was requested, without credentials."""
    status: int
    address: str
    """The IP address that answered."""
    seconds: float
    """Seconds from the request to the answer."""
    fragment: str = ""
    """The text after # in the Location header."""


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """How the connection was encrypted."""

    version: str
    """Such as "TLSv1.3"."""
    cipher: str
    issuer: str
    """The organisation that issued the certificate."""
    expires: float | None
    """When the certificate expires, in seconds since 1970; None if it doesn't tell."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed."""

    outcome: FetchOutcome
    sentence: str
    """A sentence for users; one line, neutralised, without credentials."""
    passes: bool = False
    """Whether a retry may succeed."""
    status: int | None = None
    retry_after: float | None = None
    """Seconds that the server asks us to wait."""
    is_crowded: bool = False
    """Whether this machine ran out of files for open connections."""


def header_text(header: bytes) -> str:
    """The text of a header: decoded as UTF-8, or else as Latin-1, which older standards prescribe."""
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")


NO_PAGE = Page()
"""The page of every row without a body."""


@dataclass(slots=True, eq=False)
class Row:
    """One URL, its progress and its result."""

    number: int
    """Counts from 1 in the order of the list."""
    url: str
    """For display and exports: credentials are hidden."""
    target: str = field(repr=False)
    """The URL as given, with credentials."""
    sent: str = field(default="", repr=False)
    """The URL as sent; empty if it is invalid."""
    host: str = ""
    """Name and port."""
    count: int = 1
    """How many times the URL was in the text."""
    fragments: tuple[str, ...] = ()
    """The texts after # with which the URL was written."""

    state: RowState = "queued"
    version: int = 0
    """The version of the fetch at the last change of `state`. While a request runs, other fields change without it."""
    outcome: FetchOutcome | None = None
    """How the fetch ended; None before."""
    is_stopping: bool = False
    """Whether the row was cancelled, but its task has not ended yet."""
    sentence: str = ""
    """The outcome in words; one line, neutralised."""
    attempts: int = 0
    failures: tuple[Failure, ...] = ()
    """The failures of those attempts after which another attempt was made."""
    notes: tuple[str, ...] = ()
    """Further remarks for users; one neutralised line each."""

    phases: PhaseTimes = field(default_factory=PhaseTimes)
    """The phases of the current or last attempt."""
    started_at: float | None = None
    """When the first attempt got its slot."""
    attempt_at: float | None = None
    """When the current or last attempt got its slot."""
    ended_at: float | None = None
    expires_at: float | None = None
    """When the current attempt times out."""
    retry_at: float | None = None
    """When the next attempt begins; None unless the URL is retrying."""
    epoch: float = 0.0
    """When the current or last attempt began, in seconds since 1970."""

    method: str = ""
    effective_url: str = ""
    """The URL that sent the final answer, after redirects, without credentials."""
    status: int | None = None
    reason: str = ""
    http_version: str = ""
    """Such as "1.1"."""
    raw_headers: tuple[tuple[bytes, bytes], ...] = ()
    hops: tuple[Hop, ...] = ()
    address: str = ""
    """The IP address that answered."""
    tls: TlsFacts | None = None

    expected: int | None = None
    """The size of the packed body, if the server declared it."""
    wire: int = 0
    """Bytes of the body that were received, still packed."""
    decoded: int = 0
    """Bytes of the body, unpacked."""
    content_type: str = ""
    page: Page = NO_PAGE
    """The beginning of the body, with its charset and title."""
    body: bytes | None = field(default=None, repr=False)
    """The whole body, if it had to be kept."""
    saved: Path | None = None
    looked_for: tuple[str, ...] = ()
    """The fragments that were looked for in the page."""
    missing: tuple[str, ...] = ()
    """The fragments that the page doesn't have."""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers of the answer. They are decoded on demand, since users look at few of them."""
        return [(header_text(name), header_text(value)) for name, value in self.raw_headers]

    @property
    def phase(self) -> Phase | None:
        """The current phase."""
        return self.phases.current

    @property
    def retries(self) -> int:
        """Attempts after the first."""
        return max(0, self.attempts - 1)

    @property
    def has_ended(self) -> bool:
        """Whether the row is ok, failed or cancelled."""
        return self.outcome is not None

    @property
    def fraction(self) -> float | None:
        """The part of the body that was received, from 0 to 1; None if its size is unknown."""
        if self.outcome == "ok":
            return 1.0
        if not self.expected:
            return None
        return min(1.0, self.wire / self.expected)

    def elapsed(self, now: float) -> float:
        """Seconds since the row got its first slot, including waits between attempts; 0 before."""
        if self.started_at is None:
            return 0.0
        return max(0.0, (now if self.ended_at is None else self.ended_at) - self.started_at)

    def rate(self, now: float) -> float | None:
        """Bytes per second of the download; None without a download."""
        seconds = self.phases.spent("download", now)
        return self.wire / seconds if seconds else None

    def time_left(self, now: float) -> float | None:
        """Seconds until the current attempt times out; None without an attempt."""
        return None if self.expires_at is None else max(0.0, self.expires_at - now)
