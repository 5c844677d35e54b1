"""Observes a program from its first line on: Python imports this before any code of the program.

`remote.launch` puts this folder first on the path. This module removes itself from the path, and its settings from the
environment, so that both are the same as without asynclab for the program and its children.
"""

import sys

_BEFORE = set(sys.modules)

import gc  # noqa: E402
import os  # noqa: E402
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder  # noqa: E402

_NEEDLESS = "typing_extensions"
"""A module that msgspec imports if it exists, but doesn't need. The import takes 4 ms."""


_OURS = {"asynclab", "msgspec"}
"""Our own packages. We import more of their modules later, so a module of the program can't replace them."""


def _step_aside() -> dict[str, str]:
    """Remove our settings from the environment and the path.

    Returns:
        The settings.
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

    The parent can't do this: it would need to run code between fork and exec, which isn't safe in a process with
    threads.
    """
    import fcntl
    import termios

    try:  # noqa: SIM105 - contextlib would be imported into the program
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    except OSError:
        pass  # then Ctrl-C has no effect


def _hide(module: str) -> bool:
    """Make an import of a module fail, unless it has been imported."""
    if module in sys.modules:
        return False
    sys.modules[module] = None  # type: ignore[assignment]
    return True


def _forget_shadowed() -> None:
    """Unload a library module that we have imported if the program has its own module of the same name.

    Python puts the program's folder first on the path, but only after this module, so our imports didn't find it.
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
    """The first entry of the path: the working directory (""), a folder or zip file, or the script's folder."""
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
    """Begin to observe the program. If that fails, print the reason in one line, and run the program unobserved."""
    home = given["ASYNCLAB_CHILD_HOME"]
    sys.path.insert(0, home)  # asynclab may be run from a folder in which it isn't installed
    gc.disable()  # imported modules stay, so collections here would only take 4 ms
    is_hidden = _hide(_NEEDLESS)
    try:
        from asynclab.remote.inside.begin import begin

        begin(int(given["ASYNCLAB_CHILD_SOCKET"]), given["ASYNCLAB_CHILD_NAME"])
    except KeyboardInterrupt:
        # Python would print a fatal error with our traceback, before any code of the program has run.
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
    # The same error as if no sitecustomize existed: `site` ignores it, and sys.modules doesn't keep this module.
    raise ImportError("No module named 'sitecustomize'", name="sitecustomize")
__spec__, __file__ = _spec, _spec.origin
globals()["__doc__"] = None
with open(_spec.origin, "rb") as _source:
    _code = compile(_source.read(), _spec.origin, "exec")
exec(_code)
