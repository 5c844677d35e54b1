"""Observes asyncio and holds its loop still."""

from asynclab.model.events import StepTaken
from asynclab.trace.governing.run_ending import Ending
from asynclab.trace.lab import Lab

__all__ = ["Ending", "Lab", "StepTaken"]
