"""Concurrent fetching of many URLs, without a view of its own."""
