"""Tags of flow runs: what they say, so that the UI can filter and the reconciler knows whose they are."""

from pathlib import Path

from linestop.paths import repository_key
from linestop.records import holder

LINESTOP = "linestop"
HOLDER = "holder:"
REPOSITORY = "repository:"


def run_tags(repository: str | Path | None = None) -> set[str]:
    """Return the tags of a run that this process starts; a subflow inherits them."""
    return {LINESTOP, holder_tag()} | ({repository_tag(repository)} if repository else set())


def ticket_tags(root: Path, *, batch: str, ticket: str) -> set[str]:
    """Return the tags of a ticket's run: the UI filters by repository, batch and ticket."""
    return {LINESTOP, repository_tag(root), f"batch:{batch}", f"ticket:{ticket}"}


def holder_tag() -> str:
    """Return `holder:host:pid:start` of this process: a run left Running after it died can be told by it."""
    return HOLDER + holder()


def repository_tag(repository: str | Path) -> str:
    """Return `repository:<key>` of a repository's root."""
    return REPOSITORY + repository_key(Path(repository))
