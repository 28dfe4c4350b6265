"""Lessons: conclusions that people curated, each with its why. SQLite, a tier of the repository and a global one."""

from linestop.memory.lessons.model import Lesson, Tier, Trust

__all__ = ["Lesson", "Tier", "Trust"]
