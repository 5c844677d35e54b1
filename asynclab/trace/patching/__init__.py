"""Patches functions of asyncio, threading and warnings so that the watchers are called, and undoes the patches."""
