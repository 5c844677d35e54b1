"""Keeps connections from running out of file descriptors."""

from __future__ import annotations

import os
import resource

from asynclab.fetch.options import Options

RESERVE = 12
"""File descriptors for name lookups and for the app."""


def most_requests(options: Options) -> int:
    """How many requests at once there are files for; raises the limit as far as the system allows."""
    # While one is connected, a second address of the same server is tried after a moment.
    files_each = 2 if options.save_to is None else 3
    taken = len(os.listdir("/dev/fd")) + RESERVE
    needed = taken + options.concurrency * files_each
    limit, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < needed:
        limit = needed if highest == resource.RLIM_INFINITY else min(needed, highest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, highest))
    granted = options.concurrency if limit == resource.RLIM_INFINITY else (limit - taken) // files_each
    return max(1, min(options.concurrency, granted))
