"""Keeps what was observed: events, the loop's tasks, and whose code is whose."""
