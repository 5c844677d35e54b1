"""Watchers that detect signs of bugs in tasks, cancels, results and connections, and report each as an event."""
