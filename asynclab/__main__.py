"""The entry point of `asynclab` and `python -m asynclab`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line. Ctrl-C ends it without a traceback, even during the imports."""
    try:
        from asynclab.cli.main import main

        main(prog_name="asynclab")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
