"""Reads texts of any format for the URLs in them."""

FORMATS = ("text", "html", "xml", "json", "csv", "mail", "defanged")
"""What a text can be said to be."""
