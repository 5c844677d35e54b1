"""Tests the command line: its output, its exit codes, and what it imports."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from asynclab import __version__
from asynclab.cli.main import main
from asynclab.curriculum.catalogue import DEMOS
from asynclab.model.event_codec import decode
from asynclab.model.events import Output, RunEnded, RunStarted
from tests.raising import raising


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="asynclab")


def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONWARNINGS": "default", "PYTHONUNBUFFERED": ""}
    return subprocess.Popen(
        [sys.executable, "-m", "asynclab", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


@pytest.mark.parametrize(
    "command",
    [
        ("run", "--record", ""),
        ("run", "--json", ""),
        ("run", "--perfetto", ""),
        ("run", "--findings", "json:"),
        ("attach", "--record", ""),
        ("fetch", "--har", ""),
    ],
)
def test_no_program_is_overwritten_where_a_file_name_was_forgotten(
    command: tuple[str, str, str], tmp_path: Path
) -> None:
    script = tmp_path / "app.py"
    script.write_text("print('here')")
    name, option, prefix = command
    ran = run(name, option, f"{prefix}{script}", str(script))
    assert ran.exit_code == 2
    assert "is a Python file, which would be overwritten: name another file" in ran.output
    assert script.read_text() == "print('here')"


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "FILE", "--perfetto", "FILE"),
        ("export", "--perfetto", "./FILE", "FILE"),
        ("findings", "FILE", "--findings", "json:FILE"),
        ("findings", "--write-baseline", "FILE", "FILE"),
        ("fetch", "-f", "FILE", "--har", "FILE"),
        ("run", "--record", "FILE", "FILE"),
        ("run", "--record", "FILE", "--perfetto", "FILE", "-c", "pass"),
        ("run", "--json", "FILE", "--findings", "sarif:FILE", "-c", "pass"),
    ],
)
def test_no_file_that_a_command_names_is_overwritten_by_another(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_text("http://127.0.0.1:1/")
    ran = run(*arguments)
    assert ran.exit_code == 2
    assert "FILE' is named twice, and would be overwritten: name another file" in ran.output
    assert Path("FILE").read_text() == "http://127.0.0.1:1/"


def test_what_keeps_nothing_or_is_kept_may_be_named_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("all.ndjson").write_text("http://127.0.0.1:1/\n")
    listed = run("fetch", "-f", "all.ndjson", "--resume", "all.ndjson", "--list-only")
    assert "named twice" not in listed.output
    null = run("run", "--json", "/dev/null", "--findings", "json:/dev/null", "missing.py")
    assert "there is no file missing.py" in null.output


@pytest.fixture
def queue_demo() -> Iterator[subprocess.Popen[str]]:
    """A demo that runs for seconds, in a process of its own."""
    process = start("demo", "queue", "-p", "items=100", "--headless")
    yield process
    process.kill()
    process.communicate()


def test_demos_lists_key_name_and_concept_of_all() -> None:
    lines = run("demos").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[demo.key, demo.name] for demo in DEMOS]
    assert all(demo.lesson.concept in line for demo, line in zip(DEMOS, lines, strict=True))


def test_demos_as_json_is_an_object_a_line() -> None:
    described = [json.loads(line) for line in run("demos", "--json").stdout.splitlines()]
    assert [demo["name"] for demo in described] == [demo.name for demo in DEMOS]
    assert described[2]["parameters"]["tasks"] == 2


def test_a_demo_prints_its_activity_in_order_and_exits_with_0() -> None:
    result = run("demo", "gather", "--instant")
    assert result.exit_code == 0
    said = re.findall("“(.*)”", result.stdout)
    assert said == ["Task 2 complete", "Task 1 complete"]
    assert result.stdout.splitlines()[-1].endswith("run ended: returned None")


def test_waits_and_ends_are_told_also_in_virtual_time() -> None:
    lines = run("demo", "3", "--instant").stdout.splitlines()
    assert any(re.fullmatch(r" +0\.\d{3}  work-1 +sleeps 2\.00 s", line) for line in lines)
    assert any(re.fullmatch(r" +2\.\d{3}  work-1 +returned None", line) for line in lines)


def test_a_demo_as_json_prints_events_that_decode() -> None:
    result = run("demo", "gather", "--instant", "--json")
    events = [decode(line) for line in result.stdout.splitlines()]
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert "Task 1 complete" in "".join(event.text for event in events if isinstance(event, Output))


def test_parameters_are_taken() -> None:
    result = run("demo", "gather", "--instant", "-p", "tasks=3", "-p", "one_by_one=yes")
    said = re.findall("“(.*)”", result.stdout)
    assert said == ["Task 1 complete", "Task 2 complete", "Task 3 complete"]


def test_a_demo_that_raises_exits_with_1_and_shows_no_traceback_of_ours() -> None:
    result = run("demo", "futures", "--instant", "-p", "set_twice=yes")
    assert result.exit_code == 1
    assert "raised InvalidStateError" in result.stdout
    assert "Traceback" not in result.output


def test_a_demo_that_takes_urls_fetches_from_the_practice_server() -> None:
    result = run("demo", "session", "--headless")
    assert result.exit_code == 0
    assert "<title>" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["demo", "gahter"], "did you mean gather"),
        (["demo", "gather", "-p", "tasks=many"], "tasks must be a whole number"),
        (["demo", "gather", "-p", "cups=3"], "no parameter 'cups'"),
        (["demo", "gather", "-p", "tasks"], "not KEY=VALUE"),
        (["demo"], "Missing argument"),
        (["brew"], "No such command 'brew'. asynclab --help lists all."),
        (["rnu"], "Did you mean 'run'?"),
        (["app.py", "x"], "to run a program: asynclab run app.py"),
        (["attach", "abc"], "'abc' is not a valid whole number"),
        (["run", "--stuck", "nan", "app.py"], "'nan' is not a number of seconds"),
        (["run", "--perfetto", "-", "app.py"], "standard output can't take it: name a file"),
        (["fetch", "--har", "-", "http://a.example"], "standard output can't take it: name a file"),
        (["demos", "--xml"], "--xml"),
        ([], "needs a terminal"),
    ],
)
def test_wrong_usage_is_one_line_on_stderr_and_exits_with_2(arguments: list[str], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("asynclab: ")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["replay"], ["findings"], ["export", "--ndjson"]])
def test_a_recording_that_cant_be_read_is_told_alike_by_every_command(command: list[str], tmp_path: Path) -> None:
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "r", "No such file or directory")):
        result = run(*command, str(path))
        assert (result.exit_code, result.stderr) == (1, f"asynclab: can't read {path}: {why}\n")


def test_a_closed_stderr_takes_what_is_said_there() -> None:
    code = "import os, sys; os.close(2); os.execv(sys.executable, [sys.executable, '-m', 'asynclab', *sys.argv[1:]])"
    ran = subprocess.run([sys.executable, "-c", code, "run", "-c", "print(1)"], stdout=subprocess.PIPE, text=True)
    assert (ran.returncode, ran.stdout) == (0, "1\n")


def test_a_program_runs_though_its_working_directory_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    assert run("run", "-c", "raise SystemExit(7)").exit_code == 7


def test_a_working_directory_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "gone"
    path.mkdir()
    monkeypatch.chdir(path)
    path.rmdir()
    ran = run("run", "--record", "kept.rec", "-c", "1")
    assert ran.stderr == "asynclab: can't write 'kept.rec': No such file or directory\n"


def test_what_a_user_typed_comes_back_without_control_sequences() -> None:
    result = run("demo", "gather", "-p", "\x1b[31m\n=3")
    assert result.stderr.rstrip("\n").isprintable()


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"asynclab {__version__}\n"


def test_h_is_help() -> None:
    result = run("-h")
    assert result.exit_code == 0
    assert "demos" in result.stdout


def test_a_recording_that_is_run_is_told_from_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.rec").write_bytes(gzip.compress(b"{}"))
    for arguments in (["run", "app.rec"], ["app.rec"]):
        refused = run(*arguments)
        assert refused.exit_code == 2
        assert "to show a recording: asynclab replay app.rec" in refused.stderr


def test_the_help_says_of_each_command_in_a_whole_line_what_it_does() -> None:
    lines = run("--help").stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == list(main.commands)
    assert all(line.endswith(".") and not line.endswith("..") for line in lines)
    assert "SCRIPT|-m MODULE|-c CODE [ARG]..." in run("run", "--help").stdout


def test_the_list_needs_neither_the_ui_nor_http() -> None:
    program = (
        "import sys; from asynclab.cli.main import main\n"
        "try: main(['demos'])\n"
        "except SystemExit: print({'textual', 'rich', 'aiohttp'} & set(sys.modules), file=sys.stderr)"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stderr == "set()\n"


def test_ctrl_c_cancels_the_demo_prints_its_clean_up_and_exits_with_130(queue_demo: subprocess.Popen[str]) -> None:
    assert queue_demo.stdout is not None
    first = queue_demo.stdout.readline()
    queue_demo.send_signal(signal.SIGINT)
    rest, errors = queue_demo.communicate()
    assert "run started" in first
    assert re.search(r"consumer-1 +cancelled", rest)
    assert "run ended: cancelled" in rest
    assert errors == ""
    assert queue_demo.returncode == 130


@pytest.mark.parametrize("module", ["click", "asynclab.cli.fetch_command", "asynclab.cli.demo_printing"])
def test_ctrl_c_while_modules_are_imported_exits_with_130_and_says_nothing(module: str) -> None:
    program = f"""
