"""Fetches many URLs concurrently. The user interfaces are elsewhere."""
