"""The words of views, logs and stories for what tasks do: their waits, wakes, deeds and ends."""
