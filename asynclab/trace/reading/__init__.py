"""Reads where suspended code stands, what it refers to and what it may still do, without running any of it."""
