"""Sees what asyncio does: steps, waits, primitives, timeouts, output, warnings and blocked loops."""
