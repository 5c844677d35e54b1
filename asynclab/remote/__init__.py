"""Observes programs that run in another process: starts them or attaches to them, reads their events, records them."""
