"""A repository whose tickets went wrong in known ways: what tests of the debrief begin with."""

import subprocess
from pathlib import Path

from linestop.memory.cautions import Caution, CautionKind, CautionLog
from linestop.memory.tickets import Correction, Failure, Reflection, TicketBook
from linestop.paths import Layout
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.tickets import Ticket
from linestop.tracker import SqliteTracker
from linestop.watch.firing import Severity

BATCH = "20261121-064800"
CHUNK = Chunk(id="c1", title="Mend", source="person", rules=("work",), paths=("src/cart.py",))
FAILURE = "tests/test_cart.py::test_total: AssertionError: assert Decimal('0.31') == Decimal('0.30')"


def shop(root: Path, *tickets: str) -> Layout:
    """Return the layout of a new repository with tickets of one batch."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    (root / "src").mkdir()
    (root / "src" / "cart.py").write_text("total = 0.1 + 0.2\n")
    layout = Layout(root).ensure()
    tracker = SqliteTracker(layout.tracker)
    for name in tickets or ("shop-bugs",):
        plan = Plan(id=name, title=name, purpose="p", scope=("src/**",), chunks=(CHUNK,), goal=(ChecksPass(),))
        tracker.file(Ticket(id=name, batch=BATCH, title=name, plan=plan))
    return layout


def fired(layout: Layout, ticket: str = "shop-bugs", **values: object) -> Caution:
    """Write the caution of a runaway search about the cart."""
    given = {
        "kind": CautionKind.FIRING, "detector": "runaway-search", "severity": Severity.WARNING, "ticket": ticket,
        "detail": "24 calls without an edit", "run": "20261121T060000-dispatch-aaaaaa", "role": "maker", "attempt": 1,
        "chunk": "c1", "engine": "codex", "file": "src/cart.py", "seconds": 41.0, "tokens": 52_000, **values,
    }  # fmt: skip
    caution = Caution(**given)  # type: ignore[arg-type]
    log = CautionLog(layout, caution.run)
    try:
        return log.append(caution)
    finally:
        log.close()


def failed_twice(layout: Layout, ticket: str = "shop-bugs") -> None:
    """Write what two attempts leave behind that failed in the same way."""
    book = TicketBook(layout, ticket)
    for attempt in (1, 2):
        run = f"20261121T06{attempt:02}00-dispatch-{attempt}{ticket[-5:]}"
        book.fail(Failure(source="checks", text=FAILURE, chunk="c1", attempt=attempt, run=run))
        book.correct(Correction(text=f"checks fail: {FAILURE}", by="checks", chunk="c1", run=run))
        book.reflect(Reflection(text="I rounded in the wrong place", chunk="c1", attempt=attempt, run=run))
        signature = book.failures()[-1].signature
        fired(
            layout, ticket, kind=CautionKind.CHECK, detector="checks", detail="fails: tests/test_cart.py::test_total",
            run=run, seconds=0.0, attempt=attempt, tokens=0, signature=signature, file="tests/test_cart.py",
        )  # fmt: skip


def corrected(layout: Layout, text: str, ticket: str = "shop-bugs") -> None:
    """Write a person's correction."""
    TicketBook(layout, ticket).correct(Correction(text=text, by="anna", person=True))
