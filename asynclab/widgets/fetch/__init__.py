"""Views of the URLs that are fetched: their table, one of them, their totals and phases."""
