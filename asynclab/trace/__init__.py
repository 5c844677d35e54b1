"""Observes asyncio and holds its loop still."""
