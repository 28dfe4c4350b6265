"""Skills: how to go about something, as folders with a SKILL.md. Shipped ones, a user's, a repository's owner's."""

from linestop.skills.model import Origin, Skill
from linestop.skills.shelf import ROLE, skills, skills_for

__all__ = ["ROLE", "Origin", "Skill", "skills", "skills_for"]
