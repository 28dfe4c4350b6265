"""What is pointed out when a lesson is added: a table of pairs, false alarms included."""

from datetime import UTC, datetime
from itertools import combinations

import pytest

from linestop.errors import UsageError
from linestop.memory.lessons import Lesson, Trust
from linestop.memory.lessons.contradictions import clashes, refuse

NOW = datetime(2026, 11, 21, tzinfo=UTC)
OPPOSITE, REPEATS = "says the opposite", "says nearly the same"
ORDER, NUMBER, NOTHING = "says the other order", "says another number", ""
PAIRS = [
    ("Never run the whole test suite", "Always run the whole test suite before a commit", OPPOSITE),
    ("Use tabs for indentation", "Don't use tabs for indentation", OPPOSITE),
    ("Use tabs for indentation", "Use spaces for indentation", OPPOSITE),
    ("Avoid mocks", "Use mocks for the payment API", OPPOSITE),
    ("Use pathlib instead of os.path", "Use os.path instead of pathlib", OPPOSITE),
    ("Use pathlib, not os.path", "Use os.path", OPPOSITE),
    ("Enable the cache", "Disable the cache", OPPOSITE),
    ("Don't disable the cache", "Disable the cache", OPPOSITE),
    ("Don't disable the cache", "Enable the cache", REPEATS),
    ("Never skip the tests", "Skip the tests", OPPOSITE),
    ("Never skip the tests", "Always run the tests", REPEATS),
    ("Use absolute imports", "Use relative imports", OPPOSITE),
    ("Use absolute imports", "Never use relative imports", REPEATS),
    ("The timeout must be 30 seconds", "The timeout must be 60 seconds", NUMBER),
    ("Run the linter before committing", "Run the linter after committing", ORDER),
    ("Run migrations before the tests", "Run the tests before the migrations", ORDER),
    ("Run migrations before the tests", "Run the tests after the migrations", REPEATS),
    ("Don't merge before the tests pass", "Merge after the tests pass", REPEATS),
    ("Don't merge before the tests pass", "Merge before the tests pass", ORDER),
    ("Never deploy without approval", "Deploy without approval", OPPOSITE),
    ("Never deploy without approval", "Deploy only with approval", REPEATS),
    ("Never commit generated files", "Always commit with a message", NOTHING),
    ("Never commit generated files", "Commit the generated files", OPPOSITE),
    ("Never commit generated files", "Generated files must not be committed", REPEATS),
    ("Always run database migrations in staging first", "Never run database migrations in production", NOTHING),
    ("Use the cache in production", "Don't use the cache in tests", NOTHING),
    ("Never edit lock files by hand", "Run make lock to write lock files", NOTHING),
    ("Retry network calls three times", "Never retry network calls", OPPOSITE),
    ("Don't catch Exception broadly", "Catch Exception at the process edge", NOTHING),
    ("Keep the changelog up to date", "Remove the changelog", OPPOSITE),
    ("Pin dependencies", "Don't pin dependencies", OPPOSITE),
    ("Use uv for installing", "Use uv for locking", NOTHING),
    ("Read the whole file before editing it", "Never read the whole file", OPPOSITE),
    ("Fixtures belong in conftest.py", "Avoid fixtures in conftest.py", OPPOSITE),
    ("pytest needs the server to run", "The server needs pytest-asyncio", NOTHING),
    ("Don't use sleep in tests", "Use a signal in place of sleep in tests", NOTHING),
    ("Never print secrets", "Never log secrets", NOTHING),
    ("Delete the branch after merging", "Don't delete the branch after merging", OPPOSITE),
    ("Timeouts are in seconds", "Time-outs are in milliseconds", NOTHING),
    ("Raise errors in the parser", "Swallow errors in the parser", OPPOSITE),
    ("Use async clients in the receiver", "Use sync clients in the receiver", OPPOSITE),
    ("never Use FLOAT for money", "Use float for money!", OPPOSITE),
    ("Tests never touch the network", "Tests may touch the network", OPPOSITE),
    ("Don't mock when testing payments", "Mock when testing payments", OPPOSITE),
    ("Mocks are not used in tests", "Use mocks in tests", OPPOSITE),
    ("Merge when the tests pass", "Don't merge before the tests pass", REPEATS),
    ("Commit only after the linter passes", "Never commit", OPPOSITE),
    ("No network in unit tests", "Unit tests use the network", OPPOSITE),
    ("Use British spelling", "Don't use American spelling", NOTHING),
    ("Close files with a context manager", "Close sockets with a context manager", NOTHING),
    ("Don\N{RIGHT SINGLE QUOTATION MARK}t edit generated files", "Edit generated files by hand", OPPOSITE),
    ("Write tests first", "Write documentation first", NOTHING),
    ("Don't bump the version in a fix", "Bump the version in a release", NOTHING),
    ("Log at debug level in loops", "Never log in loops", OPPOSITE),
    ("Prefer composition over inheritance", "Prefer inheritance over composition", OPPOSITE),
    ("Keep functions short", "Keep modules short", NOTHING),
    ("Nie die ganze Testsuite laufen lassen", "Immer die ganze Testsuite laufen lassen", NOTHING),
    ("Use decimal for money", "Never use float for money", NOTHING),
]

