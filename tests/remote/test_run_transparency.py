"""Tests that a program under `asynclab run` prints, ends and sees itself exactly as under plain Python."""

import os
import re
import signal
import subprocess
import sys
import zipapp
from pathlib import Path
from typing import Any

import pytest

from tests.remote.programs import ROOT, Ran, observed, plainly


def same(*arguments: str, **where: Any) -> Ran:
    """Run a program both ways: it must end alike. How it ran observed."""
    ran = observed(*arguments, **where)
    assert ran.alike == plainly(*arguments, **where).alike
    return ran


def script(folder: Path, text: str) -> str:
    path = folder / "script.py"
    path.write_text(text)
    return str(path)


FAILS = """
import asyncio

async def deep(left):
    await asyncio.sleep(0)
    if left:
        await deep(left - 1)
    else:
        {how}

def interrupts():
    try:
        int("x")
    except ValueError:
        raise KeyboardInterrupt

async def main():
    asyncio.get_running_loop().slow_callback_duration = 60  # else debug mode speaks of a busy machine, too
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(deep(3))

asyncio.run(main(){debug})
"""

ENDINGS = {
    "exit": "raise SystemExit(3)",
    "interrupt": "raise KeyboardInterrupt",
    "at once": "import os; print('last words', flush=True); os._exit(4)",
    "abort": "import os; os.abort()",
    "a signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "another program": "import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'print(5)'])",
    "a last call that fails": "import os; os.execvp('/no/such/program', ['x'])",
    "a last call that is misused": "import os, pickle; pickle.loads(pickle.dumps(os.abort)); os._exit('x')",
    "a timer that exits": "asyncio.get_running_loop().call_later(0.001, exit, 6); await asyncio.sleep(5)",
    "a callback that interrupts": "asyncio.get_running_loop().call_soon(interrupts); await asyncio.sleep(5)",
    "a timer that interrupts": "asyncio.get_running_loop().call_later(0.001, interrupts); await asyncio.sleep(5)",
    "a forgotten task": "task = asyncio.create_task(asyncio.sleep(9)); task.get_loop().stop()",
}


COMPLAINTS = """
        asyncio.get_running_loop().call_soon(int, 'x'); await asyncio.sleep(0.001)
        asyncio.get_running_loop().call_later(0.001, int, 'x'); await asyncio.sleep(0.01)
        asyncio.sleep(1)
        future = asyncio.get_running_loop().create_future(); future.set_exception(ValueError('x')); del future
        raise ValueError('boom')
"""
"""What a program is told of and survives, and an end that debug mode says more of."""


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_program_ends_as_it_would(tmp_path: Path, ending: str) -> None:
    same(script(tmp_path, FAILS.format(how=ENDINGS[ending], debug="")))


@pytest.mark.parametrize("debug", ["", ", debug=True"])
def test_asyncio_complains_as_it_would(tmp_path: Path, debug: str) -> None:
    ran = same(script(tmp_path, FAILS.format(how=COMPLAINTS, debug=debug)))
    for complaint in ("in callback int(", "was never awaited", "never retrieved", "ValueError: boom"):
        assert complaint in ran.err


SIGNALLED = """
import asyncio, os, signal, subprocess, sys
def in_child():
    child = os.fork()
    if not child:
        os.kill(os.getpid(), signal.SIGUSR1)
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
print("faulthandler" in sys.modules, signal.getsignal(signal.SIGUSR1))
in_child()
print(subprocess.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 10)"]).returncode)
import faulthandler
faulthandler.register(signal.SIGUSR1, all_threads=False)
in_child()
faulthandler.unregister(signal.SIGUSR1)
in_child()
before = signal.signal(signal.SIGUSR1, lambda number, frame: print("handled", flush=True))
in_child()
print(signal.signal(signal.SIGUSR1, before).__name__)
os.kill(os.getpid(), signal.SIGUSR1)
"""

WAITED_FOR = """
import asyncio, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGTERM})
async def main():
    for number in (signal.SIGUSR2, signal.SIGTERM) * 9:
        os.kill(os.getpid(), number)
        print(signal.sigpending(), await asyncio.to_thread(signal.sigwait, [number]))
asyncio.run(main())
"""

