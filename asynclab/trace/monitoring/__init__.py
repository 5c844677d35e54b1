"""Monitors loops from another thread: what blocks them, what could wake them, and which tasks spin uselessly."""
