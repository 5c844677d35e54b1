"""Tests the files with findings in each format, and that allowed and known findings are left out of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from click.testing import CliRunner, Result

from asynclab.cli.exit_codes import FAILED, FOUND
from asynclab.cli.findings_files import FindingsFiles
from asynclab.cli.findings_options import FindingsOptions, FindingsOutput
from asynclab.cli.main import main
from asynclab.cli.run_files import RunFiles
from asynclab.cli.run_on_screen import run_on_screen
from asynclab.cli.run_report import Report
from asynclab.findings import catalogue_of_rules
from asynclab.findings.findings_report import FindingsReport, FoundOnLoop
from asynclab.findings.rule import Finding, Rule
from asynclab.model.events import CoroutineDropped, EventsDropped
from asynclab.model.state import LabState
from asynclab.remote.launch import Target
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.wire import LoopEvents, LoopOpened, ProgramEnded, ProgramStarted
from asynclab.screens.run.live_program import LiveProgram
from tests.findings.sarif_structs import Log
from tests.raising import raising
from tests.remote.programs import Ran, observed
from tests.remote.test_hostile_recordings import EVIL, asked, events, is_harmless, recording

PROGRAM = """\
import asyncio

async def fail():
    raise ValueError("unseen")

async def main():
    asyncio.create_task(fail())
    fail()
    await asyncio.sleep(0.01)

