"""What each kind of event changes in a `LabState`: one function an event, called with the state and the lab time."""

from __future__ import annotations

from asynclab.model.fold import life, output, primitives, queues, run, steps, timeouts, waits
from asynclab.model.fold.handler import Handlers

HANDLERS: Handlers = {
    **steps.HANDLERS,
    **waits.HANDLERS,
    **life.HANDLERS,
    **queues.HANDLERS,
    **primitives.HANDLERS,
    **timeouts.HANDLERS,
    **output.HANDLERS,
    **run.HANDLERS,
}
"""By the type of the event; there is one for each member of the union."""
