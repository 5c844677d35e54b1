"""Textual widgets that show the model: the state of a lab, its log, timeline, source code and findings."""
