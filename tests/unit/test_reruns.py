"""`linestop lab rerun`: the same inputs in a new workspace from the same commit, and nothing else is touched."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from linestop.blocks.claims import claim
from linestop.blocks.dispatches import Post, dispatch
from linestop.blocks.line import Line
from linestop.blocks.reruns import engine_again
from linestop.blocks.reruns import rerun as run_again
from linestop.blocks.station import Station
from linestop.briefs import bare_brief
from linestop.deployments.cli.lab_rerun import rerun
from linestop.errors import PolicyError, ToolError, UsageError
from linestop.events import EventKind, Usage
from linestop.ports import Dispatch, Engine, Work
from linestop.records import RunRecord, holder
from linestop.runs import RecordedRun, find_run, read_run
from linestop.runs.recipe import recipe_of
from linestop.tickets import Ticket
from linestop.verdicts import CheckReport, Ruling
from linestop.watch import LiveLog
from tests.flows.small_shop import CASES, commit_all, small_shop, unused_imports

PLAN = unused_imports("stock", "shop/stock.py")
Act = Callable[[Dispatch, Path, LiveLog], Work]


class Agent:
    """An engine that does what a function says."""

    def __init__(self, act: Act, name: str = "agent") -> None:
        self.name, self.model, self.window, self._act = name, "m-1", None, act
        self.orders: list[Dispatch] = []

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog
    ) -> Work:
        self.orders.append(order)
        return self._act(order, workspace, events)


def mend(order: Dispatch, tree: Path, events: LiveLog) -> Work:
    (tree / "shop/stock.py").write_text("def count(items):\n    return len(list(items))\n")
    events.append(EventKind.USAGE, usage=Usage(input=900, output=100, usd=0.25))
    return Work(summary="Takes the unused imports out.")


@dataclass(frozen=True)
class Shop:
    """A repository with two recorded dispatches: one of the static engine, one of an agent that was handed over."""

    line: Line
    fixed: RecordedRun
    mended: RecordedRun
    maker: Agent


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("reruns")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINESTOP_HOME", str(home / "home"))
        line, maker = Line(small_shop(home / "shop", tests=CASES)), Agent(mend)
        line.layout.ensure()
        yield Shop(line, recorded(line, "fixed", line.engine), recorded(line, "mended", maker), maker)


@pytest.fixture
def line(shop: Shop) -> Line:
    return shop.line


@pytest.fixture
def fixed(shop: Shop) -> RecordedRun:
    return shop.fixed


@pytest.fixture
def mended(shop: Shop) -> RecordedRun:
    return shop.mended


def recorded(line: Line, name: str, engine: Engine) -> RecordedRun:
    """Return the record of a maker's dispatch as the ticket flow leaves it; its workplace is closed."""
    line.tracker.file(Ticket(id=name, batch="b", title="t", plan=PLAN))
    ticket = claim(line, name, holder=holder())
    assert ticket
    record = RunRecord(line.layout, "ticket", ticket=name)
    station = Station(line, ticket, record)
    chunk = PLAN.chunks[0]
    post = Post(
        role="maker", engine=engine, workspace=station.worktree, chunk=chunk, attempt=1,
        brief=bare_brief(PLAN, chunk, attempt=1, corrections=()),
    )  # fmt: skip
    done = dispatch(station, post, checks=lambda _: CheckReport(runs=()))
    assert not isinstance(done, str)
    commit = line.workspaces.commit(station.worktree, message="mend", parent=station.tip)
    done.record.write("diff.patch", line.workspaces.diff(station.worktree, station.tip, commit or station.tip))
    done.finish("candidate", summary=done.ended.work.summary)
    station.drop()
    station.close()
    record.finish("done")
    return read_run(line.layout, done.record.folder)


def state(line: Line) -> tuple[object, ...]:
    """Return all that a rerun may not touch: refs, the main checkout, tickets; and worktrees, which it removes."""
    refs = line.workspaces.git.run("for-each-ref").splitlines()
    trees = line.workspaces.git.run("worktree", "list").splitlines()
    files = {path.name: path.read_bytes() for path in (line.layout.root / "shop").glob("*.py")}
    return refs, trees, files, [ticket.model_dump_json() for ticket in line.tracker.list()]


