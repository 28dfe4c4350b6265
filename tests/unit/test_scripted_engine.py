"""The scripted engine: its turns have real effects, its faults end as an agent's, it can be told and stopped."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import pytest

from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.blocks.scripted_engine.engine import ScriptedEngine
from linestop.blocks.scripted_engine.faults import MetFaults, ScriptedCrashError
from linestop.errors import BusyError, InfraError, ToolError
from linestop.events import Event, EventKind, Fault, Outcome, call_identity, read_events
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Cell, Confinement, Dispatch, Limits, Work
from linestop.scenarios import Scenario
from linestop.verdicts import CheckReport, CommandRun, Ruling
from linestop.watch import Firing, Ladder, LiveLog, Watch
from linestop.watch.trail import Trail


class NoSandbox:
    """Refuses to be opened: for dispatches that run no command."""

    name = "none"
    isolates = True

    def open(self, workspace: Path, confinement: Confinement) -> AbstractContextManager[Cell]:
        pytest.fail("a sandbox was opened, which nothing asked for")


class FiresOn:
    """Fires once, at the n-th event of a kind."""

    name = "fires-on"
    kinds: frozenset[EventKind] = frozenset({EventKind.MESSAGE, EventKind.TOOL_CALL})

    def __init__(self, kind: EventKind, number: int, **firing: str) -> None:
        self._left, self._kind, self._firing = number, kind, firing

    def see(self, event: Event, trail: Trail) -> Firing | None:
        self._left -= event.kind == self._kind
        due = self._left == 0 and event.kind == self._kind
        return Firing(detector=self.name, detail="enough of that", **self._firing) if due else None  # type: ignore[arg-type]

    def tick(self, now: datetime, trail: Trail) -> Firing | None:
        return None

    def progress(self, state: str, now: datetime) -> None:
        return


class Stage:
    """A workspace, a log, and a way to play turns in it."""

    def __init__(self, root: Path) -> None:
        self.workspace, self.log_path = root / "work", root / "run" / "events.jsonl"
        self.workspace.mkdir()
        (self.workspace / "calc.py").write_text("def add(a, b):\n    return a - b\n", encoding="utf-8")
        self.met = MetFaults()

    def log(self, **options: Any) -> LiveLog:
        return LiveLog(self.log_path, **options)

    def engine(self, *turns: Any, plain: bool = False, **scenario: Any) -> ScriptedEngine:
        script = Scenario.model_validate({"name": "x", **({"turns": turns} if turns else {}), **scenario})
        sandbox = PlainSandbox() if plain else NoSandbox()
        return ScriptedEngine(script, sandbox=sandbox, policy=SandboxPolicy(), met=self.met)

    def play(
        self,
        *turns: Any,
        plain: bool = False,
        log: LiveLog | None = None,
        checks: Callable[[Path], CheckReport] | None = None,
        scenario: dict[str, Any] | None = None,
        **order: Any,
    ) -> Work:
        engine = self.engine(*turns, plain=plain, **(scenario or {}))
        with log or self.log() as events:
            return engine.dispatch(order_of(**order), self.workspace, checks=checks or never, events=events)

    @property
    def events(self) -> list[Event]:
        return list(read_events(self.log_path))

    def results(self) -> list[tuple[str, Outcome | None]]:
        return [(one.tool, one.outcome) for one in self.events if one.kind == EventKind.TOOL_RESULT]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def order_of(**changes: Any) -> Dispatch:
    chunk = Chunk(id="c", title="t", source="ruff", rules=("F401",), paths=("calc.py",))
    plan = Plan(id="p", title="t", purpose="p", scope=("**",), chunks=(chunk,), goal=(ChecksPass(),))
    values = {"ticket": "p", "role": "maker", "attempt": 1, "plan": plan, "chunk": chunk, "brief": "Mend it."}
    return Dispatch.model_validate({**values, **changes})


def never(_: Path) -> CheckReport:
    pytest.fail("the checks were run, which nothing asked for")


def report(code: int) -> CheckReport:
    return CheckReport(runs=(CommandRun(argv=("pytest",), exit_code=code, seconds=0.0, output="1 failed"),))


def calls(*made: Any, **turn: Any) -> dict[str, Any]:
    return {"calls": made, **turn}


FINISH = {"do": "finish", "summary": "Done."}
EDIT = {"do": "edit", "path": "calc.py", "old": "a - b", "new": "a + b"}


def test_a_dispatch_is_on_record_as_an_agents_would_be(stage: Stage) -> None:
    work = stage.play(
        calls({"do": "read", "path": "calc.py"}, think="Hm.", say="I look."),
        calls(EDIT, usage={"input": 7, "output": 3}),
        calls({"do": "run", "command": "cat calc.py; exit 3"}),
        calls(FINISH),
        plain=True,
    )
    assert work == Work(summary="Done.")
    assert "a + b" in (stage.workspace / "calc.py").read_text(encoding="utf-8")
    assert stage.results() == [
        ("read", Outcome.OK),
        ("edit", Outcome.OK),
        ("shell", Outcome.ERROR),
        ("finish", Outcome.OK),
    ]
    kinds = [str(one.kind) for one in stage.events]
    assert kinds[:5] == ["reasoning", "message", "usage", "tool_call", "tool_result"]
    shell = next(one for one in stage.events if one.tool == "shell" and one.kind == EventKind.TOOL_RESULT)
    assert "return a + b" in shell.text
    assert "[exit code 3]" in shell.text
    assert {one.step for one in stage.events} == {"maker"}
    used = [one.usage.input for one in stage.events if one.usage]
    assert used == [1000, 7, 1200, 1300]


@pytest.mark.parametrize("path", ["../out.py", "/etc/hostname", "link.py", "folder/out.py", ".git/config", "a\0b"])
@pytest.mark.parametrize("do", ["read", "edit", "write"])
def test_no_file_call_leaves_the_workspace(stage: Stage, tmp_path: Path, do: str, path: str) -> None:
    outside = tmp_path / "out.py"
    outside.write_text("a - b", encoding="utf-8")
    (stage.workspace / "link.py").symlink_to(outside)
    (stage.workspace / "folder").symlink_to(tmp_path)
    call = {"read": {}, "edit": {"old": "a - b", "new": "gone"}, "write": {"text": "gone"}}[do]
    stage.play(calls({"do": do, "path": path, **call}))
    assert stage.results() == [(do, Outcome.ERROR)]
    assert outside.read_text(encoding="utf-8") == "a - b"


@pytest.mark.parametrize(
    ("turn", "role", "expected"),
    [
        pytest.param(
            calls({"do": "petition", "reason": "The test is wrong."}),
            "maker",
            {"petition": "The test is wrong."},
            id="petition",
        ),
        pytest.param(
            calls({"do": "rule", "ruling": "reject", "reasons": ["calc.py:2 still subtracts"]}),
            "checker",
            {"ruling": Ruling.REJECT, "reasons": ("calc.py:2 still subtracts",)},
            id="ruling",
        ),
        pytest.param(
            calls({"do": "finish", "summary": "Half.", "could_not": ["b.py is gone\n\nc.py too"]}),
            "maker",
            {"summary": "Half.", "could_not": ("b.py is gone", "c.py too")},
            id="could not",
        ),
        pytest.param({"say": "I am ready."}, "maker", {"summary": "I am ready."}, id="no answer of its own"),
    ],
)
def test_what_it_says_becomes_work(stage: Stage, turn: Any, role: str, expected: dict[str, Any]) -> None:
    work = stage.play(turn, role=role)
    assert {key: getattr(work, key) for key in expected} == expected
    assert not work.broke_off


def test_discovered_work_is_handed_on_with_whatever_ends_it(stage: Stage) -> None:
    ticket = {"do": "ticket", "title": "The parser is broken", "paths": ["parse.py"], "blocks": True}
    work = stage.play(calls(ticket, {"do": "petition", "reason": "Not before the parser."}))
    assert [(one.title, one.blocks, one.paths) for one in work.discovered] == [
        ("The parser is broken", True, ("parse.py",))
    ]
    assert work.petition


def test_a_role_that_only_looks_can_change_nothing(stage: Stage) -> None:
    stage.play(calls(EDIT, {"do": "write", "path": "new.py", "text": "x"}), role="checker")
    assert stage.results() == [("edit", Outcome.DENIED), ("write", Outcome.DENIED)]
    assert sorted(path.name for path in stage.workspace.iterdir()) == ["calc.py"]


def test_checks_tell_it_what_they_found_and_it_goes_on_accordingly(stage: Stage) -> None:
    turns = [
        calls({"do": "check"}),
        {"if_told": "^red", **calls({"do": "finish", "summary": "It is red."})},
        calls({"do": "finish", "summary": "It is green."}),
    ]
    assert stage.play(*turns, checks=lambda _: report(1)).summary == "It is red."
    assert stage.play(*turns, checks=lambda _: report(0)).summary == "It is green."


def test_a_nudge_reaches_it_and_ends_its_loop(stage: Stage) -> None:
    third = FiresOn(EventKind.TOOL_CALL, 3, message="Do it differently.")
    log = stage.log(watch=Watch([third]), ladder=Ladder({}))
    loop = {"times": 50, "until_told": "differently", **calls({"do": "read", "path": "gone.py"})}
    assert stage.play(loop, calls(FINISH), log=log).summary == "Done."
    assert stage.results() == [("read", Outcome.ERROR)] * 3 + [("finish", Outcome.OK)]
    assert EventKind.NUDGE in [one.kind for one in stage.events]


def test_a_blocked_call_is_denied_and_not_made(stage: Stage) -> None:
    blames = call_identity("edit", EDIT)
    both = [FiresOn(EventKind.MESSAGE, number, identity=blames) for number in (1, 2)]
    log = stage.log(watch=Watch(both), ladder=Ladder({}))
    stage.play({"say": "Now.", "times": 2}, calls(EDIT), log=log)
    assert stage.results() == [("edit", Outcome.DENIED)]
    assert "a - b" in (stage.workspace / "calc.py").read_text(encoding="utf-8")


def test_a_stop_ends_a_command_and_the_dispatch_at_once(stage: Stage) -> None:
    events = stage.log()
    timer = threading.Timer(0.2, events.stop, args=("a person said so",))
    timer.start()
    work = stage.play(calls({"do": "run", "command": "sleep 30"}), calls(FINISH), plain=True, log=events)
    timer.join()
    assert work.broke_off == "a person said so"
    assert stage.results() == [("shell", Outcome.ERROR)]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param(Limits(turns=2), "2 turns", id="turns"),
        pytest.param(Limits(tokens=2500), "2500 tokens", id="tokens"),
        pytest.param(Limits(wall_seconds=0.05), "s are over", id="wall"),
    ],
)
def test_its_limits_break_it_off(stage: Stage, limits: Limits, words: str) -> None:
    loop = {"times": 1000, "seconds": 0.02, "usage": {"input": 1200, "output": 100}, "say": "again"}
    work = stage.play(loop, calls(FINISH), limits=limits)
    assert words in work.broke_off
    last = stage.events[-1]
    assert (last.kind, last.fault) == (EventKind.LIMIT, Fault.BUDGET)


def fault(kind: str, **more: Any) -> dict[str, Any]:
    return {**calls(FINISH), "fault": {"kind": kind, **more}}


def test_a_rate_limit_says_when_to_come_back_and_is_over_at_the_second_dispatch(stage: Stage) -> None:
    before = datetime.now(UTC)
    with pytest.raises(BusyError) as caught:
        stage.play(fault("rate_limit", reset_seconds=90))
    assert caught.value.until
    assert before <= caught.value.until - timedelta(seconds=90) <= datetime.now(UTC)
    assert [(one.fault, one.retry_at) for one in stage.events] == [(Fault.RATE_LIMIT, caught.value.until)]
    assert stage.play(fault("rate_limit", reset_seconds=90)).summary == "Done."


def test_a_checker_in_a_new_workspace_meets_no_fault_twice(stage: Stage, tmp_path: Path) -> None:
    turns = {**calls({"do": "rule", "ruling": "approve"}), "fault": {"kind": "rate_limit"}}
    with pytest.raises(BusyError):
        stage.play(turns, role="checker")
    stage.workspace = tmp_path / "another"
    stage.workspace.mkdir()
    stage.log_path = tmp_path / "run-2" / "events.jsonl"
    assert stage.play(turns, role="checker").ruling is Ruling.APPROVE
    with pytest.raises(BusyError):
        stage.play(turns, role="checker", attempt=2)


@pytest.mark.parametrize(
    ("kind", "error", "recorded"),
    [
        ("overload", BusyError, [Fault.OVERLOAD]),
        ("auth", ToolError, [Fault.AUTH]),
        ("crash", ScriptedCrashError, []),
        ("server_error", InfraError, [Fault.OTHER] * 3),
        ("cut", InfraError, [Fault.NETWORK] * 3),
        ("malformed", InfraError, [Fault.MALFORMED] * 3),
    ],
)
def test_a_lasting_fault_ends_as_its_kind_does(
    stage: Stage, kind: str, error: type[Exception], recorded: list[Fault]
) -> None:
    with pytest.raises(error):
        stage.play(fault(kind, times=None))
    assert [one.fault for one in stage.events if one.kind == EventKind.ERROR] == recorded


@pytest.mark.parametrize("kind", ["server_error", "cut", "malformed"])
def test_a_passing_fault_is_asked_again_within_the_dispatch(stage: Stage, kind: str) -> None:
    assert stage.play(fault(kind, times=2)).summary == "Done."
    assert len([one for one in stage.events if one.kind == EventKind.ERROR]) == 2


def test_a_prompt_too_long_breaks_it_off(stage: Stage) -> None:
    assert "window" in stage.play(fault("context")).broke_off


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param(Limits(wall_seconds=600, idle_seconds=0.6), "no sign of life for 0.6 s", id="idle"),
        pytest.param(Limits(wall_seconds=0.6), "time ran out", id="wall"),
    ],
)
def test_a_hang_lasts_until_a_clock_and_costs_nothing(stage: Stage, limits: Limits, words: str) -> None:
    began, used = monotonic(), process_time()
    assert words in stage.play(fault("hang", times=None), limits=limits).broke_off
    assert 0.6 <= monotonic() - began < 60
    assert process_time() - used < 0.4


def test_a_hang_is_ended_by_the_watch(stage: Stage) -> None:
    events = stage.log()
    events.stop("silence: 600 s")
    assert stage.play(fault("hang", times=None), log=events).broke_off == "silence: 600 s"


def test_a_dispatch_that_no_act_is_for_says_so(stage: Stage) -> None:
    acts = {"acts": [{"for": {"role": "maker", "ticket": "other"}, "turns": [{"say": "hi"}]}]}
    work = stage.play(scenario=acts)
    assert "no act of the scenario x is for maker of p/c" in work.could_not[0]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive(), thread