BADLY_WRITTEN = {
    "no such character": "sys.stdout.reconfigure(encoding='ascii'); print('ü')",
    "no text": "sys.stdout.write(5)",
    "no bytes": "print('x', file=sys.stdout.buffer)",
    "a released view": "view = memoryview(b'x'); view.release(); sys.stdout.buffer.write(view)",
    "a closed stream": "sys.stdout.close(); print('x')",
    "a detached stream": "sys.stdout.detach(); print('x')",
    "nobody reads": "read, write = os.pipe(); os.dup2(write, 1); os.close(read); print('x' * 9999, flush=True)",
}


@pytest.mark.parametrize("how", BADLY_WRITTEN)
def test_what_can_not_be_written_is_told_with_the_programs_lines_alone(tmp_path: Path, how: str) -> None:
    text = f"import asyncio, os, sys\nasync def main():\n    {BADLY_WRITTEN[how]}\nasyncio.run(main())\n"
    assert same(script(tmp_path, text)).code


WRITTEN = """
import asyncio, sys
class Loud:
    def write(self, text):
        sys.__stdout__.write(text.upper())
        return "odd"
    def flush(self): ...
print("kept from before", flush=True)
async def main():
    print("kept", end="")
    sys.stdout.buffer.write(b" raw, and so first\\n")
    print(sys.stdout.write("text\\n"), sys.stdout.buffer.write(b""), flush=True)
    for write in (sys.stdout.write, sys.stdout.buffer.write):
        print(write.__self__ in (sys.stdout, sys.stdout.buffer.raw), write.__qualname__, repr(write).split(" at ")[0])
asyncio.run(main())
sys.stdout = Loud()
async def loud():
    print("loud", sys.stdout.write("x"))
asyncio.run(loud())
new = asyncio.new_event_loop()
print(new.run_until_complete(loud()), new._selector.fileno(), new._csock.fileno())
"""

COUNTED = """
import asyncio
handles = {handles}
plain, seen = handles._run, []
def run(self):
    seen.append(type(self).__name__)
    plain(self)
async def work():
    await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    asyncio.get_running_loop().call_soon(int, "x")
    await asyncio.create_task(asyncio.sleep(0))
    print(isinstance(asyncio.get_running_loop().call_later(1, print), handles))
async def main():
    {inside}
    await work()
{before}
asyncio.run(main())
print(seen)
handles._run = plain
seen.clear()
asyncio.run(work())
print(seen)
"""


@pytest.mark.parametrize("handles", ["asyncio.Handle", "asyncio.events.Handle"])
@pytest.mark.parametrize("when", ["before", "inside"])
def test_what_the_program_puts_in_place_of_a_handles_run_is_called(tmp_path: Path, handles: str, when: str) -> None:
    patch = {"before": "", "inside": ""} | {when: f"{handles}._run = run"}
    ran = same(script(tmp_path, COUNTED.format(handles=handles, **patch)))
    assert ran.out.count("'TimerHandle'") == 1


CLOSED = """
import asyncio, traceback
class Told:
    def __call__(self): ...
    def __repr__(self):
        traceback.print_stack()
        return "told"
loop = asyncio.new_event_loop()
loop.set_debug({debug})
async def misuse():
    for callback in (main, 3):
        for way in ways[:3]:
            try:
                way(callback)
            except TypeError:
                traceback.print_exc()
    for way in ways[:3]:
        way(Told()).cancel()
def main():
    for way in ways:
        try:
            way(print)
        except RuntimeError:
            traceback.print_exc()
ways = [
    lambda callback: loop.call_soon(callback),
    lambda callback: loop.call_later(1, callback),
    lambda callback: loop.call_soon_threadsafe(callback),
    lambda callback: loop.run_in_executor(None, callback),
    lambda callback: loop.create_task(asyncio.sleep(0)).get_name(),
]
async def elsewhere():
    await asyncio.to_thread(main)
loop.run_until_complete(misuse() if {debug} else asyncio.sleep(0))
if {debug}:
    loop.run_until_complete(elsewhere())
loop.close()
main()
"""


@pytest.mark.parametrize("debug", [False, True])
def test_what_a_loop_refuses_is_told_with_no_line_of_ours(tmp_path: Path, debug: bool) -> None:
    ran = same(script(tmp_path, CLOSED.format(debug=debug)))
    assert ran.err.count("Event loop is closed") > 3


