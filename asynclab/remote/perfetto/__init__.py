"""Exports a run as a trace file that ui.perfetto.dev and chrome://tracing can open."""
