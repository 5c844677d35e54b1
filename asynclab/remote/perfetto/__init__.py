"""Writes what a program did as a trace that ui.perfetto.dev and chrome://tracing open."""