def test_the_machine_fixes_of_then_are_made_again_and_both_stand_side_by_side(
    line: Line, fixed: RecordedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    first = fixed
    before = state(line)
    assert rerun(first.run_id[-6:], repo=line.layout.root) == 0
    out, talk = capsys.readouterr()
    assert "the policy is not the one of then" not in talk
    rows = {row.split("  ")[0]: row.split()[-1] for row in out.splitlines()}
    assert {name: rows[name] for name in ("engine", "outcome", "diff", "says")} == dict.fromkeys(
        ("engine", "outcome", "diff", "says"), "same"
    )
    assert state(line) == before
    second = read_run(line.layout, find_run(line.layout, "latest"))
    assert (second.outcome, second.parameter("rerun_of"), second.parent) == ("candidate", first.run_id, None)
    assert second.run_id in [run.run_id for run in read_run(line.layout, first.folder).reruns]


def test_a_rerun_can_be_run_again(line: Line, mended: RecordedRun) -> None:
    record = run_again(line, recipe_of(mended), Agent(idle))
    second = recipe_of(read_run(line.layout, record.folder))
    assert (second.order, second.base) == (recipe_of(mended).order, recipe_of(mended).base)


def test_it_starts_from_the_commit_of_then_though_the_base_moved_on(line: Line, fixed: RecordedRun) -> None:
    first = fixed
    (line.layout.root / "shop/stock.py").write_text("import this_is_new\n")
    commit_all(line.layout.root, "moved on")
    assert rerun(first.run_id, repo=line.layout.root) == 0
    second = read_run(line.layout, find_run(line.layout, "latest"))
    assert (second.folder / "diff.patch").read_bytes() == (first.folder / "diff.patch").read_bytes()


def test_the_engine_is_told_what_the_first_was_told(shop: Shop) -> None:
    again = Agent(mend)
    run_again(shop.line, recipe_of(shop.mended), again)
    (then,), (now,) = shop.maker.orders, again.orders
    hosts = {"mounts", "path"}  # folders of the host are made anew
    assert now.model_dump(exclude=hosts) == then.model_dump(exclude=hosts)


def test_another_engine_is_compared(line: Line, mended: RecordedRun, capsys: pytest.CaptureFixture[str]) -> None:
    first = mended
    assert rerun(first.run_id, engine="static", repo=line.layout.root, json_=True) == 0
    said = json.loads(capsys.readouterr().out)
    rows = {row["what"]: row for row in said["comparison"]["rows"]}
    assert (rows["engine"]["first"], rows["engine"]["second"]) == ("agent m-1", "static")
    assert (rows["dollars"]["first"], rows["dollars"]["second"], rows["dollars"]["same"]) == ("0.2500", "unknown", None)
    assert said["comparison"]["same_diff"] is not None


def test_an_engine_that_is_handed_over_can_not_be_made_again_by_its_name(line: Line, mended: RecordedRun) -> None:
    first = mended
    with pytest.raises(PolicyError, match="no engine 'agent'"):
        engine_again(line, recipe_of(first))


def idle(*_: object) -> Work:
    return Work(summary="There is nothing to do.")


def broken(*_: object) -> Work:
    raise RuntimeError("boom")


def approve(*_: object) -> Work:
    return Work(summary="looked at it", ruling=Ruling.APPROVE)


@pytest.mark.parametrize(
    ("act", "outcome"),
    [pytest.param(idle, "nothing", id="idle"), pytest.param(broken, "failed", id="broken")],
)
def test_what_became_of_it_is_its_outcome(line: Line, mended: RecordedRun, act: Act, outcome: str) -> None:
    first = mended
    before = state(line)
    record = run_again(line, recipe_of(first), Agent(act))
    assert read_run(line.layout, record.folder).outcome == outcome
    assert state(line) == before


def test_an_engine_that_can_not_go_on_leaves_a_record_and_no_workspace(line: Line, mended: RecordedRun) -> None:
    first = mended
    before = state(line)

    def refuse(*_: object) -> Work:
        raise ToolError("no key", found="401", todo="set it")

    with pytest.raises(ToolError):
        run_again(line, recipe_of(first), Agent(refuse))
    second = read_run(line.layout, find_run(line.layout, "latest"))
    assert (second.outcome, second.parameter("rerun_of")) == ("failed", first.run_id)
    assert state(line) == before


def test_a_role_that_judges_rules_again(line: Line, mended: RecordedRun) -> None:
    first = mended
    recipe = recipe_of(first)
    recipe = recipe.model_copy(update={"order": recipe.order.model_copy(update={"role": "checker"})})
    record = run_again(line, recipe, Agent(approve))
    assert read_run(line.layout, record.folder).outcome == "approve"
    assert not (record.folder / "diff.patch").exists()


def test_a_commit_that_is_gone_is_told(line: Line, fixed: RecordedRun) -> None:
    recipe = recipe_of(fixed).model_copy(update={"base": "f" * 40})
    with pytest.raises(UsageError, match="can't be run again") as caught:
        run_again(line, recipe, Agent(mend))
    assert "not in the repository any more" in caught.value.found


def test_what_is_no_dispatch_or_lacks_its_inputs_is_refused(line: Line, fixed: RecordedRun) -> None:
    first = fixed
    assert first.parent
    with pytest.raises(UsageError, match="can't be run again") as caught:
        rerun(first.parent.run_id, repo=line.layout.root)
    assert "of kind ticket" in caught.value.found
    for parameters in ({}, {"order": {}, "base": "x"}, {"order": {"ticket": 1}, "base": "a" * 40}):
        with pytest.raises(UsageError, match="lacks what it was given"):
            recipe_of(first.model_copy(update={"parameters": parameters}))


def test_a_policy_that_changed_since_is_said(
    line: Line, fixed: RecordedRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fixed
    monkeypatch.setenv("LINESTOP_WATCH__FAILURES", "4")
    rerun(first.run_id, repo=line.layout.root)
    assert "the policy is not the one of then" in capsys.readouterr().err
