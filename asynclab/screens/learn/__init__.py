"""The Learn screen: the demos and their runs."""
