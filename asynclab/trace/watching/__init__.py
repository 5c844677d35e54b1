"""Finds out what happens on a loop: what tasks wait for, cancel requests, timeouts and timers, queues and locks, output."""
