"""Decides which findings are reported: some are allowed, some are known, and some are only likely."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from os.path import isabs, join, normpath
from typing import Literal, TypeAlias

from asynclab.findings.catalogue_of_rules import RULES
from asynclab.findings.known_bugs import KnownBug, known_as
from asynclab.findings.rule import Finding
from asynclab.findings.source_code import Sources, text_on_disk

ANY = "any"
"""The name that means all rules."""

NAMES = frozenset({ANY, *(rule.name for rule in RULES)})

Verdict: TypeAlias = Literal["told", "allowed", "known", "likely"]
"""The decision on a finding: reported ("told"), or left out since it is allowed, in the baseline, or only likely."""

_COMMENT = re.compile(r"#\s*asynclab\s*:\s*allow\b\s*(.*)")
_WORD = re.compile(r"\s*([\w-]+)\s*(,?)")


@dataclass(frozen=True, slots=True)
class Allowance:
    """Allows the findings of a rule everywhere, in a file, or in one line."""

    rule: str
    """The rule's name, or "any"."""
    file: str = ""
    """A path or its last parts, perhaps with * and ?; empty for all files."""
    line: int = 0
    """The number of the line, from 1; 0 for all lines."""

    def covers(self, finding: Finding, folder: str) -> bool:
        """Whether it allows a finding. Paths that begin with a dot are relative to `folder`."""
        if self.rule not in (ANY, finding.rule):
            return False
        if not self.file:
            return True
        if finding.place is None:
            return False
        file, line = finding.place
        return self.line in (0, line) and self._is_path_of(normpath(join(folder, file)), folder)

    def _is_path_of(self, file: str, folder: str) -> bool:
        if isabs(self.file) or self.file.startswith(("./", "../")):
            wanted = normpath(join(folder, self.file))
            return file == wanted or fnmatchcase(file, wanted)
        return file.endswith(f"/{self.file}") or fnmatchcase(file, f"*/{self.file}")


def check_rule(name: str) -> str:
    """The name of a rule, or "any".

    Raises:
        ValueError: No rule has this name; the message suggests a similar one.
    """
    if name not in NAMES:
        close = get_close_matches(name, NAMES, n=1)
        meant = f" (do you mean '{close[0]}'?)" if close else ""
        raise ValueError(f"there is no rule '{name}'{meant}; asynclab rules lists all")
    return name


def parse_allowance(text: str) -> Allowance:
    """Parse an allowance, such as "deadlock:app.py:12".

    Raises:
        ValueError: It is malformed, or names no rule; the message says why.
    """
    rule, colon, where = text.partition(":")
    check_rule(rule)
    if not colon:
        return Allowance(rule)
    file, colon, line = where.rpartition(":")
    if not colon:
        file, line = where, ""
    if not file or (colon and not (line.isdecimal() and int(line))):
        raise ValueError(f"'{text}' is not RULE, RULE:FILE or RULE:FILE:LINE")
    return Allowance(rule, file, int(line or 0))


class FindingFilter:
    """Decides which findings are reported."""

    def __init__(
        self,
        folder: str,
        *,
        allowances: Collection[Allowance] = (),
        baseline: Collection[KnownBug] = (),
        likely: bool = False,
        sources: Sources | None = None,
    ) -> None:
        """Judge findings.

        Args:
            folder: The project's folder; paths in allowances and in the baseline are relative to it.
            allowances: Allows findings in addition to the comments in the code.
            baseline: The bugs that are already known.
            likely: Whether likely findings are reported.
            sources: The program's source files; None for files on the disk.
        """
        self._folder = folder
        self._allowances = tuple(allowances)
        self._baseline = frozenset(baseline)
        self._likely = likely
        self.sources = sources or Sources(text_on_disk)
        self.complaints: dict[str, None] = {}
        """Errors in the comments that were read, one line each; the values are None."""

    def verdict(self, finding: Finding) -> Verdict:
        """The decision on a finding."""
        by_option = any(allowance.covers(finding, self._folder) for allowance in self._allowances)
        if by_option or not {ANY, finding.rule}.isdisjoint(self._allowed_by_comments(finding)):
            return "allowed"
        if self._baseline and self.known_as(finding) in self._baseline:
            return "known"
        return "likely" if finding.certainty == "likely" and not self._likely else "told"

    def known_as(self, finding: Finding) -> KnownBug:
        """The key that recognises a finding."""
        return known_as(finding, self._folder, self.sources)

    def _allowed_by_comments(self, finding: Finding) -> Iterator[str]:
        source = None if finding.place is None else self.sources[finding.place[0]]
        if finding.place is None or source is None:
            return
        file, line = finding.place
        for number, comment in source.comments(line):
            found = _COMMENT.search(comment)
            if found is not None:
                names, unknown = _names_in(found[1])
                yield from names
                if unknown is not None:
                    said = f"there is no rule '{unknown}'" if unknown else "it names no rule"
                    self.complaints[f"{file}:{number}: the comment that allows has no effect: {said}"] = None


def _names_in(text: str) -> tuple[list[str], str | None]:
    """The rules that a comment lists, and the first word that should be a rule but isn't; a reason may follow."""
    names: list[str] = []
    begin, must_follow = 0, True
    while (word := _WORD.match(text, begin)) and word[1] in NAMES:
        names.append(word[1])
        begin, must_follow = word.end(), bool(word[2])
    return names, (word[1] if word else "") if must_follow else None
