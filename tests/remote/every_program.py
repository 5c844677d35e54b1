"""Runs every program that observing must not change, one after another, and prints what each prints and how it ends."""

import re
import sys

from tests.fast_loop import run_fast
from tests.trace.odd_scripts import SCRIPTS

_TIME = re.compile(r"\d+\.\d{3,}")
"""A measured time: no two runs have the same."""

RACY = frozenset({"debug_mode_checks"})
"""Programs whose threads print at once: no two runs need be alike."""


def main() -> None:
    write = sys.stdout.write
    for script in (script for script in SCRIPTS if script.__name__ not in RACY):
        print("==", script.__name__, flush=True)
        try:
            ending = repr(run_fast(script()))
        except Exception as error:
            ending = repr(error)
        write(_TIME.sub("…", f"{ending}\n"))


if __name__ == "__main__":
    main()
