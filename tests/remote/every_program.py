"""Runs all programs that observing must not change, one after another, and prints their output and how they end."""

import re
import sys

from tests.fast_loop import run_fast
from tests.trace.odd_scripts import SCRIPTS

_TIME = re.compile(r"\d+\.\d{3,}")
"""Matches a measured time, which differs between runs."""

RACY = frozenset({"debug_mode_checks"})
"""Programs whose threads print at the same time, so that their output may differ between runs."""


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
