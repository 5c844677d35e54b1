"""Prepares lanes for views: divides them into columns, and explains the interval at a moment."""
