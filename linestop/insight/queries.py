"""The named queries: reads `queries.sql`. Running them is analysis.py."""

from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from linestop.errors import UsageError


class Query(BaseModel):
    """One named query: what it is for, and its SQL. `lead` ones are the overview, `audit` ones each audit publishes."""

    model_config = ConfigDict(frozen=True)

    name: str
    purpose: str
    sql: str
    lead: bool = False
    audit: bool = False
    picture: str = Field(
        default="", description="how it is drawn: `bars LABELS | VALUE [LOW HIGH]`, `lines X | VALUES`"
    )


@cache
def load_queries() -> tuple[Query, ...]:
    """Return every query of `queries.sql`, in the file's order."""
    text = resources.files("linestop.insight").joinpath("queries.sql").read_text(encoding="utf-8")
    return tuple(_parse(block) for block in text.split("-- name: ")[1:])


def is_named(sql: str) -> bool:
    """Return whether a text is one of the named queries, word for word: ours, and no stranger's."""
    return any(query.sql == sql for query in load_queries())


def find_query(name: str) -> Query:
    """Return the query of this name.

    Raises:
        UsageError: there is none; names those that are.
    """
    for query in load_queries():
        if query.name == name:
            return query
    raise UsageError(
        f"there is no query {name!r}",
        found=", ".join(query.name for query in load_queries()),
        todo="`linestop insight` lists them with their purpose; --sql asks anything else",
    )


def _parse(block: str) -> Query:
    lines = block.strip().splitlines()
    notes = [line.removeprefix("--").strip() for line in lines[1:] if line.startswith("--")]
    purpose = next(note.removeprefix("purpose:").strip() for note in notes if note.startswith("purpose:"))
    sql = "\n".join(line for line in lines[1:] if not line.startswith("--")).strip()
    picture = next((note.removeprefix("picture:").strip() for note in notes if note.startswith("picture:")), "")
    return Query(
        name=lines[0].strip(), purpose=purpose, sql=sql, lead="lead" in notes, audit="audit" in notes, picture=picture
    )
