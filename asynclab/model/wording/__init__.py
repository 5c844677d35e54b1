"""All wording: how a cell, an activity line and a story describe waits, wakes, deeds and endings."""
