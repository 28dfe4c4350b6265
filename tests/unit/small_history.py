"""A small repository with a past: runs, cautions, lessons, signs, a batch of tickets. What is in it is in the tests."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from linestop.debrief.folder import DebriefFolder
from linestop.debrief.model import Candidate, Decision, Ruling
from linestop.events import EventKind, Outcome, Usage
from linestop.memory.cautions import Caution, CautionKind
from linestop.memory.cautions.lines import line_of
from linestop.memory.lessons import LessonStore, Tier, draft
from linestop.memory.tickets import Correction, Failure, Reflection, TicketBook
from linestop.paths import Layout
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.records import RunRecord
from linestop.tickets import Ticket, TicketState
from linestop.tracker import SqliteTracker
from linestop.watch.firing import Severity

DAY = datetime(2026, 11, 16, 12, tzinfo=UTC)  # a Monday
COMMIT = "a" * 40
CHUNK = Chunk(id="c1", title="c", source="ruff", rules=("F401",), paths=("src/cart.py",))
PLAN = Plan(
    id="p1", title="t", purpose="p", scope=("src/*",), chunks=(CHUNK,), goal=(ChecksPass(),),
)  # fmt: skip


def caution(number: int, **fields: Any) -> Caution:
    """Return a caution of the run `r<number>`, so many days after DAY."""
    known = {
        "id": f"r{number}:{fields.get('detector', 'repeat')}{fields.get('file', '')}", "run": f"r{number}",
        "at": DAY + timedelta(days=number), "kind": CautionKind.FIRING, "detector": "repeat", "detail": "again",
        "ticket": "t1", "engine": "codex", "file": "src/cart.py", "seconds": 10.0, "tokens": 100,
    }  # fmt: skip
    return Caution.model_validate(known | fields)


def segment(layout: Layout, *cautions: Caution, day: str = "2026-11-16") -> Path:
    """Write a segment as a run does."""
    path = layout.cautions / day / f"{cautions[0].run}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(map(line_of, cautions)))
    return path


def dispatch(layout: Layout, outcome: str, *, fired: int = 0, usage: Usage | None = None, **words: Any) -> str:
    """Record a dispatch that ended, with as many firings; return its id. `told`: the lessons in its brief."""
    told, values = words.pop("told", ()), words.pop("values", {})
    known = {
        "role": "maker", "engine": "codex", "model": "m1", "ticket": "t1", "chunk": "c1", "attempt": 1,
        "order": {"chunk": CHUNK.model_dump(mode="json")}, "told": {"lessons": list(told)},
    }  # fmt: skip
    record = RunRecord(layout, "dispatch", **(known | words))
    if usage:
        record.events.append(EventKind.USAGE, usage=usage)
    firing = {"detector": "repeat", "detail": "d", "rung": "nudge", "file": "src/cart.py", "calls": 3, "tokens": 50}
    lines = [{**firing, "seconds": 5.0 * (number + 1)} for number in range(fired)]
    if lines:
        record.write("firings.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    record.finish(outcome, **values)
    return record.id


def full(layout: Layout) -> Layout:
    """Fill a repository: every table has rows."""
    (layout.root / "src").mkdir(parents=True)
    (layout.root / "src" / "cart.py").write_text("a = 1\n")
    tracker = SqliteTracker(layout.ensure().tracker)
    for name in ("t1", "t2"):
        tracker.file(Ticket(id=name, batch="b", title="t", plan=PLAN))
    held = tracker.claim("t1", holder="h", seconds=60)
    assert held is not None
    held = tracker.save(held.model_copy(update={"progress": {"c1": COMMIT}, "attempts": 2}))
    parent = RunRecord(layout, "ticket", ticket="t1")
    parent.events.append(EventKind.TOOL_RESULT, step="checks", outcome=Outcome.OK, seconds=2.0)
    rejected = dispatch(
        layout,
        "candidate",
        fired=2,
        parent=parent.id,
        values={"commit": "b" * 40},
        usage=Usage(input=90, output=10, usd=1),
    )
    dispatch(layout, "candidate", parent=parent.id, attempt=2, values={"commit": COMMIT}, told=("bound-it",))
    dispatch(layout, "approve", role="checker", engine="claude", parent=parent.id)
    parent.finish("done")
    RunRecord(layout, "audit").finish("done", findings={"bugs": 3})
    (layout.incidents).mkdir()
    (layout.incidents / "i1.json").write_text('{"id": "i1", "kind": "checks", "opened": "2026-11-16T12:00:00Z"}')
    memory(layout, rejected)
    tracker.end(held, TicketState.STOPPED, reason="it fell over")
    return layout


def memory(layout: Layout, rejected: str) -> None:
    """Fill what is remembered: cautions, lessons, one ticket's book, candidates."""
    segment(layout, caution(1), caution(1, kind="guard", detector="scope", file=""))
    segment(layout, caution(2), caution(2, file="src/b.py", severity=Severity.INFO), day="2026-11-18")
    segment(layout, caution(8, kind="timeout", detector="clock", ticket="t2", engine="claude"), day="2026-11-24")
    store = LessonStore(layout.lessons, Tier.REPOSITORY)
    store.add(draft(layout, "Bound each search", "it ran for ever", file="src/cart.py", lesson_id="bound-it"))
    stale = draft(layout, "Mind the cart", "it broke twice", file="src/cart.py", lesson_id="stale-one")
    store.add(stale.model_copy(update={"file_hash": "0" * 64}))
    gone = draft(layout, "Mind the ghost", "it was there once", lesson_id="gone-one")
    store.add(gone.model_copy(update={"file": "src/ghost.py", "file_hash": "1" * 64}))
    book = TicketBook(layout, "t1")
    words = "AssertionError: test_cart.py::test_total: 3 != 4 in the cart's total"
    for attempt in (1, 2):
        book.fail(
            Failure(source="checks", text=words, chunk="c1", attempt=attempt, run=rejected if attempt == 1 else "")
        )
    book.correct(Correction(text="leave the tests alone", by="ada", person=True, run=rejected))
    book.reflect(Reflection(text="I should have run it", chunk="c1", attempt=1))
    folder = DebriefFolder(layout)
    with folder.lock():
        for name, decided in (("open-one", None), ("file-over-one", Decision(ruling=Ruling.DROP, by="ada", why="no"))):
            folder.put(
                Candidate(id=name, subject="t1", title=name, why="w", kind="file", times=2, weight=7.5, decided=decided)
            )
