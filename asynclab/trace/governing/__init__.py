"""Governs a lab: its clock and timers, holding and stepping, its life and its clean-up."""
