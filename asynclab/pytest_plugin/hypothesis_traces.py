"""Keeps asynclab's own lines out of Hypothesis's report of lines that only failing examples run."""

from __future__ import annotations

import os
import sys
from functools import cache

import asynclab
from asynclab.trace.patching.patches import Patches

_OURS = os.path.dirname(os.path.abspath(asynclab.__file__)) + os.sep

_TRACER = "hypothesis.internal.scrutineer"


def keep_out_of_traces() -> Patches:
    """Keep Hypothesis from tracing our files, until the patch is undone; do nothing if it isn't imported."""
    patches = Patches()
    original = getattr(sys.modules.get(_TRACER), "should_trace_file", None)
    if original is not None:

        @cache  # like the original: it is called for each line that runs
        def should_trace_file(name: str) -> bool:
            return not name.startswith(_OURS) and bool(original(name))

        patches.set(sys.modules[_TRACER], "should_trace_file", should_trace_file)
    return patches
