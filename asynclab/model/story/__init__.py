"""The life of one task, told in sentences."""

from asynclab.model.story.narrative import Retelling
from asynclab.model.story.sentences import Sentence, Story

__all__ = ["Retelling", "Sentence", "Story"]
