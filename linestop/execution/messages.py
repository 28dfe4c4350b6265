"""Commit messages of delivered work: what was done in the first line, why and how it was proven below."""

import textwrap

from linestop.plans import Chunk, Plan
from linestop.text import plain

SUBJECT_CHARS = 72  # what git log and the forges show without cutting


def commit_message(plan: Plan, chunk: Chunk, *, summary: str, ticket: str) -> str:
    """Return the message of a chunk's commit. A maker's summary is evidence: one paragraph, control characters out."""
    subject = plain(chunk.title, limit=SUBJECT_CHARS)
    why = plain(chunk.text.partition("\n\n")[0] or plan.purpose, limit=600)
    what = plain(summary, limit=600)
    body = [textwrap.fill(text, SUBJECT_CHARS) for text in (what, why) if text]
    trailers = f"Linestop-Ticket: {ticket}\nLinestop-Chunk: {chunk.id}"
    return "\n\n".join([subject, *body, trailers]) + "\n"
