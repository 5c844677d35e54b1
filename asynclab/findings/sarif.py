"""Writes findings as SARIF 2.1.0, a format that code hosts and editors read.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from os.path import isabs
from typing import Any
from urllib.parse import quote

from asynclab.findings.catalogue_of_rules import RULES
from asynclab.findings.findings_report import FindingsReport, Flow, FlowStep, ToldFinding, missing
from asynclab.findings.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

FINGERPRINT = "asynclab/v1"
"""The name of the fingerprint's method; another method gets another number."""

ROOT = "%SRCROOT%"
"""The base of relative paths, under the name that code hosts know: the folder in which the program ran."""

_INDEX = {rule.name: index for index, rule in enumerate(RULES)}


def sarif_log(report: FindingsReport) -> dict[str, Any]:
    """A report as a SARIF log with one run."""
    driver = {"name": "asynclab", "semanticVersion": report.asynclab, "rules": [_rule(rule) for rule in RULES]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [_result(finding, report) for finding in report.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary} {rule.why}"},
        "help": {"text": f"{rule.why} {rule.mend}", "markdown": f"{rule.why}\n\n{rule.mend}"},
        "defaultConfiguration": {"level": "error"},
    }


def _invocation(report: FindingsReport) -> dict[str, Any]:
    """Whether asynclab could observe the program; the program's own exit code is only an extra property."""
    level = "warning" if report.observed else "error"
    return {
        "executionSuccessful": report.observed,
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": f"Findings may be missing: {why}."}} for why in missing(report)
        ],
        "properties": {"programExitCode": report.exit_code},
    }


def _result(finding: ToldFinding, report: FindingsReport) -> dict[str, Any]:
    file, line = (finding.file, finding.line) if finding.line else (report.file, report.line)
    place = _place(file, line, finding.code)
    result = {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": "error" if finding.certainty == "proved" else "warning",
        "message": {"text": f"{finding.text}."},
        "locations": [place] if place else [],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {"task": finding.task, "loop": finding.loop, "at": finding.at, "evidence": finding.evidence},
    }
    flows = [_thread_flow(flow) for flow in finding.flows if flow.steps]
    return result | {"codeFlows": [{"threadFlows": flows}]} if flows else result


def _thread_flow(flow: Flow) -> dict[str, Any]:
    return {"message": {"text": flow.task}, "locations": [{"location": _location(step, flow)} for step in flow.steps]}


def _location(step: FlowStep, flow: Flow) -> dict[str, Any]:
    when = "" if step.at is None else f" ({step.at:.3f} s)"
    name = f"'{flow.task}'"
    text = step.text if step.text.startswith(name) else f"{name}: {step.text}"
    return _place(step.file, step.line) | {"message": {"text": f"{text}{when}"}}


def _place(file: str | None, line: int | None, code: str = "") -> dict[str, Any]:
    """A line of a file; empty for code without a file, as with `python -c`."""
    if file is None or line is None or file.startswith("<"):
        return {}
    snippet = {"snippet": {"text": code}} if code else {}
    artifact = {"uri": f"file://{_quoted(file)}"} if isabs(file) else {"uri": _quoted(file), "uriBaseId": ROOT}
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line, **snippet}}}


def _quoted(path: str) -> str:
    return quote(path, errors="surrogateescape")
