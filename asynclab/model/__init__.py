"""Folds the events of a lab into plain data."""