AGREEING = """
Never run the whole test suite, run the file's tests
Prices are in cents, never in floats
Use uv instead of pip
Run make lock after changing pyproject.toml
Don't edit requirements.lock by hand
The receiver verifies signatures before it reads the body
Read the log before changing code
Don't add sleeps to tests, wait for a signal
Never commit secrets
Use the fixture repo for git tests
Keep flows to one screen
Don't import prefect in the core
Import duckdb inside the function that uses it
Close connections before forking
Don't hold a lock over a network call
Use BEGIN IMMEDIATE for writes
Never follow links in a target repository
Check paths before writing, not after
Use pathlib for paths
Strip control characters before printing
Never use a shell for target commands
Set busy_timeout before the first lock
Retry on SQLITE_BUSY, not on SQLITE_CORRUPT
Timeouts belong in the policy
Don't raise the timeout to make a test pass
Mock only what leaves the process
Tests of the tracker need no server
Start the Prefect server once for a session
Don't start a server in unit tests
Ask before deleting a test
Don't weaken a guard to get green
Migrations are numbered and never edited
Write a regression test for each bug
Name tests after behaviours
Don't name modules utils
Prefer values over exceptions for verdicts
Errors have three parts
Log nouns and verbs, not prose
Never log prompts
Cut agents' output before it is stored
The cart rounds per line, not per order
Refunds are negative orders
Never cache prices longer than a minute
Cache the catalogue for an hour
The API paginates from 1
Use UTC everywhere
Convert times only when they are shown
Docker isn't there in CI
CI has two cores
Run ruff format last
Dates in fixtures are frozen at 2026-11-21
Don't use datetime.now in models
The checker sees the diff, not the workspace
The maker may petition a wrong test
Don't touch existing tests
New tests go to tests/unit
Live tests are marked
Don't mark slow tests as live
Generated files are written by make docs
Don't write generated files by hand
Use tabs in Makefiles
Use spaces in Python
Delete the worktree after a ticket
Keep the worktree of a stopped ticket
Escape markup before rich prints it
Never trust a file's size
Read at most ten megabytes of a log
Use json lines for logs
Don't parse logs with regular expressions
The old parser is still used by the importer
Remove the old parser once the importer is gone
"""
FALSE_ALARMS = {
    ("Live tests are marked", "Don't mark slow tests as live"),
    ("Delete the worktree after a ticket", "Keep the worktree of a stopped ticket"),
}


def lesson(name: str, title: str, **fields: object) -> Lesson:
    return Lesson.model_validate(
        {"id": name, "title": title, "why": "it happened", "created": NOW, "updated": NOW, **fields}
    )


def how(new: Lesson, other: Lesson) -> str:
    return "".join(clash.why for clash in clashes(new, [other]))


@pytest.mark.parametrize(("one", "two", "expected"), PAIRS, ids=[f"{one} | {two}" for one, two, _ in PAIRS])
def test_two_titles(one: str, two: str, expected: str) -> None:
    first, second = lesson("a", one), lesson("b", two)
    assert (how(first, second), how(second, first)) == (expected, expected)


ALWAYS, NEVER = "Cache prices in the shop", "Never cache prices in the shop"


@pytest.mark.parametrize(
    ("new", "other", "expected"),
    [
        pytest.param({"file": "a.py"}, {"file": "a.py"}, OPPOSITE, id="of one file"),
        pytest.param({"file": "a.py"}, {"file": "b.py"}, NOTHING, id="of two files"),
        pytest.param({"file": "a.py"}, {}, OPPOSITE, id="of one file, against a rule for all"),
        pytest.param({"roles": ["maker"]}, {"roles": ["checker"]}, NOTHING, id="nobody is told both"),
        pytest.param({"roles": ["maker"]}, {"roles": ["maker", "checker"]}, OPPOSITE, id="one role is told both"),
        pytest.param({"contradicts": ["b"]}, {}, NOTHING, id="the new one names the other"),
        pytest.param({}, {"contradicts": ["a"]}, NOTHING, id="the other names the new one"),
        pytest.param({}, {"superseded_by": "c"}, NOTHING, id="the other is superseded"),
        pytest.param({}, {"trust": Trust.PROPOSED}, NOTHING, id="the other is only proposed"),
    ],
)
def test_who_is_told_what_counts(new: dict[str, object], other: dict[str, object], expected: str) -> None:
    assert how(lesson("a", ALWAYS, **new), lesson("b", NEVER, **other)) == expected


def test_of_2485_pairs_of_a_collection_that_agrees_two_are_pointed_out() -> None:
    titles = AGREEING.strip().splitlines()
    lessons = [lesson(f"l{number}", title) for number, title in enumerate(titles)]
    found = {(one.title, two.title) for one, two in combinations(lessons, 2) if clashes(one, [two])}
    assert len(titles) == 71
    assert found == FALSE_ALARMS


def test_two_lessons_of_one_file_need_fewer_words_in_common() -> None:
    one, two = "Round prices up in totals", "Never round taxes"
    assert how(lesson("a", one, file="x.py"), lesson("b", two, file="x.py")) == NOTHING
    one, two = "Round prices up in totals", "Don't round prices, keep fractions"
    assert how(lesson("a", one, file="x.py"), lesson("b", two, file="x.py")) == OPPOSITE
    assert how(lesson("a", one), lesson("b", two)) == NOTHING


def test_the_refusal_names_the_others_and_the_ways_out() -> None:
    others = [lesson("b", NEVER), lesson("c", "Never cache prices in the shop again")]
    with pytest.raises(UsageError) as caught:
        refuse(lesson("a", ALWAYS), others)
    told = str(caught.value)
    for words in ("b says the opposite", "c says the opposite", "--supersedes b", "--contradicts b", "--anyway"):
        assert words in told
    refuse(lesson("a", ALWAYS), others[:1], supersedes="b")
