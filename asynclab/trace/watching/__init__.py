"""Finds out what happens on a loop: what tasks wait for, cancel requests, timers, queues and locks, output."""