UNMADE = """
import asyncio, inspect, traceback
class Loop(asyncio.SelectorEventLoop):
    def set_debug(self, on):
        traceback.print_stack()
        raise ValueError('no')
    def __del__(self):
        pass
print(inspect.getsourcefile(asyncio.BaseEventLoop.__init__))
for make in (Loop, lambda: asyncio.BaseEventLoop.__init__(object(), 5)):
    try:
        make()
    except (TypeError, ValueError):
        traceback.print_exc()
"""

NOT_CLOSED = """
import asyncio, gc
async def main():
    await asyncio.sleep(0)
def leave_a_loop():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    loop.create_task(main())
gc.collect()
gc.set_threshold(300)
gc.callbacks.append(lambda phase, _: print(phase))
loops = [asyncio.new_event_loop()]
gc.callbacks.clear()
for _ in range(3):
    leave_a_loop()
loops.pop().run_until_complete(main())
"""

COPIED = """
import asyncio, copy, pickle, sys
sys.unraisablehook = lambda _: None  # of a loop that is half copied
async def main():
    loop = asyncio.get_running_loop()
    for copies in (copy.deepcopy, pickle.dumps):
        for thing in (loop, asyncio.current_task()):
            try:
                print(type(copies(thing)))
            except Exception as error:
                print(type(thing), error)
asyncio.run(main())
"""

ODD_CONTEXT = """
import asyncio
async def main():
    loop = asyncio.get_running_loop()
    loop.call_soon(print, context={})
    loop.call_later(0.001, print, context="x")
    loop.call_soon_threadsafe(print, context=3)
    await asyncio.sleep(0.01)
asyncio.run(main())
"""


def test_a_callback_that_can_not_be_called_is_told_with_what_is_wrong_about_it_underlined(tmp_path: Path) -> None:
    assert same(script(tmp_path, ODD_CONTEXT)).err.count("has no attribute 'run'") == 3


@pytest.mark.parametrize(("module", "programs"), [("every_program", 40), ("every_curiosity", 10)])
def test_every_program_prints_what_it_would(module: str, programs: int) -> None:
    assert same("-m", f"tests.remote.{module}").out.count("==") > programs


GARBAGE = """
import asyncio, gc, weakref
{first}
gc.collect()
gc.disable()
gc.set_debug(gc.DEBUG_SAVEALL)
async def main():
    queue, lock = asyncio.Queue(), asyncio.Lock()
    task = asyncio.create_task(queue.get())
    async with asyncio.timeout(9), lock:
        await asyncio.sleep(0)
    queue.put_nowait(1)
    await task
    asyncio.get_running_loop().call_later(9, print)
asyncio.run(main())
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
gone = weakref.ref(loop)
del loop
print(gone(), gc.collect(), gc.garbage)
"""


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_a_loop_that_was_closed_goes_at_once_and_leaves_no_garbage(tmp_path: Path, kind: str) -> None:
    pytest.importorskip(kind)
    first = "import uvloop; asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())" if kind == "uvloop" else ""
    ran = same("-W", "ignore", script(tmp_path, GARBAGE.format(first=first)))
    assert ran.out == "None 0 []\n"


VARIABLES = """
import asyncio, gc, sys
class Dies:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print(self.name, "dies")
async def waits():
    event = asyncio.Event()
    name = "before"
    known = locals()
    name = "after"
    kept = Dies("variable")
    asyncio.get_running_loop().call_later(0.7, event.set)
    await event.wait()
    print(known["name"], sorted(known))
    del kept
    print("waited")
    event.clear()
    waiting = asyncio.create_task(event.wait())
    await asyncio.sleep(0.3)
    print(sys.getrefcount(event))
    event.set()
    await waiting
gc.disable()
asyncio.run(waits())
"""

WHO = """
import asyncio, os, sys
async def main():
    print(sys.argv, __name__, __file__ if '__file__' in globals() else None, __spec__ and __spec__.name)
    print(sys.orig_argv, sys.path[:2], sys.flags.dev_mode, sys.warnoptions, sys.flags.optimize)
    print(sorted(name for name in os.environ if 'ASYNCLAB' in name), os.environ.get('PYTHONPATH'))
    print('sitecustomize' in sys.modules, sys.stdin.readline())
    print([name for name in globals() if not name.startswith('__')])
asyncio.run(main())
"""


