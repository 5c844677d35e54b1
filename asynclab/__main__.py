"""Starts asynclab, as `asynclab` and as `python -m asynclab`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line; ctrl+c ends it without a word also while it is still being imported."""
    try:
        from asynclab.cli.main import main

        main(prog_name="asynclab")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
