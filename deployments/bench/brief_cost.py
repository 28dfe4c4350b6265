"""What a brief costs: gathering and composing it among ever more cautions and ten thousand lessons.

The cautions lie as runs leave them, a segment each, and are compacted as upkeep does. Each size is compared with a
thousand cautions: a memory that grows must not slow a dispatch down.
"""

import json
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linestop.blocks.briefing import brief_for
from linestop.blocks.git_commands import GitCommands
from linestop.blocks.line import Line
from linestop.blocks.static_engine import StaticEngine
from linestop.briefs import Brief
from linestop.deployments.bench.pairs import Measure, measure, timed
from linestop.memory.cautions import compact
from linestop.memory.lessons import Lesson, LessonStore, Tier
from linestop.paths import Layout
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.tickets import Ticket

FEW = 1_000
SIZES = (10_000, 100_000, 1_000_000)
LESSONS = 10_000
FILES = 500
OF_A_RUN = 1_000  # cautions
GOAL_SECONDS = 0.1  # issue 4
GOAL_RATIO = 2.0  # "flat": a thousand times as many cautions may at most double it
_START = datetime(2026, 1, 1, tzinfo=UTC)
_DETAILS = ("pytest failed for the third time in a row", "read in circles", "no change of the work for ten minutes",
            "AssertionError: assert 3 == 4 in test_total", "looked for a file that is not there")  # fmt: skip


def brief_cost(scratch: Path, pairs: int, sizes: tuple[int, ...] = SIZES) -> list[Measure]:
    """Return the cost of a brief for each number of cautions, over one among a thousand."""
    few = _repository(scratch / "few")
    _write_cautions(few, 0, FEW)
    many = Path(shutil.copytree(few, scratch / "many"))
    small, large = _briefs(few), _briefs(many)
    found, there = [], FEW
    for size in sizes:
        _write_cautions(many, there, size)
        there = size
        large()  # what was written since the last brief is looked through once
        found.append(_measured(size, [(timed(large), timed(small)) for _ in range(max(pairs, 1) * 3)]))
    return found


def _measured(size: int, pairs: list[tuple[float, float]]) -> Measure:
    name = f"a brief among {size:,} cautions and {LESSONS:,} lessons, over {FEW:,} cautions"
    one = measure(name, pairs, note="gathered, ranked, hashed again and composed")
    met = one.ours < GOAL_SECONDS and (one.ratio or 0) <= GOAL_RATIO
    return one.model_copy(
        update={"goal": f"< {GOAL_SECONDS * 1000:.0f} ms, at most {GOAL_RATIO:.0f} times", "met": met}
    )


def _repository(root: Path) -> Path:
    """Return a repository of FILES modules and LESSONS lessons about them."""
    for number in range(FILES):
        path = root / f"src/module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"VALUE = {number}\n" * 50)
    git = GitCommands(root / ".git", root)
    git.run("init", "--quiet", "--template=", "--initial-branch=main")
    git.run("add", "--all", ".")
    git.run("commit", "--quiet", "--no-verify", "-m", "start")
    store = LessonStore(Layout(root).ensure().lessons, Tier.REPOSITORY)
    store.put_all([_lesson(number) for number in range(LESSONS)], lambda old, new: old != new)
    return root


def _lesson(number: int) -> Lesson:
    at = _START + timedelta(minutes=number)
    return Lesson(
        id=f"lesson-{number}", title=f"Module {number % FILES} rounds down: say so in the test", file=_file(number),
        body="Prices are kept in cents. " * 6, why="A total was off by one in a release, and nobody saw it for a week.",
        created=at, updated=at,
    )  # fmt: skip


def _file(number: int) -> str:
    return f"src/module_{number % FILES}.py"


def _write_cautions(root: Path, there: int, size: int) -> None:
    """Write cautions as runs do, and compact them; the line is made here since a million models take a minute."""
    layout, rng = Layout(root), random.Random(there)  # noqa: S311  # no secret
    for first in range(there, size, OF_A_RUN):
        day = _START + timedelta(hours=first // OF_A_RUN)
        path = layout.cautions / f"{day:%Y-%m-%d}" / f"{day:%Y%m%dT%H%M%S}-dispatch-{first}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_line(path.stem, day, number, rng) for number in range(first, first + OF_A_RUN)))
    while compact(layout, quiet_seconds=0).cautions:
        continue


def _line(run: str, day: datetime, number: int, rng: random.Random) -> str:
    values = {
        "schema": 1, "id": f"{run}:{number}", "at": (day + timedelta(seconds=number % OF_A_RUN)).isoformat(),
        "kind": rng.choice(("firing", "check", "rejection")), "detector": rng.choice(("cycle", "checks", "failures")),
        "severity": rng.choice(("warning", "info")), "detail": f"{rng.choice(_DETAILS)} ({rng.randrange(10_000)})",
        "run": run, "ticket": f"t-{number // 50}", "chunk": "c0", "attempt": 1, "role": "maker", "engine": "codex",
        "model": "m", "file": _file(rng.randrange(FILES)), "file_hash": "0" * 64, "signature": "", "calls": 3,
        "seconds": 12.5, "tokens": 900,
    }  # fmt: skip
    return json.dumps(values) + "\n"


def _briefs(root: Path) -> Callable[[], Brief]:
    """Return what makes the next brief of a ticket that touches three modules, as a run that goes on does."""
    line, paths = Line(root), tuple(_file(number) for number in (7, 8, 9))
    chunk = Chunk(id="c0", title="Round up", source="ruff", rules=("F401",), paths=paths, text="Round totals up.")
    plan = Plan(
        id="totals", title="Totals", purpose="p", scope=paths, chunks=(chunk,), goal=(ChecksPass(),), risks=("r",)
    )
    ticket = Ticket(id="totals", batch="b", title="Totals", plan=plan, base=line.workspaces.head("main"))

    def brief() -> Brief:
        made = brief_for(
            line, ticket, chunk, role="maker", attempt=1, workspace=root, engine=StaticEngine()
        )  # fmt: skip
        assert made.kept("lessons"), made.problems  # noqa: S101  # a brief without them would be quick
        assert made.kept("cautions"), made.problems  # noqa: S101
        return made

    return brief