import builtins, runpy, sys
original = builtins.__import__
def interrupted(name, *more, **others):
    if name == "{module}":
        raise KeyboardInterrupt
    return original(name, *more, **others)
builtins.__import__ = interrupted
sys.argv = ["asynclab", "demos"]
runpy.run_module("asynclab", run_name="__main__")
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "")


def test_ctrl_c_before_a_command_has_begun_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "parse_args", raising(KeyboardInterrupt()))
    result = run("demos")
    assert (result.exit_code, result.stderr.strip()) == (130, "")


def test_a_reader_that_goes_away_is_no_error_to_talk_about(queue_demo: subprocess.Popen[str]) -> None:
    assert queue_demo.stdout is not None
    queue_demo.stdout.readline()
    queue_demo.stdout.close()
    assert queue_demo.stderr is not None
    assert queue_demo.stderr.read() == ""
    assert queue_demo.wait() == 1


def test_a_terminal_that_knows_few_characters_gets_escapes_in_place_of_others() -> None:
    command = [sys.executable, "-m", "asynclab", "demo", "gather", "--headless", "--instant"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    finished = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert b"\\u201cTask 2 complete\\u201d" in finished.stdout
    assert finished.stderr == b""


@pytest.mark.parametrize(
    ("demo", "mistake", "found"),
    [("queue", "forget_task_done", "join-without-task-done"), ("futures", "never_set", "standstill")],
)
def test_a_demo_that_can_never_go_on_is_cancelled_and_says_why(demo: str, mistake: str, found: str) -> None:
    finished = run("demo", demo, "-p", f"{mistake}=yes", "--headless", "--instant")
    assert finished.exit_code == 1
    assert [line.split(":")[:2] for line in finished.stderr.splitlines()] == [
        ["asynclab", " stuck"],
        ["asynclab", f" {found}"],
    ]
    assert "cancelled" in finished.stdout