@pytest.mark.parametrize(
    "options",
    [(), ("-X", "dev"), ("-W", "error", "-O", "-u"), ("-uO",), ("-OuX", "dev", "-Werror")],
    ids=lambda options: " ".join(options) or "plain",
)
def test_a_script_finds_itself_as_it_would(tmp_path: Path, options: tuple[str, ...]) -> None:
    same(*options, script(tmp_path, WHO), "--port", "8080", "-m", "x", "--", "--headless", stdin="typed\n")


def test_a_module_a_package_code_and_standard_input_find_themselves_as_they_would(tmp_path: Path) -> None:
    (tmp_path / "whoami").mkdir()
    (tmp_path / "whoami" / "__main__.py").write_text(WHO)
    (tmp_path / "mod.py").write_text(WHO)
    for args in (("-m", "whoami", "a", "-c"), ("-m", "mod"), ("-mmod", "-x"), ("-c", WHO, "--json", "b"), ("whoami",)):
        same(*args, folder=tmp_path)
    same("-", "x", stdin=WHO, folder=tmp_path)


@pytest.mark.parametrize("text", ["def broken(:\n", "import nothing_by_this_name\n"], ids=["syntax", "import"])
def test_what_never_begins_is_told_as_python_tells_it(tmp_path: Path, text: str) -> None:
    same(script(tmp_path, text))


def test_a_module_that_is_not_there_is_told_as_python_tells_it() -> None:
    same("-m", "nothing_by_this_name")


FORKS = """
import asyncio, multiprocessing, os, subprocess, sys, threading, warnings
warnings.simplefilter("error", DeprecationWarning)

def work(number):
    async def main():
        await asyncio.sleep(0)
        return number * 2
    return asyncio.run(main())

async def main():
    print("before", flush=True)
    if (child := os.fork()) == 0:
        print("child", flush=True)
        os._exit(7)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(threading.active_count(), [thread.name for thread in threading.enumerate()])
    code = "import sys; print('sub', 'asynclab' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    print(await process.wait(), flush=True)

if __name__ == "__main__":
    asyncio.run(main())
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(work, [1, 2]), flush=True)
    asyncio.run(main())
"""

THREADED_FORK = """
import os, threading
ended = threading.Event()
threading.Thread(target=ended.wait).start()
if (child := os.fork()) == 0:
    os._exit(0)
print(os.waitpid(child, 0)[1])
ended.set()
"""


def test_the_warning_of_a_fork_beside_threads_is_on_the_line_of_the_program(tmp_path: Path) -> None:
    forks, without_number = script(tmp_path, THREADED_FORK), re.compile(r"pid=\d+")
    ran, plain = observed(forks), plainly(forks)
    assert (ran.code, ran.out) == (plain.code, plain.out)
    assert without_number.sub("", ran.err) == without_number.sub("", plain.err)
    assert ("script.py:5" in ran.err) == (sys.version_info >= (3, 12))


REPLACED = """
import asyncio, builtins, collections, os, sys, time
callers = collections.defaultdict(set)
def count(module, name):
    original = getattr(module, name)
    def call(*args, **options):
        callers[name].add(sys._getframe(1).f_code.co_filename)
        return original(*args, **options)
    setattr(module, name, call)
for name in "sleep", "time", "monotonic", "process_time", "perf_counter":
    count(time, name)
for name in "stat", "listdir":
    count(os, name)
count(builtins, "open")
async def spin(until):
    while time.perf_counter() < until:
        await asyncio.sleep(0)
async def main():
    loop = asyncio.get_running_loop()
    loop.call_at(1e9, print).cancel()
    await spin(time.perf_counter() + 0.3)
    child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    loop.call_later(0.3, child.stdin.close)
    forked = os.fork()
    if not forked:
        os._exit(0)
    os.waitpid(forked, 0)
    await child.wait()
    reads, writes = os.pipe()
    loop.add_reader(reads, os.read, reads, 1)
    os.close(writes)
    await asyncio.sleep(0.3)
    loop.remove_reader(reads)
asyncio.run(main())
for name in sorted(callers):
    print(name, sorted(callers[name]))
"""


