"""The commands ticket, batch and incident: what people see and what their word does, with a real tracker."""

import json
import subprocess
from pathlib import Path

import pytest

from linestop.audit.plan_files import render_plan
from linestop.deployments.cli import batch, incident, ticket
from linestop.errors import LinestopError, TrackerError, UsageError
from linestop.execution.finish_line import describe
from linestop.incidents import IncidentStore
from linestop.paths import Layout
from linestop.plans import ChecksPass, Chunk, FindingsGone, Plan
from linestop.records import RunRecord
from linestop.tickets import Ticket, TicketState
from linestop.tracker import SqliteTracker
from linestop.verdicts import GoalLine, GoalVerdict

CHUNK = Chunk(id="c1", title="Unused imports", source="ruff", rules=("F401",), paths=("a.py",), findings=1)
PLAN = Plan(
    id="shop-bugs", title="Bugs\x1b[31m of the shop", purpose="p", scope=("a.py",), chunks=(CHUNK,),
    goal=(FindingsGone(source="ruff", rules=("F401",), paths=("a.py",)), ChecksPass()), risks=("few",),
)  # fmt: skip
ANSWERS = tuple(f"h{number} | v | c" for number in range(5))


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    repo = tmp_path / "shop"
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    return repo


@pytest.fixture
def tracker(repo: Path) -> SqliteTracker:
    return SqliteTracker(Layout(repo).ensure().tracker)


def file(tracker: SqliteTracker, name: str, state: TicketState = TicketState.OPEN, **words: object) -> Ticket:
    tracker.file(
        Ticket.model_validate({"id": name, "batch": "b", "title": name, "plan": PLAN, "state": state, **words})
    )
    return tracker.get(name)


def test_reading_an_empty_repository_creates_nothing(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ticket.list_(repo=repo) == 0
    assert "no tickets" in capsys.readouterr().err
    assert not (repo / ".linestop").exists()


def test_the_list_says_what_each_ticket_waits_for(
    repo: Path, tracker: SqliteTracker, capsys: pytest.CaptureFixture[str]
) -> None:
    file(tracker, "first")
    file(tracker, "second", depends_on=("third",))
    file(tracker, "third", TicketState.STOPPED, reason="3 failures\x1b[2J")
    assert ticket.list_(repo=repo) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "ready" in lines["first"]
    assert "depends on third" in lines["second"]
    assert "3 failures" in lines["third"]
    assert "\x1b[2J" not in out
    assert ticket.list_(repo=repo, state=TicketState.STOPPED, json_=True) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == ["third"]
    assert ticket.list_(repo=repo, batch="other", json_=True) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_petition_shows_what_was_met_and_what_a_person_can_do(
    repo: Path, tracker: SqliteTracker, capsys: pytest.CaptureFixture[str]
) -> None:
    file(tracker, "t", TicketState.PETITIONED, branch="linestop/t", progress={"c1": "a" * 40})
    first, second = (describe(item) for item in PLAN.goal)
    for left in (True, False):  # the newest run counts
        lines = (GoalLine(item=first, met=not left, detail="1 left: a.py:3\x1b[2J"), GoalLine(item=second, met=left))
        record = RunRecord(Layout(repo), "ticket", flow_run=f"f-{left}", ticket="t")
        verdict = GoalVerdict(commit="a" * 40, finish_line="f", lines=lines)
        record.write("verdict.json", verdict.model_dump_json())
        record.finish("petitioned")
        later = record.folder.with_name(f"2999010{1 + (not left)}T000000-ticket-000000")
        record.folder.rename(later)
    assert ticket.show("t", repo=repo) == 0
    out = capsys.readouterr().out
    assert [line.split("  ")[1] for line in out.splitlines() if line.startswith(("  met", "  NOT MET"))] == [
        "met",
        "NOT MET",
    ]
    assert "\x1b" not in out
    for words in ("ticket release t", "ticket gate t", "git log -p", "commit plans/t.md on branch linestop/plans"):
        assert words in out


def test_only_a_plan_that_an_audit_wrote_is_said_to_be_on_its_branch(
    repo: Path, tracker: SqliteTracker, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = PLAN.model_copy(update={"fingerprints": ("1234567890123456",)})
    file(tracker, "audited", TicketState.GATED, plan=plan)
    file(tracker, "mine", TicketState.GATED)
    for name, on_branch in (("audited", True), ("mine", False)):
        assert ticket.show(name, repo=repo) == 0
        out = capsys.readouterr().out
        assert (f"git show linestop/plans:plans/{name}.md" in out) is on_branch
        assert (f"ticket show {name} --json | jq .plan" in out) is not on_branch


def test_a_plan_file_becomes_one_ticket(
    repo: Path, tracker: SqliteTracker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.md"
    plan.write_text(render_plan(PLAN.model_copy(update={"title": "Bugs"})))
    assert ticket.add(plan, repo=repo, batch="mine") == 0
    assert ticket.add(plan, repo=repo, batch="other") == 0
    said = capsys.readouterr().out
    assert "filed in batch mine" in said
    assert "is there already" in said
    assert [one.batch for one in tracker.list()] == ["mine"]
    assert ticket.show("shop-bugs", repo=repo) == 0
    assert "Unused imports: not begun" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no front matter", id="no plan"),
        pytest.param("---\nid: !!python/object/apply:os.system ['touch pwned']\n---\n", id="a YAML tag that runs code"),
        pytest.param("---\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n---\n", id="aliases"),
        pytest.param("---\n" + "[" * 5000 + "\n---\n", id="deep YAML"),
        pytest.param("---\nid: ../../etc\ntitle: x\n---\n", id="an id that climbs"),
        pytest.param("\x00\x01", id="bytes"),
    ],
)
def test_a_hostile_plan_is_refused_and_nothing_is_filed(
    repo: Path, tracker: SqliteTracker, tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.md").write_text(text)
    with pytest.raises(LinestopError):
        ticket.add(tmp_path / "plan.md", repo=repo)
    assert tracker.list() == ()
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.STOPPED, TicketState.PETITIONED])
def test_a_person_may_take_a_ticket_over(repo: Path, tracker: SqliteTracker, state: TicketState) -> None:
    file(tracker, "t", state)
    assert ticket.gate("t", why="needs a decision", repo=repo) == 0
    assert (tracker.get("t").state, tracker.get("t").reason) == (TicketState.GATED, "needs a decision")


