"""What the arm with memory is told and the other is not, as a diff: all that differs between two arms."""

from difflib import unified_diff

from linestop.lab.entry import Subject
from linestop.text import plain_lines

MOST_CHARS = 200_000


def brief_change(subject: Subject) -> str:
    """Return the unified diff from the brief without memory to the one with it; empty where nothing is injected."""
    before, after = subject.without.brief.splitlines(), subject.with_memory.brief.splitlines()
    lines = unified_diff(before, after, "without memory", "with memory", lineterm="", n=1)
    return plain_lines("\n".join(lines), MOST_CHARS)


def injects(subject: Subject) -> bool:
    """Return whether the arms are told anything different at all."""
    one, other = subject.with_memory, subject.without
    return (one.brief, one.corrections) != (other.brief, other.corrections)
