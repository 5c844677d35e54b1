"""A small web server on loopback, for demos and tests."""
