"""Replaces what asyncio, threading and warnings call, so that the watchers see it; and puts it back."""
