"""Draws on the terminal, and reads its input."""
