"""Trials that don't go as planned: faults, caps, an end in the middle, and what they must leave alone."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linestop.blocks.cancellation import CommandCancelledError
from linestop.blocks.git_commands import GitCommands
from linestop.blocks.lab_desk import bench_of
from linestop.blocks.trials import VOID_IN_A_ROW, Bench, run_pairs
from linestop.deployments.cli.errors import guarded
from linestop.deployments.cli.lab import lab
from linestop.errors import BusyError, InfraError, ToolError, UsageError
from linestop.events import EventKind, Fault, Outcome, Usage
from linestop.lab.entry import Entry, EntryState
from linestop.lab.grades import Grade
from linestop.lab.order import LabOrder
from linestop.lab.rule import Answer
from linestop.memory.lessons import LessonStore, Tier, draft
from linestop.paths import Layout
from linestop.ports import Dispatch, Work
from linestop.runs import read_run
from linestop.runs.recipe import recipe_of
from linestop.tickets import Ticket
from linestop.tracker import SqliteTracker
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog
from tests.flows.small_shop import small_shop, unused_imports

pytestmark = pytest.mark.live
Act = Callable[[Dispatch, Path, LiveLog], Work]
TINY = """schema: 1
name: tiny
question: Does the lesson help?
files: {a.py: "x = 1\\n"}
checks: "true"
task: {title: Make x two, paths: [a.py]}
engine: {name: unused, turns: [{calls: [{do: finish, summary: Nothing}]}]}
memory: {lessons: [{title: x is to be two, why: It was one}]}
rule: {pairs: 2}
"""


class Agent:
    """An engine that does what a function says."""

    def __init__(self, act: Act) -> None:
        self.name, self.model, self.window, self._act = "agent", "m-1", None, act
        self.orders: list[Dispatch] = []

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog
    ) -> Work:
        self.orders.append(order)
        events.append(EventKind.USAGE, usage=Usage(input=900, output=100, usd=0.25))
        return self._act(order, workspace, events)


def mend(_order: Dispatch, tree: Path, _events: LiveLog) -> Work:
    (tree / "a.py").write_text("x = 2\n")
    return Work(summary="x is two")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LINESTOP_SANDBOX__KIND", "plain")
    monkeypatch.setenv("LINESTOP_SANDBOX__ALLOW_PLAIN", "true")
    return tmp_path / "home"


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., Bench]:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")

    def bench(act: Act, **order: float) -> Bench:
        made = bench_of(LabOrder.model_validate({"repository": str(tmp_path), "task": str(path), **order}))
        made.engine = Agent(act)
        return made

    return bench


def written(bench: Bench) -> Entry:
    (entry,) = bench.notebook.entries()
    return entry


def orders(bench: Bench) -> list[Dispatch]:
    assert isinstance(bench.engine, Agent)
    return bench.engine.orders


def test_the_arms_take_turns_and_only_memory_differs(tiny: Callable[..., Bench]) -> None:
    bench = tiny(mend, pairs=4)
    entry = run_pairs(bench)
    told = ["x is to be two" in order.brief for order in orders(bench)]
    assert told == [True, False, False, True, True, False, False, True]
    assert {order.model_copy(update={"brief": ""}).model_dump_json() for order in orders(bench)} == {
        orders(bench)[0].model_copy(update={"brief": ""}).model_dump_json()
    }
    records = [read_run(bench.line.layout, bench.line.layout.runs / pair.with_memory.run) for pair in entry.pairs]
    trials = [record.parameters["trial"] for record in records]
    assert [(one["entry"], one["pair"], one["arm"]) for one in trials] == [(entry.id, n, "with") for n in range(1, 5)]
    assert records[0].parameters["told"]["lessons"] == ["tiny-1"]


def test_a_fault_of_the_provider_voids_the_pair_and_it_is_run_again(tiny: Callable[..., Bench]) -> None:
    faults: Iterator[Exception | None] = iter(
        [
            None,
            BusyError("busy", found="429", until=datetime.now(UTC)),
            InfraError("no disk", found="full"),
            *[None] * 9,
        ]
    )

    def act(order: Dispatch, tree: Path, events: LiveLog) -> Work:
        if fault := next(faults):
            raise fault
        return mend(order, tree, events)

    entry = run_pairs(tiny(act))
    assert (entry.state, len(entry.pairs)) == (EntryState.DONE, 2)
    assert entry.void == ("pair 1, without memory: busy", "pair 1, with memory: no disk")
    assert {pair.with_memory.grade for pair in entry.pairs} == {Grade.PRODUCTIVE}


def test_a_stream_that_a_provider_cut_is_nobodys_failure(tiny: Callable[..., Bench]) -> None:
    cuts = iter([True, False, False, False, False])

    def act(order: Dispatch, tree: Path, events: LiveLog) -> Work:
        if next(cuts):
            events.append(EventKind.ERROR, text="the stream was cut", fault=Fault.NETWORK)
            return Work(summary="", broke_off="the stream was cut")
        return mend(order, tree, events)

    entry = run_pairs(tiny(act))
    assert (len(entry.void), len(entry.pairs)) == (1, 2)


def test_faults_without_end_break_it_off(tiny: Callable[..., Bench]) -> None:
    def act(*_: object) -> Work:
        raise InfraError("no disk", found="full")

    bench = tiny(act)
    entry = run_pairs(bench)
    assert (entry.state, len(entry.void), entry.pairs) == (EntryState.BROKEN_OFF, VOID_IN_A_ROW, ())
    assert entry.reckoning is not None
    assert entry.reckoning.answer is Answer.NOT_ENOUGH
    assert written(bench) == entry


@pytest.mark.parametrize("cap", [{"max_usd": 0.5}, {"max_tokens": 2000}, {"max_pairs": 1}])
def test_a_cap_ends_it_after_the_pair_that_reached_it(tiny: Callable[..., Bench], cap: dict[str, float]) -> None:
    entry = run_pairs(tiny(mend, pairs=9, **cap))
    assert (entry.state, len(entry.pairs)) == (EntryState.BROKEN_OFF, 1)
    assert entry.reason.startswith("its cap of")


@pytest.mark.parametrize(
    "error",
    [ToolError("no key", found="401", todo="set it"), CommandCancelledError("Ctrl-C")],
    ids=["the engine is broken", "a person ends it"],
)
def test_what_ends_it_in_the_middle_leaves_an_entry_that_says_so(
    tiny: Callable[..., Bench], error: BaseException, home: Path
) -> None:
    begun = iter(range(9))

    def act(order: Dispatch, tree: Path, events: LiveLog) -> Work:
        if next(begun) == 3:
            raise error
        return mend(order, tree, events)

    bench = tiny(act)
    with pytest.raises(type(error)):
        run_pairs(bench)
    entry = written(bench)
    assert (entry.state, len(entry.pairs), entry.answer) == (EntryState.BROKEN_OFF, 1, "not enough data")
    assert entry.reason
    assert [path for path in home.rglob("a.py") if "worktrees" in path.parts] == []


def bad(_order: Dispatch, tree: Path, _events: LiveLog) -> Work:
    (tree / "b.py").write_text("y = 1\n")
    (tree / "pytest.ini").write_text("[pytest]\naddopts = -k nothing\n")
    return Work(summary="beside the task")


def checked(order: Dispatch, tree: Path, events: LiveLog) -> Work:
    for outcome in (Outcome.ERROR, Outcome.OK):
        events.append(EventKind.TOOL_CALL, tool="shell", args={"command": "pytest -q"}, call="1")
        events.append(EventKind.TOOL_RESULT, tool="shell", outcome=outcome, text=str(outcome), call="1")
    return mend(order, tree, events)


def crash(*_: object) -> Work:
    raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("act", "grade"),
    [
        pytest.param(mend, Grade.PRODUCTIVE, id="mended"),
        pytest.param(checked, Grade.STRUGGLED, id="mended after failed checks"),
        pytest.param(lambda *_: Work(summary="nothing to do"), Grade.INERT, id="nothing changed"),
        pytest.param(lambda *_: Work(summary="", petition="the plan is wrong"), Grade.INERT, id="petitioned"),
        pytest.param(bad, Grade.FAILED, id="a guard objects"),
        pytest.param(crash, Grade.FAILED, id="crashed"),
    ],
)
def test_a_trial_has_the_grade_that_its_maker_earned(tiny: Callable[..., Bench], act: Act, grade: Grade) -> None:
    entry = run_pairs(tiny(act, pairs=1))
    assert {arm.grade for arm in (entry.pairs[0].with_memory, entry.pairs[0].without)} == {grade}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_shop(tmp_path / "shop")


def state(shop: Path) -> tuple[str, ...]:
    git = GitCommands(shop / ".git", shop)
    tracker = SqliteTracker(shop / ".linestop" / "tracker.db")
    remembered = sorted(
        f"{path} {path.read_bytes()!r}"
        for name in ("cautions", "tickets")
        for path in (shop / ".linestop" / name).rglob("*")
        if path.is_file()
    )
    return (git.run("status", "--porcelain"), git.run("for-each-ref"), repr(tracker.list()), *remembered)


def test_a_ticket_is_tried_with_what_is_remembered_of_it_and_stays_as_it_was(
    shop: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = unused_imports("stock", "shop/stock.py")
    SqliteTracker(shop / ".linestop" / "tracker.db").file(Ticket(id="stock", batch="b", title="t", plan=plan))
    with pytest.raises(UsageError, match="nothing to inject"):
        bench_of(LabOrder(repository=str(shop), task="stock"))
    remember(shop, "Only the imports of stock.py go")
    before = state(shop)
    assert guarded(lab, ("ab", "stock", "--pairs", "2", "--repo", str(shop), "--json")) == 3
    entry = Entry.model_validate_json(capsys.readouterr().out)
    assert {pair.with_memory.grade for pair in entry.pairs} == {Grade.PRODUCTIVE}  # the static engine mends it
    assert state(shop) == before
    assert list(home.rglob("stock.py")) == []

    remember(shop, "A later lesson is in no brief of then")
    assert guarded(lab, ("rerun", entry.id, "--repo", str(shop), "--json")) == 3
    again = Entry.model_validate_json(capsys.readouterr().out)
    assert (again.again_of, again.subject) == (entry.id, entry.subject)


def test_a_recorded_dispatch_is_tried_with_its_own_inputs(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lab, ("run", "static", "shop/stock.py", "--repo", str(shop), "--json")) == 0
    run = json.loads(capsys.readouterr().out)["run_id"]
    remember(shop, "Look at stock.py first")
    bench = bench_of(LabOrder(repository=str(shop), task=run))
    recipe = recipe_of(read_run(bench.line.layout, bench.line.layout.runs / run))
    assert (bench.entry.subject.base, bench.entry.subject.engine) == (recipe.base, "static")
    assert bench.entry.subject.without.plan == recipe.order.plan
    assert re.fullmatch(rf"\d{{8}}-run-{run[-6:]}-.+", bench.entry.id)


def test_the_notebook_has_what_was_run_alone_too_but_no_trial_of_a_pair(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("--repo", str(shop), "--json")
    assert guarded(lab, ("run", "static", "shop/stock.py", "--task", "Look at it", *here)) == 0
    run = json.loads(capsys.readouterr().out)["run_id"]
    remember(shop, "Look at stock.py first")
    assert guarded(lab, ("ab", run, "--pairs", "1", *here)) == 3
    entry = json.loads(capsys.readouterr().out)["id"]
    assert guarded(lab, ("rerun", run, *here)) == 0
    again = json.loads(capsys.readouterr().out)["rerun"]["run_id"]
    assert guarded(lab, ("notebook", *here)) == 0
    listed = [(one["kind"], one["id"]) for one in json.loads(capsys.readouterr().out)]
    assert listed == [("rerun", again), ("ab", entry), ("run", run)]
    assert guarded(lab, ("notebook", "show", run, "--repo", str(shop))) == 0
    page = capsys.readouterr().out
    assert page.startswith("# What does it do with: Look at it?\n\n**nothing: ")
    assert f"linestop lab rerun {run}" in page


@pytest.mark.parametrize("words", [("notebook",), ("again", "latest"), ("rerun", "latest")])
def test_a_record_that_the_repository_commits_runs_nothing(
    shop: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A clone could bring an entry, or a record, with an engine of its author's choice."""
    planted = shop / ".linestop" / ("runs/20261121T101500-dispatch-a1b2c3" if words[0] == "rerun" else "lab")
    planted.mkdir(parents=True)
    (planted / "inputs.json").write_text("{}", encoding="utf-8")
    git = GitCommands(shop / ".git", shop)
    git.run("add", "--force", str(planted / "inputs.json"))
    assert guarded(lab, (*words, "--repo", str(shop))) == 1
    assert "the repository commits what only linestop writes" in capsys.readouterr().err


def remember(shop: Path, title: str) -> None:
    """Write a lesson as its owner would."""
    layout = Layout(shop)
    LessonStore(layout.ensure().lessons, Tier.REPOSITORY).add(draft(layout, title, "It went wrong before."))
