"""Describes the whole life of one task in sentences: a story."""

from asynclab.model.story.narrative import Retelling
from asynclab.model.story.sentences import Sentence, Story

__all__ = ["Retelling", "Sentence", "Story"]
