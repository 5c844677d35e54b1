"""The life of one task, told in sentences."""

from asynclab.model.story.sentences import Sentence, Story
from asynclab.model.story.telling import Retelling

__all__ = ["Retelling", "Sentence", "Story"]
