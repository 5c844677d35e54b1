"""Sees what goes wrong with tasks, cancels, results and connections: signs of bugs, each reported as an event."""
