"""The command line: one file a command, and what prints instead of a screen."""
