"""Sees what goes wrong with tasks, cancels, results and connections: signs of bugs, each told as an event."""
