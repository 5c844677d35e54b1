"""Lanes as they are looked at: cut into columns, and explained at a moment."""
