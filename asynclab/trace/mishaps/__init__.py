"""Detects what goes wrong with tasks, cancels, results and connections, and reports each sign of a bug as an event."""
