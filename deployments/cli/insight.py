"""`linestop insight`: answers questions about the runs. The queries and tables are linestop/insight/."""

import json
import sys
from pathlib import Path
from typing import Any

from linestop.deployments.cli.options import Json, Repo
from linestop.deployments.cli.text_table import text_table
from linestop.errors import UsageError
from linestop.insight import Analysis, Query, Table, find_query, load_queries
from linestop.paths import Layout, repository_root

NOTHING_YET = "no runs yet; type `linestop run {root}` to make the first"


def insight(
    query: str | None = None,
    repository: Repo = Path(),
    *,
    sql: str | None = None,
    json_: Json = False,
) -> int:
    """Answer questions about the runs, from DuckDB.

    Examples:
        linestop insight                        # the overview, and every query by name
        linestop insight time-by-step ../shop   # one query, about another repository
        linestop insight frequent-failures --json
        linestop insight --sql "SELECT kind, count(*) FROM runs GROUP BY kind"

    Parameters
    ----------
    query
        Name of a query. Nothing: the overview.
    repository
        Any folder in the repository; the one you stand in by default.
    sql
        A query of your own, in place of a named one. It can only read.
    json_
        Print the answers as JSON.
    """
    if query and query not in {known.name for known in load_queries()} and Path(query).is_dir():
        repository, query = Path(query), None  # `linestop insight ../shop`
    if sql is not None and not sql.strip():
        raise UsageError("--sql holds no query", found=repr(sql), todo='ask for example `--sql "FROM runs"`')
    if query and sql:
        raise UsageError("a named query and --sql can't be asked at once", todo="leave one of them out")
    layout = Layout(repository_root(repository))
    asked = _asked(query, sql)
    with Analysis(layout) as analysis:
        empty = analysis.empty
        answers = [(one, analysis.ask(one.sql)) for one in asked]
    if json_:
        _say(json.dumps([_as_json(one, answer) for one, answer in answers], indent=2, default=str))
        return 0
    overview = not query and not sql
    for one, answer in answers:
        if not (overview and empty):
            _say(_as_text(one, answer))
    if overview:
        _say(_listing())
    if empty:
        sys.stderr.write(NOTHING_YET.format(root=layout.root) + "\n")
    return 0


def _asked(query: str | None, sql: str | None) -> tuple[Query, ...]:
    if sql:
        return (Query(name="sql", purpose="", sql=sql),)
    if query:
        return (find_query(query),)
    return tuple(one for one in load_queries() if one.lead)


def _as_json(query: Query, answer: Table) -> dict[str, Any]:
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    return {"query": query.name, "purpose": query.purpose, "rows": rows}


def _as_text(query: Query, answer: Table) -> str:
    table = text_table(answer.columns, answer.rows) if answer.rows else "(nothing)"
    title = f"{query.name}: {query.purpose}\n\n" if query.purpose else ""
    return f"{title}{table}\n"


def _listing() -> str:
    width = max(len(query.name) for query in load_queries())
    lines = [f"  {query.name.ljust(width)}  {query.purpose}" for query in load_queries()]
    return "\n".join(["all queries (linestop insight NAME):", *lines])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
