"""Controls how code runs in a lab: its timers, pausing and stepping, and how a run ends and is cleaned up."""
