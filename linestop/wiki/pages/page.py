"""A page as it should be: a path and its claims in order."""

from dataclasses import dataclass

from linestop.wiki.claims import Claim, derived
from linestop.wiki.source import SourceFile


@dataclass(frozen=True)
class Page:
    """A generated page. `path` is POSIX, from the repository's root."""

    path: str
    claims: tuple[Claim, ...]


def stated(claim_id: str, file: SourceFile, body: str) -> Claim:
    """Return a claim about one file: its hash is the file's SHA-256."""
    return Claim(claim_id, file.path, body, file.sha256)


def some(*claims: Claim | None) -> tuple[Claim, ...]:
    """Return the claims that have something to say."""
    return tuple(claim for claim in claims if claim and claim.body.strip())


def listed(title: str, lines: list[str], *, limit: int = 200) -> str:
    """Return a section with a list, at most `limit` lines of it; nothing where there are none."""
    if not lines:
        return ""
    more = [f"- … and {len(lines) - limit:,} more"] if len(lines) > limit else []
    return "\n".join([f"## {title}", "", *lines[:limit], *more])


def about(claim_id: str, topic: str, subject: str, body: str) -> Claim:
    """Return a claim made from many files about one subject."""
    return derived(claim_id, f"{topic}/{subject}" if subject else topic, body)
