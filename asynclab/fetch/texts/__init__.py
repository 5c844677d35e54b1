"""Reads texts of any format, and finds the URLs in them."""

FORMATS = ("text", "html", "xml", "json", "csv", "mail", "defanged")
"""The formats that a user can choose for a text."""