def test_what_the_program_puts_in_place_of_common_functions_is_not_called_by_us(tmp_path: Path) -> None:
    same("-W", "ignore", script(tmp_path, REPLACED))


FORKS_AT_ONCE = """
import os, threading, warnings
warnings.simplefilter("ignore")
def fork():
    for _ in range(3):
        if (child := os.fork()) == 0:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
threads = [threading.Thread(target=fork) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("joined")
"""


NOTES_QUESTIONS = """
import asyncio

asked = []

class Notes:
    def __getattribute__(self, name):
        asked.append(name)
        return object.__getattribute__(self, name)

async def holds(notes):
    await asyncio.sleep(1.2)  # until tasks that a newer one may have replaced are looked at

async def waits(notes):
    await asyncio.get_running_loop().create_future()

async def fails(notes):
    raise ValueError

async def main():
    waiting, failed = asyncio.create_task(waits(Notes())), asyncio.create_task(fails(Notes()))
    await asyncio.wait([asyncio.create_task(holds(Notes())) for _ in range(2)])
    waiting.cancel()
    await asyncio.wait([waiting])
    print(failed.exception(), asked)

asyncio.run(main())
"""
"""Prints which attributes of the variables of its tasks were read."""


def test_variables_of_tasks_are_not_asked_for_their_class(tmp_path: Path) -> None:
    assert same(script(tmp_path, NOTES_QUESTIONS)).out.strip() == "[]"


def test_threads_may_fork_at_once(tmp_path: Path) -> None:
    assert same(script(tmp_path, FORKS_AT_ONCE)).out == "joined\n"


REFUSED_CALLS = """
import asyncio, os, pickle, sys, traceback
def refuse(name, _):
    if name in ("os.fork", "os.exec"):
        raise RuntimeError(f"no {name}")
async def main():
    for call in (os.fork, lambda: os.execv("x", ["x"]), lambda: os.fork(1), lambda: os.execv()):
        try:
            call()
        except (RuntimeError, TypeError):
            traceback.print_exc()
print(os.fork, callable(os.fork), pickle.loads(pickle.dumps(os.fork)) is os.fork)
sys.addaudithook(refuse)
asyncio.run(main())
"""


