"""Observes the program of this process and tells another process of it; imports neither textual nor aiohttp."""
