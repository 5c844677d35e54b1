"""Analyses suspended code without running it: its line, the objects that it refers to, and what it may still do."""