asyncio.run(main())
print("bye")
raise SystemExit(7)
"""


@dataclass
class Recorded:
    """A program with two bugs that has run once, in a folder whose name needs quoting."""

    folder: Path
    ran: Ran

    def findings(self, *options: str, recording: str = "run.gz") -> Result:
        return CliRunner().invoke(main, ["findings", str(self.folder / recording), *options])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("my project") / "größe 100%"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "my app.py").write_text(PROGRAM)
    options = ("--findings", "json", "--findings", "sarif:out.sarif", "--findings", "text:out.txt")
    known = ("--write-baseline", "base.json")
    ran = observed(*options, *known, "--record", "run.gz", "--fail-on", "any", "src/my app.py", folder=folder)
    return Recorded(folder, ran)


@pytest.fixture(scope="module")
def report(recorded: Recorded) -> FindingsReport:
    return msgspec.json.decode(recorded.ran.out.splitlines()[-1], type=FindingsReport)


@pytest.fixture(scope="module")
def sarif(recorded: Recorded) -> Log:
    return msgspec.json.decode((recorded.folder / "out.sarif").read_bytes(), type=Log)


def test_json_is_the_last_line_and_tells_the_exit_code_of_the_program(
    recorded: Recorded, report: FindingsReport
) -> None:
    assert recorded.ran.out.splitlines()[0] == "bye"
    assert (report.program, report.exit_code, report.observed, report.events_lost) == ("my app.py", 7, True, 0)
    told = [(each.rule, each.file, each.line, each.function, each.code) for each in report.findings]
    assert told == [
        ("never-awaited", "src/my app.py", 8, "main", "fail()"),
        ("never-retrieved", "src/my app.py", 7, "main", "asyncio.create_task(fail())"),
    ]


def test_text_is_a_line_for_each_finding_as_compilers_write_it(recorded: Recorded) -> None:
    first, second = (recorded.folder / "out.txt").read_text().splitlines()
    assert first.startswith("src/my app.py:8: never-awaited: coroutine 'fail' was never awaited")
    assert second.startswith("src/my app.py:7: never-retrieved: 'fail-1'")


def test_sarif_has_the_structure_that_its_schema_demands(sarif: Log, report: FindingsReport) -> None:
    (run,) = sarif.runs
    assert [result.rule_id for result in run.results] == [each.rule for each in report.findings]
    assert [run.tool.driver.rules[result.rule_index].id for result in run.results] == [
        each.rule for each in report.findings
    ]
    assert [result.partial_fingerprints["asynclab/v1"] for result in run.results] == [
        each.fingerprint for each in report.findings
    ]
    assert (run.invocations[0].execution_successful, run.invocations[0].tool_execution_notifications) == (True, [])


def test_sarif_tells_places_from_the_working_directory_on_and_how_each_task_came_there(sarif: Log) -> None:
    result = sarif.runs[0].results[1]
    place = result.locations[0].physical_location
    assert place is not None
    assert (place.artifact_location.uri, place.artifact_location.uri_base_id) == ("src/my%20app.py", "%SRCROOT%")
    assert place.region.start_line == 7
    (thread,) = result.code_flows[0].thread_flows
    told = [step.location.message.text for step in thread.locations if step.location.message]
    assert [(text.startswith("'fail-1'"), text.count("'fail-1'")) for text in told] == [(True, 1), (True, 1)]


def test_what_is_written_as_baseline_fails_nothing_and_then_is_known(recorded: Recorded) -> None:
    base = str(recorded.folder / "base.json")
    assert recorded.ran.code == 7
    known = recorded.findings("--baseline", base, "--fail-on", "any")
    assert (known.exit_code, known.stdout, known.stderr) == (0, "", "asynclab: findings left out: 2 in the baseline\n")


def test_a_recording_tells_what_the_run_told_wherever_it_is_asked(
    recorded: Recorded, report: FindingsReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    again = msgspec.json.decode(recorded.findings("--findings", "json").stdout, type=FindingsReport)
    assert again == report


def test_a_recording_is_told_of_with_its_own_source(recorded: Recorded, report: FindingsReport) -> None:
    source = recorded.folder / "src" / "my app.py"
    with patch.object(Path, "read_bytes", side_effect=FileNotFoundError):
        again = msgspec.json.decode(recorded.findings("--findings", "json").stdout, type=FindingsReport)
    assert source.exists()
    assert [each.fingerprint for each in again.findings] == [each.fingerprint for each in report.findings]


@pytest.mark.parametrize(
    ("options", "rules", "said"),
    [
        (("--allow", "never-awaited"), ["never-retrieved"], "1 allowed"),
        (("--allow", "any"), [], "2 allowed"),
        (("--allow", "any:src/my app.py:7"), ["never-awaited"], "1 allowed"),
        (("--allow", "never-awaited:my app.py", "--allow", "never-retrieved:./src/*"), [], "2 allowed"),
        (("--allow", "any:other.py"), ["never-awaited", "never-retrieved"], ""),
    ],
)
def test_what_is_allowed_is_counted(recorded: Recorded, options: tuple[str, ...], rules: list[str], said: str) -> None:
    asked = recorded.findings(*options, "--fail-on", "any")
    assert [line.split(": ")[1] for line in asked.stdout.splitlines()] == rules
    assert asked.stderr == (f"asynclab: findings left out: {said}\n" if said else "")
    assert asked.exit_code == (FOUND if rules else 0)


def test_a_baseline_is_added_to_where_it_is_read_and_written(recorded: Recorded, tmp_path: Path) -> None:
    base = str(tmp_path / "base.json")
    recorded.findings("--write-baseline", base, "--allow", "never-awaited")
    recorded.findings("--baseline", base, "--write-baseline", base)
    assert [each["rule"] for each in json.loads(Path(base).read_text())["findings"]] == [
        "never-awaited",
        "never-retrieved",
    ]
    recorded.findings("--write-baseline", base, "--allow", "any")
    assert json.loads(Path(base).read_text()) == {"version": 1, "findings": []}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--findings", "xml"), "there is no format 'xml'; choose text, json, sarif"),
        (("--findings", "sarif:"), "'sarif:' lacks a file"),
        (("--fail-on", "deadlok"), "there is no rule 'deadlok' (do you mean 'deadlock'?); asynclab rules lists all"),
        (
            ("--allow", "deadlok:app.py"),
            "there is no rule 'deadlok' (do you mean 'deadlock'?); asynclab rules lists all",
        ),
        (("--allow", "deadlock:app.py:x"), "'deadlock:app.py:x' is not RULE, RULE:FILE or RULE:FILE:LINE"),
        (("--baseline", "missing.json"), "can't read 'missing.json': No such file or directory; --write-baseline"),
        (("--baseline", "."), "can't read '.': Is a directory"),
        (("--baseline", __file__), "is not a baseline"),
        (("--findings", "json:a", "--write-baseline", "a"), "'a' is named twice, and would be overwritten"),
    ],
)
@pytest.mark.parametrize("command", ["run", "findings"])
def test_nonsense_is_refused_in_one_line_before_anything_runs(
    command: str, options: tuple[str, ...], says: str
) -> None:
    asked = CliRunner().invoke(main, [command, *options, __file__])
    assert asked.exit_code == 2
    assert asked.stdout == ""
    assert asked.stderr.startswith("asynclab: ")
    assert says in asked.stderr
    assert asked.stderr.count("\n") == 1


def test_a_file_that_cannot_be_written_is_refused_before_the_program_runs(tmp_path: Path) -> None:
    where = str(tmp_path / "no" / "out.sarif")
    with patch("asynclab.cli.run_headless.run_watched") as ran:
        asked = CliRunner().invoke(main, ["run", "--findings", f"sarif:{where}", "-c", "pass"])
    assert (asked.exit_code, ran.called) == (1, False)
    assert asked.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")
def test_a_disk_that_refuses_is_named_and_does_not_pass_for_success(program: ObservedProgram, tmp_path: Path) -> None:
    asked = FindingsOptions(outputs=(FindingsOutput("json", Path("/dev/full")),))
    with pytest.raises(OSError, match="'/dev/full'"), FindingsFiles(asked, str(tmp_path)) as files:
        files.write(program, [])


def test_a_file_is_left_as_it_was_where_nothing_could_be_written(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text("before")
    with patch("asynclab.cli.run_headless.run_watched", side_effect=OSError("no more processes")):
        asked = CliRunner().invoke(main, ["run", "--findings", f"json:{out}", "-c", "pass"])
    assert asked.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert out.read_text() == "before"


@pytest.fixture
def program() -> ObservedProgram:
    program = ObservedProgram()
    program.take(ProgramStarted("app.py", "3.13.0", 1, 0.0))
    program.take(ProgramEnded(1.0, 0))
    return program


def _written(program: ObservedProgram, tmp_path: Path, found: list[Finding], **options: Any) -> tuple[int, Any]:
    outputs = (FindingsOutput("json", tmp_path / "out.json"), FindingsOutput("sarif", tmp_path / "out.sarif"))
    with FindingsFiles(FindingsOptions(outputs=outputs, **options), str(tmp_path)) as files:
        code = files.write(program, [FoundOnLoop(1, LabState(), finding, ()) for finding in found])
    report = msgspec.json.decode((tmp_path / "out.json").read_bytes(), type=FindingsReport)
    log = msgspec.json.decode((tmp_path / "out.sarif").read_bytes(), type=Log)
    return code, (report, log.runs[0])


def test_nothing_found_is_a_log_with_no_results(program: ObservedProgram, tmp_path: Path) -> None:
    code, (report, run) = _written(program, tmp_path, [], fail_on=("any",))
    assert (code, report.findings, run.results) == (0, (), [])


def test_what_is_only_likely_is_told_and_fails_only_where_it_is_asked_for(
    program: ObservedProgram, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    likely = Finding("ignored-cancel", "it went on", 0.5, (3,), certainty="likely")
    code, (report, _) = _written(program, tmp_path, [likely], fail_on=("any",))
    assert (code, report.findings, report.left_out.likely) == (0, (), 1)
    assert capsys.readouterr().err == "asynclab: findings left out: 1 only likely (see --likely)\n"
    code, (report, run) = _written(program, tmp_path, [likely], fail_on=("any",), likely=True)
    assert (code, report.findings[0].certainty, run.results[0].level) == (FOUND, "likely", "warning")


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("/srv/other dir/a.py", "file:///srv/other%20dir/a.py"),
        ("/srv/dir/../a.py", "file:///srv/a.py"),
        ("/srv/\udcff.py", "file:///srv/%FF.py"),
        ("<string>", None),
        (None, None),
    ],
)
def test_a_place_outside_is_told_as_a_whole_and_one_in_no_file_not_at_all(
    program: ObservedProgram, tmp_path: Path, file: str | None, uri: str | None
) -> None:
    finding = Finding("deadlock", "two wait", 0.5, (3,), place=None if file is None else (file, 3))
    _, (report, run) = _written(program, tmp_path, [finding])
    assert (report.findings[0].file is None) is (file is None)
    assert [each.physical_location.artifact_location.uri for each in run.results[0].locations] == ([uri] if uri else [])


@pytest.mark.parametrize("code", [0, 7])
def test_a_program_that_could_not_be_observed_is_not_told_as_one_without_bugs(tmp_path: Path, code: int) -> None:
    program = ObservedProgram()
    program.take(ProgramEnded(1.0, code))
    failed, (report, run) = _written(program, tmp_path, [], fail_on=("any",))
    assert failed == (FAILED if code == 0 else 0)  # it fails by its own code
    assert (report.observed, report.program) == (False, None)
    assert not run.invocations[0].execution_successful
    assert [note.level for note in run.invocations[0].tool_execution_notifications] == ["error"]


def test_lost_events_are_told_too(program: ObservedProgram, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.take(LoopOpened(1, "Loop", 0.0))
    program.take(LoopEvents(1, (EventsDropped(0.1, 12),)))
    _, (report, run) = _written(program, tmp_path, [])
    assert (report.events_lost, len(run.invocations[0].tool_execution_notifications)) == (12, 1)
    assert capsys.readouterr().err.startswith("asynclab: findings may be missing: 12 events got lost")


def test_a_rule_that_fails_is_told_and_hides_nothing_that_others_find(
    program: ObservedProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding("blocked-loop", "slow", 0.1, ())

    rules = [
        Rule(name, "", "", "", check)
        for name, check in (("odd", raising(KeyError(7))), ("blocked-loop", lambda _: iter([finding])))
    ]
    monkeypatch.setattr(catalogue_of_rules, "RULES", rules)
    report = Report(program)
    program.take(LoopOpened(1, "Loop", 0.0))
    program.take(ProgramEnded(1.0, 0))
    assert [found.finding for found in report.found()] == [finding]
    with FindingsFiles(FindingsOptions(outputs=(FindingsOutput("json", None),), fail_on=()), str(tmp_path)) as files:
        files.write(program, report.found(), report.rules_failed())
    printed = capsys.readouterr()
    assert json.loads(printed.out)["rules_failed"] == ["odd (KeyError)"]
    assert printed.err == "asynclab: findings may be missing: asynclab's rule odd (KeyError) failed\n"


def test_a_recording_that_is_cut_or_damaged_says_so_and_tells_what_is_before(recorded: Recorded) -> None:
    whole = (recorded.folder / "run.gz").read_bytes()
    (recorded.folder / "cut.gz").write_bytes(whole[:-12])
    cut = recorded.findings(recording="cut.gz")
    assert cut.exit_code == 1
    assert cut.stderr.endswith("cut.gz is cut off; reported everything before that\n")
    assert cut.stdout.count("\n") == 2


class _Screen:
    """Shows a program until it has ended, without a terminal."""

    return_code = 0

    def __init__(self, program: LiveProgram) -> None:
        self._program = program

    def run(self) -> None:
        """Let the program be told of, as its child would."""
        dropped = CoroutineDropped(0.1, coroutine="work", file="app.py", line=7)
        opened = LoopOpened(1, "Loop", 0.0)
        for frame in (
            ProgramStarted("app.py", "3.13", 1, 0.0),
            opened,
            LoopEvents(1, (dropped,)),
            ProgramEnded(1.0, 4),
        ):
            self._program.told.take(frame)
        self._program.code = 4


def test_findings_are_written_after_a_screen_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = FindingsOptions((FindingsOutput("json", tmp_path / "out.json"), FindingsOutput("text", None)), likely=True)
    with patch("asynclab.cli.run_on_screen.AsyncLabApp", _Screen):
        code = run_on_screen(Target(("app.py",)), RunFiles(), asked)
    report = msgspec.json.decode((tmp_path / "out.json").read_bytes(), type=FindingsReport)
    assert (code, report.exit_code, [each.rule for each in report.findings]) == (4, 4, ["never-awaited"])
    assert capsys.readouterr().out.startswith("app.py:7: never-awaited: ")


EVIL_FILES = ("/etc/passwd", "\0", "a\nb: x.py", "../" * 99, "\x1b[2J.py", "\u202e.py", "//x", "<string>", "C:\\\\a.py")


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_recording_that_was_made_to_do_harm_does_none(tmp_path: Path, form: str) -> None:
    dropped = [
        {"type": "CoroutineDropped", "at": 1e300, "coroutine": EVIL, "file": file, "line": 1} for file in EVIL_FILES
    ]
    path = recording(tmp_path / "r", events(*dropped), {"type": "SourceText", "file": "<string>", "text": "(" * 10_000})
    said = asked("findings", path, "--findings", form)
    assert (said.exit_code, said.stderr) == (0, "")
    assert is_harmless(said.stdout)
    assert "root" not in said.stdout  # no file that it names is read
    if form == "text":
        assert said.stdout.count("\n") == len(EVIL_FILES)
    else:
        report: Any = FindingsReport if form == "json" else Log
        msgspec.json.decode(said.stdout, type=report)


def test_the_report_of_a_run_leaves_out_what_is_allowed_in_the_code(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM.replace("    fail()\n", "    fail()  # asynclab: allow never-awaited\n"))
    ran = observed("--fail-on", "never-awaited", "--findings", "text:out", "--json", "-", "app.py", folder=tmp_path)
    said = json.loads(ran.out.partition("\n")[2])
    assert [each["rule"] for each in said["loops"][0]["findings"]] == ["never-retrieved"]
    assert ran.report == ("findings left out: 1 allowed",)
    assert ran.code == 7
    assert (tmp_path / "out").read_text().startswith("app.py:7: never-retrieved: ")


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    yield
    assert not list(Path.cwd().glob(".asynclab-*.part"))
