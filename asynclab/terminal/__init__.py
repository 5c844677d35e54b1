"""Reads from the terminal and sends to it."""
