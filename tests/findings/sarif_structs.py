"""SARIF 2.1.0's requirements for the parts that asynclab writes: names, types and required properties.

From the schema at https://docs.oasis-open.org/sarif/sarif/v2.1.0/; a property that isn't here is refused.
"""

from typing import Annotated, Any, Literal

import msgspec

Level = Literal["none", "note", "warning", "error"]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class _Part(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A part of a SARIF log."""


class Message(_Part):
    text: Annotated[str, msgspec.Meta(min_length=1)]


class MultiformatMessage(_Part):
    text: Annotated[str, msgspec.Meta(min_length=1)]
    markdown: str = ""


class ArtifactLocation(_Part):
    uri: Annotated[str, msgspec.Meta(pattern=r"^(file://(?=/))?[A-Za-z0-9._~%/+@!$&'()*,;=-]+$")]
    uri_base_id: str | None = None


class Region(_Part):
    start_line: Positive
    snippet: Message | None = None


class PhysicalLocation(_Part):
    artifact_location: ArtifactLocation
    region: Region


class Location(_Part):
    physical_location: PhysicalLocation | None = None
    message: Message | None = None


class ThreadFlowLocation(_Part):
    location: Location


class ThreadFlow(_Part):
    message: Message
    locations: Annotated[list[ThreadFlowLocation], msgspec.Meta(min_length=1)]


class CodeFlow(_Part):
    thread_flows: Annotated[list[ThreadFlow], msgspec.Meta(min_length=1)]


class Result(_Part):
    rule_id: str
    rule_index: Annotated[int, msgspec.Meta(ge=0)]
    level: Level
    message: Message
    locations: list[Location]
    partial_fingerprints: dict[str, str]
    properties: dict[str, Any]
    code_flows: list[CodeFlow] = []


class Configuration(_Part):
    level: Level


class ReportingDescriptor(_Part):
    id: str
    short_description: MultiformatMessage
    full_description: MultiformatMessage
    help: MultiformatMessage
    default_configuration: Configuration


class ToolComponent(_Part):
    name: str
    semantic_version: str
    rules: list[ReportingDescriptor]


class Tool(_Part):
    driver: ToolComponent


class Notification(_Part):
    level: Level
    message: Message


class Invocation(_Part):
    execution_successful: bool
    tool_execution_notifications: list[Notification]
    properties: dict[str, Any]


class Run(_Part):
    tool: Tool
    column_kind: Literal["utf16CodeUnits", "unicodeCodePoints"]
    invocations: list[Invocation]
    results: list[Result]


class Log(_Part):
    schema: str = msgspec.field(name="$schema")
    version: Literal["2.1.0"]
    runs: Annotated[list[Run], msgspec.Meta(min_length=1)]
