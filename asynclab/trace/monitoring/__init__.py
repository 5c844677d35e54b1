"""Looks at loops from another thread: what blocks them, what could wake them, and what keeps them busy uselessly."""
