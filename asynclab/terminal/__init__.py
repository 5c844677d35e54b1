"""What the terminal is, what is read from it, and what is sent to it."""
