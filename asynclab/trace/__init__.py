"""Observes asyncio and holds its loop still."""

from asynclab.trace.ending import Ending
from asynclab.trace.lab import Lab
from asynclab.trace.stepping import StepTaken

__all__ = ["Ending", "Lab", "StepTaken"]