def test_a_gate_wants_a_reason_and_takes_nothing_from_a_holder(repo: Path, tracker: SqliteTracker) -> None:
    file(tracker, "t")
    with pytest.raises(UsageError, match="reason"):
        ticket.gate("t", why=" ", repo=repo)
    tracker.claim("t", holder="h", seconds=60)
    with pytest.raises(UsageError, match="can't be gated"):
        ticket.gate("t", why="mine", repo=repo)
    with pytest.raises(TrackerError, match="no ticket"):
        ticket.gate("gone", why="mine", repo=repo)


def test_a_release_waits_for_the_incident_and_keeps_the_count(repo: Path, tracker: SqliteTracker) -> None:
    progress = {"c1": "refused: 3 attempts were rejected"}
    file(tracker, "t", TicketState.STOPPED, attempts=3, failures_in_a_row=3, progress=progress, frozen=True)
    stop = IncidentStore(Layout(repo)).open(scope="ticket", subject="t", what="3 failures in a row")
    with pytest.raises(UsageError, match="can't be released yet"):
        ticket.release("t", repo=repo)
    words = {"root_cause": "the plan", "prevention": "L2: a check", "sweep": "all plans", "because": ANSWERS}
    assert incident.close(stop.id, why="mended", repo=repo, **words) == 0  # type: ignore[arg-type]
    assert ticket.release("t", why="mended", repo=repo) == 0
    freed = tracker.get("t")
    assert (freed.state, freed.attempts, freed.failures_in_a_row) == (TicketState.OPEN, 3, 0)
    assert (freed.progress, freed.frozen) == ({}, False)
    with pytest.raises(UsageError, match="can't be released"):
        ticket.release("t", repo=repo)


def test_the_batch_shows_what_happens_next(
    repo: Path, tracker: SqliteTracker, capsys: pytest.CaptureFixture[str]
) -> None:
    file(tracker, "a")
    file(tracker, "b", depends_on=("a",))
    file(tracker, "c", TicketState.PETITIONED, reason="a test is wrong")
    assert batch.status(repo=repo, json_=True) == 0
    now = {one["id"]: one["now"] for one in json.loads(capsys.readouterr().out)["tickets"]}
    assert now == {"a": "ready", "b": "waits for a", "c": "petitioned: a test is wrong"}
    with pytest.raises(UsageError, match="no batch gone"):
        batch.status("gone", repo=repo)


def test_incidents_are_listed_shown_and_closed(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert incident.list_(repo=repo) == 0
    assert "no incident is open" in capsys.readouterr().err
    stop = IncidentStore(Layout(repo)).open(scope="ticket", subject="t", what="3 failures in a row")
    assert incident.list_(repo=repo) == 0
    assert stop.id in capsys.readouterr().out
    assert incident.show(stop.id, repo=repo) == 0
    assert "missing before it may close" in capsys.readouterr().out
    with pytest.raises(UsageError, match="can't close yet"):
        incident.close(stop.id, why="because I say so", repo=repo)
    with pytest.raises(UsageError, match="no level"):
        incident.close(stop.id, why="x", prevention="be careful", repo=repo)
    with pytest.raises(UsageError, match="three parts"):
        incident.close(stop.id, why="x", because=("one part",), repo=repo)
    with pytest.raises(UsageError, match="no incident"):
        incident.show("gone", repo=repo)
