"""Observes a program from its first line on: Python imports this before any code of the program.

`remote.launch` puts this folder first on the path. It removes itself and all its settings again, so that the program
and its children find the path and environment that they would have without it.
"""

import sys

_BEFORE = set(sys.modules)

import gc  # noqa: E402
import os  # noqa: E402
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder  # noqa: E402

_NEEDLESS = "typing_extensions"
"""A module that msgspec imports if there is one, and does without if there is none. It takes 4 ms."""


_OURS = {"asynclab", "msgspec"}
"""Our own packages: more of their modules are imported later, so none of the program's may take their names."""


def _step_aside() -> dict[str, str]:
    """Remove what was set for us from the environment and the path.

    Returns:
        It.
    """
    given = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("ASYNCLAB_CHILD_")}
    if "ASYNCLAB_CHILD_PYTHONPATH" in given:
        os.environ["PYTHONPATH"] = given["ASYNCLAB_CHILD_PYTHONPATH"]
    else:
        os.environ.pop("PYTHONPATH", None)
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if folder != here]
    return given


def _take_terminal() -> None:
    """Make the terminal on our standard input the controlling terminal of this session, as a shell does for its jobs.

    No other process could do so, except by code between fork and exec, which a process with threads must not run.
    """
    import fcntl
    import termios

    try:  # noqa: SIM105 - contextlib would be imported into the program
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    except OSError:
        pass  # then ctrl+c reaches nobody


def _hide(module: str) -> bool:
    """Make an import of a module fail, unless it has been imported."""
    if module in sys.modules:
        return False
    sys.modules[module] = None  # type: ignore[assignment]
    return True


def _forget_shadowed() -> None:
    """If the program has a module of the same name as one that was imported for us, let it import its own.

    Python puts the program's folder first on the path, but only after this: we have found the library's modules.
    """
    if sys.flags.safe_path:
        return
    place = _first_on_path(sys.argv[0])
    names = {name.partition(".")[0] for name in set(sys.modules) - _BEFORE} - _OURS
    try:  # noqa: SIM105 - as above
        names &= {entry.partition(".")[0] for entry in os.listdir(place or os.curdir)}
    except OSError:  # a zip file, or nothing
        pass
    for name in names:
        finds = (BuiltinImporter.find_spec(name), FrozenImporter.find_spec(name), PathFinder.find_spec(name, [place]))
        found = next(filter(None, finds), None)
        if found and found.loader and found.origin != getattr(sys.modules[name].__spec__, "origin", None):
            for each in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
                del sys.modules[each]


def _first_on_path(program: str) -> str:
    """Where Python will look first: the working directory, a folder or zip file that is run, or the script's folder."""
    if program in ("-c", "-m", "-"):
        return ""
    for hook in sys.path_hooks:
        try:
            hook(program)
        except ImportError:
            continue
        return program
    try:
        return os.path.dirname(os.path.realpath(program))
    except FileNotFoundError:  # the working directory is gone
        return ""


def _begin(given: dict[str, str]) -> None:
    """Observe; if that can't be, say why in one line, and let the program run all the same."""
    home = given["ASYNCLAB_CHILD_HOME"]
    sys.path.insert(0, home)  # asynclab may be run from a folder in which it isn't installed
    gc.disable()  # what is imported stays; to look at it again and again takes 4 ms
    is_hidden = _hide(_NEEDLESS)
    try:
        from asynclab.remote.inside.begin import begin

        begin(int(given["ASYNCLAB_CHILD_SOCKET"]), given["ASYNCLAB_CHILD_NAME"])
    except KeyboardInterrupt:
        # Nothing of the program has run, and Python would call it a fatal error of its own, with our lines in it.
        from signal import SIG_DFL, SIGINT, raise_signal, signal

        signal(SIGINT, SIG_DFL)
        raise_signal(SIGINT)
    except Exception as error:
        print(f"asynclab: can't observe this program: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        if is_hidden:
            del sys.modules[_NEEDLESS]
        gc.enable()
        sys.path.remove(home)
        _forget_shadowed()


_given = _step_aside()
if _given:
    if "ASYNCLAB_CHILD_TERMINAL" in _given:
        _take_terminal()
    _begin(_given)

_spec = PathFinder.find_spec("sitecustomize", sys.path)
if _spec is None or _spec.origin is None or _spec.origin == __file__:
    # As Python finds it if there is none: so `site` continues, and nothing by this name stays in sys.modules.
    raise ImportError("No module named 'sitecustomize'", name="sitecustomize")
__spec__, __file__ = _spec, _spec.origin
globals()["__doc__"] = None
with open(_spec.origin, "rb") as _source:
    _code = compile(_source.read(), _spec.origin, "exec")
exec(_code)
