"""The screen of a program that runs elsewhere, live or from a recording."""
