"""The model of an observed run: its events, the state that they add up to, and texts about both. Draws nothing."""
