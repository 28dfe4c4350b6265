"""`linestop insight`: answers questions about runs and memory. The queries and tables are linestop/insight/."""

import sys
from datetime import UTC
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.insight_output import as_csv, as_json, as_text, draw, folded, say
from linestop.deployments.cli.options import Json, Repo
from linestop.errors import UsageError
from linestop.insight import Analysis, Query, Table, find_query, load_queries
from linestop.since import moment_of

NOTHING_YET = "no runs yet; type `linestop run {root}` to make the first"
SHELL = "shell"


def insight(
    query: str | None = None,
    repository: Repo = Path(),
    *,
    sql: str | None = None,
    since: str | None = None,
    json_: Json = False,
    csv: Annotated[bool, Parameter(name="--csv")] = False,
    picture: Path | None = None,
) -> int:
    """Answer questions about runs and memory, from DuckDB.

    Examples:
        linestop insight                        # the overview, and each query
        linestop insight hot-files ../shop      # of another repository
        linestop insight lesson-effect --since 30d
        linestop insight repeat-offenders --picture offenders.svg
        linestop insight cost-of-loops --csv > loops.csv
        linestop insight --sql "SELECT count(*) FROM cautions" --json
        linestop insight shell                  # `.help` says what it understands

    Parameters
    ----------
    query
        Name of a query, or `shell`. Nothing: the overview.
    sql
        A query of your own, in place of a named one. It can only read.
    since
        Only what happened since: 12h, 30d, 2w, or a day of UTC such as 2026-11-01. Lessons count whatever their age.
    json_
        Print the answers as JSON.
    csv
        Print one answer as CSV.
    picture
        Draw one answer into this file, .svg or .png, and print nothing.
    """
    if query and query != SHELL and query not in {known.name for known in load_queries()} and Path(query).is_dir():
        repository, query = Path(query), None  # `linestop insight ../shop`
    formats = {"--json": json_, "--csv": csv, "--picture": picture is not None}
    _consistent(query, sql, [name for name, given in formats.items() if given])
    layout = memory_layout(repository)
    with Analysis(layout, since=moment_of(since, zone=UTC) if since else None) as analysis:
        if query == SHELL:
            from linestop.deployments.cli.insight_shell import Shell  # noqa: PLC0415  # readline only where it is used

            return Shell(analysis).run()
        asked = _asked(query, sql)
        analysis.prepare(*(one.sql for one in asked))
        answers = [(one, analysis.ask(one.sql)) for one in asked]
        empty, problems = analysis.empty, analysis.problems
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    if json_:
        say(as_json(answers))
    elif csv:
        say(as_csv(answers[0][1]))
    elif picture:
        draw(*answers[0], picture)
    else:
        _tables(answers, overview=not query and not sql, empty=empty)
    told = any(answer.rows for _, answer in answers) or problems
    if empty and not (told or json_ or csv or picture):
        sys.stderr.write(NOTHING_YET.format(root=layout.root) + "\n")
    return 0


def _consistent(query: str | None, sql: str | None, formats: list[str]) -> None:
    if sql is not None and not sql.strip():
        raise UsageError("--sql holds no query", found=repr(sql), todo='ask for example `--sql "FROM runs"`')
    if query and sql:
        what = "the shell" if query == SHELL else "a named query"
        raise UsageError(f"{what} and --sql can't be asked at once", todo="leave one of them out")
    if len(formats) > 1:
        raise UsageError(f"{' and '.join(formats)} can't be given at once", todo="leave one of them out")
    if query == SHELL and formats:
        raise UsageError(f"the shell takes no {formats[0]}", todo="`.mode json` in it changes how it answers")
    if formats and formats[0] != "--json" and not (query or sql):
        raise UsageError(
            f"{formats[0]} takes one answer, the overview is several", todo="name a query, or ask with --sql"
        )


def _asked(query: str | None, sql: str | None) -> tuple[Query, ...]:
    if sql:
        return (Query(name="sql", purpose="", sql=sql),)
    if query:
        return (find_query(query),)
    return tuple(one for one in load_queries() if one.lead)


def _tables(answers: list[tuple[Query, Table]], *, overview: bool, empty: bool) -> None:
    for one, answer in answers:
        if not (overview and empty):
            say(as_text(one, answer))
    if overview:
        say(listing())


def listing() -> str:
    """Return every query with its purpose."""
    width = max(len(query.name) for query in load_queries())
    lines = (folded(f"  {query.name.ljust(width)}  {query.purpose}", indent=width + 4) for query in load_queries())
    return "\n".join(["all queries (linestop insight NAME):", *lines])