def test_files_that_the_shell_has_opened_are_the_programs(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("given")
    reads = "import os; print(os.read(3, 9), os.dup(3), os.listdir('/dev/fd')[:5])"
    for words in ([], ["-m", "asynclab", "run"]):
        command = ["sh", "-c", 'exec "$@" 3< given', "sh", sys.executable, *words, "-c", reads]
        ran = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        assert ran.stdout == "b'given' 4 ['0', '1', '2', '3', '4']\n", ran.stderr


ODD_CLASS = """
import asyncio
class Kind(type):
    def __setattr__(cls, name, value):
        print('class', name)
        super().__setattr__(name, value)
class Loop(asyncio.SelectorEventLoop, metaclass=Kind):
    names = set()
    def __setattr__(self, name, value):
        self.names.add(name)
        super().__setattr__(name, value)
    def __hash__(self):
        print('hashed')
        return 1
async def main():
    asyncio.get_running_loop().call_later(0.001, print, 'later')
    await asyncio.sleep(0.01)
loop = Loop()
print(sorted(loop.names))
loop.run_until_complete(main())
loop.call_exception_handler({'message': 'odd'})
loop.close()
"""


def test_calls_that_are_refused_show_the_programs_frames_alone(tmp_path: Path) -> None:
    assert "no os.exec" in same(script(tmp_path, REFUSED_CALLS)).err


def test_pytest_does_not_complain_that_its_plugin_is_there_already(tmp_path: Path) -> None:
    site = tmp_path / "site"
    information = site / "asynclab-0.dist-info"  # an installation that is no editable one lists its files
    information.mkdir(parents=True)
    (site / "asynclab").symlink_to(ROOT / "asynclab")
    (information / "METADATA").write_text("Name: asynclab\nVersion: 0\n")
    (information / "RECORD").write_text("asynclab/__init__.py,,\n")
    (information / "entry_points.txt").write_text("[pytest11]\nasynclab = asynclab.pytest_plugin\n")
    (tmp_path / "test_it.py").write_text("def test_it():\n    assert True\n")
    where = {"folder": tmp_path, "environment": {"PYTHONPATH": str(site)}}
    assert same("-m", "pytest", "-qq", "-W", "error", "test_it.py", **where).code == 0


def test_what_begins_to_observe_leaves_the_collector_and_imports_alone() -> None:
    asks = """
import gc, sys
print(gc.isenabled(), gc.get_threshold(), gc.get_freeze_count())
print('typing_extensions' in sys.modules)
import typing_extensions
print(typing_extensions.__name__)
"""
    same("-c", asks)


def test_what_goes_wrong_with_us_at_the_end_is_not_told(tmp_path: Path) -> None:
    same(script(tmp_path, "import asyncio, socket\nsocket.socket.send = None\nasyncio.run(asyncio.sleep(0))\n"))


SHADOWS = """
import asyncio, numbers, queue, selectors, sys, uuid
print(numbers.OWN, queue.OWN, uuid.part.OWN, hasattr(selectors, 'OWN'))
asyncio.run(asyncio.sleep(0))
"""


@pytest.mark.parametrize("kind", ["script", "folder", "zip"])
def test_modules_of_the_program_are_found_though_the_library_has_such_names(tmp_path: Path, kind: str) -> None:
    program = tmp_path / "program"
    (program / "uuid").mkdir(parents=True)
    for name in ("numbers", "queue", "uuid/part"):
        (program / f"{name}.py").write_text(f"OWN = {name!r}\n")
    (program / "uuid" / "__init__.py").write_text("from uuid import part\n")
    (program / "selectors").mkdir()  # a folder without code, which is found last
    (program / "__main__.py").write_text(SHADOWS)
    zipapp.create_archive(program)
    ran = same(str({"script": program / "__main__.py", "folder": program, "zip": tmp_path / "program.pyz"}[kind]))
    assert ran.out == "numbers queue uuid/part False\n"


def test_the_program_s_own_sitecustomize_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("VALUE = __name__, __file__, __doc__\n")
    (tmp_path / "asks.py").write_text("import sitecustomize\nprint(sitecustomize.VALUE, sitecustomize.__file__)\n")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    ran = same("asks.py", folder=tmp_path, environment={"PYTHONPATH": path})
    assert ran.out.startswith("('sitecustomize', ")


def test_a_signal_to_asynclab_reaches_the_program(tmp_path: Path) -> None:
    handles = script(
        tmp_path,
        "import asyncio, os, signal\n"
        "async def main():\n"
        "    stop = asyncio.Event()\n"
        "    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)\n"
        "    os.kill(os.getppid(), signal.SIGTERM)\n"
        "    await stop.wait()\n"
        "    print('stopped')\n"
        "asyncio.run(main())\n",
    )
    ran = observed(handles)
    assert (ran.code, ran.out) == (0, "stopped\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to be killed by")
def test_asynclab_dies_as_the_program_does() -> None:
    ran = observed("-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert ran.code == -signal.SIGKILL
    assert ran.report[0].endswith("killed by SIGKILL")


PROGRAMS = {
    "the signal that asks for a report is the programs where it sees to it": (SIGNALLED, ""),
    "a signal that the program blocks and waits for is taken by no thread of ours": (WAITED_FOR, ""),
    "what is written comes out as it would and files have the numbers that they would have": (WRITTEN, ""),
    "a loop that can not be made is told with no line of ours": (UNMADE, "ValueError: no"),
    "a loop that nobody closes is destroyed as it would be": (NOT_CLOSED, "never awaited"),
    "what can not be copied is told with what keeps it from that": (COPIED, ""),
    "what variables hold dies when it would": (VARIABLES, "variable dies\nwaited"),
    "processes that it starts are as they would be": (FORKS, ""),
    "what a class of loops does when attributes are set is not called": (ODD_CLASS, ""),
}
"""Programs by what is the same of them, each with what they must say."""


@pytest.mark.parametrize(("program", "says"), PROGRAMS.values(), ids=PROGRAMS)
def test_it_says_what_it_would(tmp_path: Path, program: str, says: str) -> None:
    ran = same("-W", "ignore", script(tmp_path, program)) if program is SIGNALLED else same(script(tmp_path, program))
    assert says in ran.out + ran.err
