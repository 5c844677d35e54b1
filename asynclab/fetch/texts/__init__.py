"""Reads texts of any format for the URLs in them."""
