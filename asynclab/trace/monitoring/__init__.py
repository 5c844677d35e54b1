"""Looks at loops from another thread: what blocks them, what could wake them, what keeps them busy in vain."""
