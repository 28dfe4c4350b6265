"""The Engine port's contract: every engine passes it, the static one and a tiny fake alike.

The chunk of these tests is always "remove the import of os that nothing uses", which both engines can do.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from linestop.blocks.command_engine.engine import CommandEngine
from linestop.blocks.model_engine.engine import ModelEngine
from linestop.blocks.prices import GenaiPrices
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.blocks.scripted_engine.engine import ScriptedEngine
from linestop.blocks.static_engine import StaticEngine
from linestop.engines import CommandSettings, Endpoint, ModelSettings
from linestop.events import EventKind, read_events
from linestop.plans import Chunk, FindingsGone, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Engine, Work
from linestop.scenarios import read_scenario
from linestop.verdicts import CheckReport, CommandRun, TestCase
from linestop.watch import LiveLog
from tests.contracts.thinking_model import thinking_model

UNUSED = b"import os\n"


class FakeEngine:
    """Takes `import os` out of the first line of each file. Keeps to the port without any tool."""

    name = "fake"
    model = ""
    window = None

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog
    ) -> Work:
        root = workspace.resolve()
        if order.chunk.source != "ruff":
            return Work(summary="Nothing was changed.", could_not=(f"{order.chunk.source} is nothing for me",))
        places = {path: root / path for path in order.chunk.paths}
        good = {
            path: at for path, at in places.items() if at.is_file() and at.resolve() == at and at.is_relative_to(root)
        }
        before = {at: at.read_bytes() for at in good.values()}
        todo = {path: at for path, at in good.items() if before[at].startswith(UNUSED)}
        could_not = tuple(f"{path!r} can't be worked on" for path in places if path not in good)
        events.append(EventKind.TOOL_CALL, step="maker", tool="edit", args={"paths": list(todo)})
        for at in todo.values():
            at.write_bytes(before[at].removeprefix(UNUSED))
        try:
            if not (todo and order.corrections) or checks(workspace).green:
                done = f"Takes an unused import out of {len(todo)} file(s)." if todo else "Nothing was changed."
                return Work(summary=done, could_not=could_not)
        except BaseException:
            self._restore(before)
            raise
        self._restore(before)
        return Work(summary="Nothing was changed: it breaks the checks.", could_not=("F401 breaks the checks",))

    @staticmethod
    def _restore(before: dict[Path, bytes]) -> None:
        for at, content in before.items():
            at.write_bytes(content)


def scripted_engine() -> ScriptedEngine:
    scenario = read_scenario(Path(__file__).parents[1] / "scenarios" / "unused-import.yaml")
    return ScriptedEngine(scenario, sandbox=PlainSandbox(), policy=SandboxPolicy())


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    with thinking_model() as url:
        yield url


def model_engine(url: str) -> ModelEngine:
    return ModelEngine(
        ModelSettings(model="m", endpoint="it"),
        name="model",
        endpoint=Endpoint(url=url),
        sandbox=PlainSandbox(),
        policy=SandboxPolicy(),
        mcp={},
        prices=GenaiPrices(),
    )


def command_engine() -> CommandEngine:
    program = Path(__file__).with_name("agent_program.py")
    return CommandEngine(
        CommandSettings(argv=(sys.executable, str(program), "work"), endpoint="none"),
        name="tiny",
        endpoints={"none": Endpoint(url="http://127.0.0.1:9")},
        sandbox=PlainSandbox(),
        policy=SandboxPolicy(kind="plain", allow_plain=True),
        prices=GenaiPrices({}),
    )


CHECKING = [FakeEngine, StaticEngine, scripted_engine, model_engine]  # those that may ask for the checks themselves


@pytest.fixture(params=[*CHECKING, command_engine], ids=lambda made: made.__name__)
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return made_of(request)


@pytest.fixture(params=CHECKING, ids=lambda made: made.__name__)
def checking_engine(request: pytest.FixtureRequest) -> Engine:
    return made_of(request)


def made_of(request: pytest.FixtureRequest) -> Engine:
    made: Engine = (
        model_engine(request.getfixturevalue("model_url")) if request.param is model_engine else request.param()
    )
    return made


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    (root / "src").mkdir(parents=True)
    (root / "src/a.py").write_bytes(UNUSED + b"x = 1\n")
    (root / "src/b.py").write_bytes(UNUSED + b"y = 1\n")
    (root / "src/other.py").write_bytes(UNUSED)
    return root


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LiveLog]:
    with LiveLog(tmp_path / "events.jsonl") as events:
        yield events


def dispatch_of(*paths: str, source: str = "ruff", corrections: tuple[str, ...] = ()) -> Dispatch:
    chunk = Chunk(id="c", title="Unused imports", source=source, rules=("F401",), paths=paths, findings=1)
    goal = FindingsGone(source=source, rules=("F401",), paths=("src",))
    plan = Plan(id="p", title="t", purpose="p", scope=("src/**",), chunks=(chunk,), goal=(goal,))
    return Dispatch(
        ticket="t",
        role="maker",
        attempt=1 + len(corrections),
        plan=plan,
        chunk=chunk,
        brief="",
        corrections=corrections,
    )


def report(*failed: str) -> CheckReport:
    run = CommandRun(argv=("pytest",), exit_code=1 if failed else 0, seconds=0.0)
    return CheckReport(runs=(run,), tests=tuple(TestCase(id=name, outcome="failed") for name in failed))


def never(_: Path) -> CheckReport:
    pytest.fail("the checks were run, which nothing asked for")


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_its_window_is_tokens_or_nothing_and_told_at_once(engine: Engine) -> None:
    start = monotonic()
    windows = [engine.window for _ in range(3)]
    assert monotonic() - start < 20
    assert len(set(windows)) == 1
    assert windows[0] is None or windows[0] >= 1_024


def test_the_work_is_left_in_the_workspace_and_said(engine: Engine, workspace: Path, log: LiveLog) -> None:
    work = engine.dispatch(dispatch_of("src/a.py", "src/b.py"), workspace, checks=never, events=log)
    assert contents(workspace) == {"src/a.py": b"x = 1\n", "src/b.py": b"y = 1\n", "src/other.py": UNUSED}
    assert work.summary
    assert not work.could_not


def test_a_second_dispatch_changes_nothing(engine: Engine, workspace: Path, log: LiveLog) -> None:
    order = dispatch_of("src/a.py")
    engine.dispatch(order, workspace, checks=never, events=log)
    before = contents(workspace)
    work = engine.dispatch(order, workspace, checks=never, events=log)
    assert contents(workspace) == before
    assert work.summary


def test_what_is_not_its_business_is_said_and_left(engine: Engine, workspace: Path, log: LiveLog) -> None:
    before = contents(workspace)
    work = engine.dispatch(dispatch_of("src/a.py", source="vulture"), workspace, checks=never, events=log)
    assert contents(workspace) == before
    assert "vulture" in work.could_not[0]


def test_a_file_that_vanished_is_named_and_the_others_are_done(engine: Engine, workspace: Path, log: LiveLog) -> None:
    work = engine.dispatch(dispatch_of("src/gone.py", "src/a.py"), workspace, checks=never, events=log)
    assert "src/gone.py" in work.could_not[0]
    assert (workspace / "src/a.py").read_bytes() == b"x = 1\n"
    assert not (workspace / "src/gone.py").exists()


def test_links_and_paths_out_of_the_workspace_are_not_followed(
    engine: Engine, workspace: Path, tmp_path: Path, log: LiveLog
) -> None:
    outside = tmp_path / "outside.py"
    outside.write_bytes(UNUSED)
    (workspace / "link.py").symlink_to(outside)
    (workspace / "folder").symlink_to(tmp_path)
    order = dispatch_of("link.py", "folder/outside.py", "../outside.py", str(outside))
    work = engine.dispatch(order, workspace, checks=never, events=log)
    assert outside.read_bytes() == UNUSED
    assert len(work.could_not) == 4


def test_green_checks_keep_the_work_of_a_later_attempt(engine: Engine, workspace: Path, log: LiveLog) -> None:
    order = dispatch_of("src/a.py", "src/b.py", corrections=("checks fail: test_a",))
    engine.dispatch(order, workspace, checks=lambda _: report(), events=log)
    assert contents(workspace) == {"src/a.py": b"x = 1\n", "src/b.py": b"y = 1\n", "src/other.py": UNUSED}


def test_the_checks_see_the_work_they_judge(checking_engine: Engine, workspace: Path, log: LiveLog) -> None:
    seen: list[bytes] = []

    def checks(root: Path) -> CheckReport:
        seen.append((root / "src/a.py").read_bytes())
        return report()

    checking_engine.dispatch(
        dispatch_of("src/a.py", corrections=("checks fail: t",)), workspace, checks=checks, events=log
    )
    assert seen == [b"x = 1\n"]


def test_where_nothing_stands_the_files_are_as_they_were(
    checking_engine: Engine, workspace: Path, log: LiveLog
) -> None:
    before = contents(workspace)
    order = dispatch_of("src/a.py", "src/b.py", corrections=("checks fail: test_a",))
    work = checking_engine.dispatch(order, workspace, checks=lambda _: report("test_a"), events=log)
    assert contents(workspace) == before
    assert any("F401" in line and "checks" in line for line in work.could_not)
    assert "Nothing was changed" in work.summary


def test_an_error_in_the_checks_goes_through_and_leaves_no_trace(
    checking_engine: Engine, workspace: Path, log: LiveLog
) -> None:
    before = contents(workspace)

    def checks(_: Path) -> CheckReport:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checking_engine.dispatch(
            dispatch_of("src/a.py", corrections=("checks fail: t",)), workspace, checks=checks, events=log
        )
    assert contents(workspace) == before


def test_its_tools_are_on_record(engine: Engine, workspace: Path, log: LiveLog, tmp_path: Path) -> None:
    engine.dispatch(dispatch_of("src/a.py"), workspace, checks=never, events=log)
    events = list(read_events(tmp_path / "events.jsonl"))
    assert any(event.kind == EventKind.TOOL_CALL for event in events)
    assert {event.step for event in events} == {"maker"}
