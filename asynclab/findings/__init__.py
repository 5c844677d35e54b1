"""Finds bugs in a run: each rule checks the recorded state for one kind of bug, and reports only what events show."""
