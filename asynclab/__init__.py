"""asynclab: a terminal laboratory for asyncio.

Code that is watched may say how far it is, with `progress` and `track`; outside a lab they do nothing.
"""

from asynclab.trace.progress import progress, track

__all__ = ["__version__", "progress", "track"]

__version__ = "0.1.0"
