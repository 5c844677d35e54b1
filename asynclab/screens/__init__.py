"""Arranges widgets on screens, and turns keys into commands."""
