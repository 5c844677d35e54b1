"""The Learn screen: demos, and their runs."""
