"""Widgets that show fetches: the table of URLs, the details of a URL, totals, and phases."""
