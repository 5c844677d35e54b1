"""The one grammar: how waits, wakes, deeds and endings are said, in a cell, in an activity line and in a story."""
