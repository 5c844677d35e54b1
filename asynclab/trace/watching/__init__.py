"""Watchers of what happens on a loop: what tasks wait for, cancel requests, timers, queues, locks and output."""
