"""`linestop insight shell`: SQL line by line over the tables of the analysis. It reads, and can do nothing else.

On a terminal with line editing and history; in a pipe without prompts, and what a query can't do ends in exit code 1.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from linestop.deployments.cli.insight_output import as_csv, as_json, as_text, say
from linestop.errors import LinestopError, UsageError
from linestop.home import home
from linestop.insight import Analysis, Query, Table, find_query, load_queries
from linestop.insight.needs import is_complete
from linestop.text import plain, plain_lines

PROMPT, MORE = "insight> ", "    ...> "
MAX_CHARS = 1_000_000  # of one query
HISTORY = "insight_history"
MAX_HISTORY = 1_000
HELP = """\
SELECT …;         ask; a query may have several lines and ends with `;`
NAME              run a named query, such as hot-files
.queries          list the named queries
.sql NAME         show a named query's SQL, to change it
.tables           list the tables
.schema TABLE     list a table's columns
.mode FORMAT      answer as table, json or csv
.quit             leave (also Ctrl-D)"""
_MODES: dict[str, Callable[[Query, Table], str]] = {
    "table": as_text,
    "json": lambda query, answer: as_json([(query, answer)]),
    "csv": lambda _, answer: as_csv(answer),
}


_TABLES = """
SELECT table_name AS name FROM duckdb_tables() WHERE schema_name = 'main'
UNION SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal
ORDER BY name
"""
Lines = Callable[[str], str | None]


class Shell:
    """One session over a source of lines, stdin where none is given."""

    def __init__(self, analysis: Analysis, source: TextIO | None = None) -> None:
        self._analysis = analysis
        self._source = source or sys.stdin
        self._mode = "table"
        self._failed = False
        self._said: set[str] = set()
        self._commands: dict[str, Callable[[str], None]] = {
            ".help": lambda _: say(HELP),
            ".queries": lambda _: say("\n".join(f"{one.name}: {one.purpose}" for one in load_queries())),
            ".sql": lambda name: say(find_query(name).sql),
            ".tables": lambda _: self._tables(),
            ".schema": self._schema,
            ".mode": self._change_mode,
        }

    def run(self) -> int:
        """Answer until the input ends; return 1 where it is a pipe and a query failed, else 0."""
        on_terminal = self._source.isatty()
        lines = _typed() if on_terminal else _piped(self._source)
        if on_terminal:
            sys.stderr.write("read-only SQL; `.help` says what this understands, Ctrl-D leaves\n")
        with _history() if on_terminal else contextlib.nullcontext():
            self._session(lines)
        return 1 if self._failed and not on_terminal else 0

    def _session(self, lines: Lines) -> None:
        query = ""
        while True:
            try:
                line = lines(MORE if query else PROMPT)
                if line is None:
                    break
                if not query and (done := self._command(line.strip())) is not None:
                    if done:
                        return
                    continue
                query = f"{query}\n{line}".strip()[:MAX_CHARS]
                if is_complete(query):
                    self._ask(_own(query))
                    query = ""
            except KeyboardInterrupt:  # Ctrl-C drops what was typed, or ends a query that runs
                sys.stderr.write("\n")
                query = ""
        if query:
            self._ask(_own(query))

    def _command(self, line: str) -> bool | None:
        """Carry out a line that is no SQL; return whether to leave, None where the line is SQL."""
        if not line.strip("; "):
            return False
        word, _, rest = line.rstrip(";").partition(" ")
        if word in {".quit", ".exit"}:
            return True
        if word.startswith("."):
            self._guarded(lambda: self._commands.get(word, _unknown)(rest.strip() or word))
            return False
        if named := next((one for one in load_queries() if one.name == line.rstrip("; ")), None):
            self._ask(named)
            return False
        return None

    def _ask(self, query: Query) -> None:
        self._guarded(lambda: say(_MODES[self._mode](query, self._analysis.ask(query.sql)).rstrip("\n")))
        for problem in self._analysis.problems:
            if problem not in self._said:
                self._said.add(problem)
                sys.stderr.write(f"{problem}\n")

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except LinestopError as error:
            self._failed = True
            sys.stderr.write(plain_lines(error.line, 1_000) + "\n")

    def _tables(self) -> None:
        self._ask(_own(_TABLES))

    def _schema(self, table: str) -> None:
        if not table.replace("_", "").isalnum():
            raise UsageError(f"there is no table {plain(table)}", todo="`.tables` lists them")
        self._ask(_own(f"SELECT column_name, column_type FROM (DESCRIBE {table})"))  # noqa: S608  # a word

    def _change_mode(self, mode: str) -> None:
        if mode not in _MODES:
            raise UsageError(f"there is no format {plain(mode)}", todo=f"`.mode` takes one of {', '.join(_MODES)}")
        self._mode = mode


def _own(sql: str) -> Query:
    return Query(name="", purpose="", sql=sql)


def _unknown(word: str) -> None:
    raise UsageError(f"{plain(word)} is not understood", todo="`.help` says what is")


def _typed() -> Lines:
    def ask(prompt: str) -> str | None:
        try:
            return input(prompt)
        except EOFError:
            sys.stdout.write("\n")
            return None

    return ask


def _piped(source: TextIO) -> Lines:
    def ask(_: str) -> str | None:
        line = source.readline(MAX_CHARS)
        return line.rstrip("\n") if line else None

    return ask


@contextlib.contextmanager
def _history() -> Iterator[None]:
    """Edit lines with the history of earlier sessions, where Python has readline and the home can be written."""
    try:
        import readline  # noqa: PLC0415  # not everywhere
    except ImportError:
        yield
        return
    path = home() / HISTORY
    readline.set_history_length(MAX_HISTORY)
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            _private(path)
            readline.write_history_file(path)


def _private(path: Path) -> None:
    """Make the history a file of its owner alone: queries name files and tickets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
