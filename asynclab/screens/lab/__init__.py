"""A run on a stage: its record, its views, and the actions on it."""
