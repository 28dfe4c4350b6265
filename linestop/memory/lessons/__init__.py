"""Lessons: conclusions that people curated, each with its why. SQLite, a tier of the repository and a global one."""

from linestop.memory.lessons.drafting import draft
from linestop.memory.lessons.model import Former, Lesson, Tier, Trust
from linestop.memory.lessons.store import LessonStore
from linestop.memory.lessons.tiers import Lessons

__all__ = ["Former", "Lesson", "LessonStore", "Lessons", "Tier", "Trust", "draft"]
