"""Observes the program in this process, and reports to another process; imports neither textual nor aiohttp."""
