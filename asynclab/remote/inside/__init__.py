"""Runs inside an observed program, and reports to the viewer's process. Imports neither textual nor aiohttp."""
