"""The model engine's loop: what it makes of a model's answers, what it puts on record, when it ends."""

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

import pytest

from linestop.deployments.lab_server import ScriptedServer
from linestop.engines import Endpoint, Wire
from linestop.errors import PolicyError, ToolError
from linestop.events import Action, Event, EventKind, Fault, Outcome, call_identity
from linestop.ports import Limits
from linestop.scenarios import scenario_named
from linestop.verdicts import Ruling
from linestop.watch import Firing, Ladder, LiveLog, Rung, Watch
from linestop.watch.detectors import detectors_for
from linestop.watch.ladder import ladder_for
from linestop.watch.settings import WatchSettings
from tests.unit.model_engine_rig import EDIT, FINISH, WIRES, Prices, Rig, calls, report, run

LOOK = {"do": "read", "path": "a.py"}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@pytest.mark.parametrize("wire", WIRES)
def test_the_work_is_done_over_each_wire(tmp_path: Path, wire: Wire) -> None:
    rig = Rig(tmp_path, wire=wire)
    work = rig.play(
        calls(LOOK, think="Which import?", say="I look."), calls(EDIT, {"do": "check"}, run("ls")), calls(FINISH)
    )
    assert (work.summary, work.broke_off) == ("It is done.", "")
    assert (rig.workspace / "a.py").read_text() == "x = 1\n"
    assert [event.tool for event in rig.of(EventKind.TOOL_RESULT)] == ["read", "edit", "check", "shell", "finish"]
    assert all(event.outcome is Outcome.OK for event in rig.of(EventKind.TOOL_RESULT))
    assert [event.text for event in rig.of(EventKind.REASONING)] == ["Which import?"]
    assert "I look." in [event.text for event in rig.of(EventKind.MESSAGE)]


def test_every_step_is_on_record_with_its_role_and_turn(rig: Rig) -> None:
    rig.play(calls(EDIT), calls(FINISH))
    kinds = [event.kind for event in rig.events]
    assert kinds[0] == EventKind.START
    assert kinds[-1] == EventKind.END
    assert {event.step for event in rig.events} == {"maker"}
    assert [event.turn for event in rig.of(EventKind.USAGE)] == [1, 2]
    edit = rig.of(EventKind.TOOL_CALL)[0]
    assert (edit.action, edit.path, edit.identity) == (Action.EDIT, "a.py", call_identity("edit", edit.args))
    assert rig.results("edit")[0].call == edit.call


def test_usage_is_counted_with_its_price(tmp_path: Path) -> None:
    rig = Rig(tmp_path, prices=Prices(priced=True))
    rig.play(calls(FINISH, usage={"input": 900, "output": 100}))
    usage = rig.of(EventKind.USAGE)[0].usage
    assert usage is not None
    assert (usage.input, usage.output, usage.usd) == (900, 100, 0.001)


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        ("maker", {"read", "search", "shell", "check", "ticket", "edit", "write", "finish", "petition"}),
        ("checker", {"read", "search", "shell", "check", "ticket", "rule"}),
    ],
)
def test_a_role_that_looks_gets_no_tool_that_changes(tmp_path: Path, role: str, offered: set[str]) -> None:
    rig = Rig(tmp_path, role=role)
    rig.play(calls({"do": "rule", "ruling": "approve"} if role == "checker" else FINISH))
    assert {tool["function"]["name"] for tool in rig.asked[0].body["tools"]} == offered


def test_a_ruling_is_taken_and_a_rejection_needs_a_reason(tmp_path: Path) -> None:
    rig = Rig(tmp_path, role="checker")
    rejects = {"do": "rule", "ruling": "reject"}
    work = rig.play(calls(rejects), calls(rejects | {"reasons": ["a.py:1 is wrong"]}))
    assert (work.ruling, work.reasons) == (Ruling.REJECT, ("a.py:1 is wrong",))
    assert [event.outcome for event in rig.results("rule")] == [Outcome.ERROR, Outcome.OK]


def test_a_petition_and_discovered_work_are_handed_on(rig: Rig) -> None:
    ticket = {"do": "ticket", "title": "The docs are old", "blocks": True}
    work = rig.play(calls(ticket), calls({"do": "petition", "reason": "test_a asks for the bug"}))
    assert work.petition == "test_a asks for the bug"
    assert [(one.title, one.blocks) for one in work.discovered] == [("The docs are old", True)]


def test_nothing_is_done_after_the_answer(rig: Rig) -> None:
    rig.play(calls(FINISH, EDIT))
    assert (rig.workspace / "a.py").read_text() == "import os\nx = 1\n"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"tool": "nonsense", "args": {}}, "there is no tool 'nonsense'"),
        ({"tool": "edit", "args": {"path": "a.py"}}, "the arguments don't fit: old"),
        ({"tool": "read", "args": {"path": "../out"}}, "leads out"),
        ({"tool": "edit", "args": {"path": "a.py", "old": "gone", "new": ""}}, "does not stand in a.py"),
        ({"tool": "shell", "args": {"command": "echo no; exit 3"}}, "no\n[exit code 3]"),
    ],
    ids=["unknown", "misused", "outside", "no such text", "failing command"],
)
def test_what_a_model_gets_wrong_is_an_answer_to_it(rig: Rig, call: dict[str, Any], words: str) -> None:
    work = rig.play(calls({"do": "tool", **call}), calls(FINISH))
    failed = rig.results(call["tool"])[0]
    assert failed.outcome is Outcome.ERROR
    assert words in failed.text
    assert not work.broke_off


def test_a_command_that_runs_out_its_time_is_a_timeout(rig: Rig) -> None:
    rig.play(calls({"do": "tool", "tool": "shell", "args": {"command": "sleep 60", "seconds": 0.1}}), calls(FINISH))
    assert rig.results("shell")[0].outcome is Outcome.TIMEOUT


def test_a_long_command_ends_before_it_is_taken_for_silence(tmp_path: Path) -> None:
    rig = Rig(tmp_path, limits=Limits(idle_seconds=0.5))
    work = rig.play(
        calls({"do": "tool", "tool": "shell", "args": {"command": "sleep 60", "seconds": 600}}), calls(FINISH)
    )
    assert rig.results("shell")[0].outcome is Outcome.TIMEOUT
    assert work.summary == "It is done."


def test_red_checks_name_what_failed(rig: Rig) -> None:
    rig.report = report("test_a")
    rig.play(calls({"do": "check"}), calls(FINISH))
    assert rig.results("check")[0].outcome is Outcome.ERROR
    assert "test_a" in rig.results("check")[0].text


def test_an_agent_that_just_stops_is_asked_once(rig: Rig) -> None:
    work = rig.play(calls(EDIT), {"say": "I am done."}, calls(FINISH))
    assert work.summary == "It is done."
    assert "without an answer" in str(rig.asked[-1].body["messages"][-1]["content"])


@pytest.mark.parametrize("changed", [True, False], ids=["changed", "unchanged"])
def test_last_words_count_only_where_there_is_work(rig: Rig, changed: bool) -> None:
    rig.play(calls(run("git init -q && git add . && git -c user.name=a -c user.email=b commit -qm c")), calls(FINISH))
    work = rig.play(*([calls(EDIT)] if changed else []), {"say": "I am done."}, {"say": "Really."})
    assert (work.summary == "Really.") is changed
    assert bool(work.broke_off) is not changed


def test_a_checker_without_a_ruling_has_not_ruled(tmp_path: Path) -> None:
    work = Rig(tmp_path, role="checker").play({"say": "Fine."}, {"say": "Fine, I said."})
    assert work.ruling is None
    assert "without a ruling" in work.broke_off


def test_empty_answers_have_an_end(rig: Rig) -> None:
    work = rig.play({"say": " ", "times": 50})
    assert "empty answers" in work.broke_off or "gives no sound answer" in work.broke_off


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(turns=3), "3 of 3 model calls"),
        (Limits(tokens=2500), "of 2500 tokens"),
        (Limits(usd=0.0025), "of $0.0025"),
        (Limits(wall_seconds=0.6), "wall clock"),
    ],
    ids=["turns", "tokens", "money", "wall"],
)
def test_endless_calls_end_at_a_cap(tmp_path: Path, limits: Limits, why: str) -> None:
    rig = Rig(tmp_path, limits=limits, prices=Prices(priced=True))
    slow = run("sleep 0.2") if "wall" in why else LOOK
    work = rig.play(calls(slow, times=1000))
    assert why in work.broke_off
    if "wall" not in why:
        assert rig.of(EventKind.LIMIT)[0].fault is Fault.BUDGET


def test_a_cap_in_money_without_a_price_refuses_the_start(tmp_path: Path) -> None:
    rig = Rig(tmp_path, limits=Limits(usd=1))
    with pytest.raises(PolicyError, match="no price is known") as refused:
        rig.play(calls(FINISH))
    assert refused.value.found
    assert refused.value.todo
    assert not rig.asked


def test_a_key_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as refused:
        Rig(tmp_path, key="MY_KEY").play(calls(FINISH))
    assert "MY_KEY" in str(refused.value)


def test_the_key_reaches_the_endpoint_and_no_command(tmp_path: Path) -> None:
    rig = Rig(tmp_path, key="MY_KEY", environ={"MY_KEY": "sk-very-secret"})
    rig.play(calls(run("env")), calls(FINISH))
    assert "sk-very-secret" not in rig.results("shell")[0].text
    assert "sk-very-secret" not in rig.log.read_text()


def test_gemini_is_refused_with_a_way_out(rig: Rig) -> None:
    with pytest.raises(PolicyError, match="doesn't speak this wire"):
        rig.engine(Endpoint(url="https://example.org", wire=Wire.GEMINI))


class Alarm:
    """Fires at every call of a tool."""

    name: ClassVar[str] = "alarm"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_CALL})

    def see(self, event: Event, *_: object) -> Firing | None:
        if event.tool != "shell":
            return None
        return Firing(detector=self.name, detail="alarm", message="Stop it: TRY ANOTHER WAY", identity=event.identity)

    def tick(self, *_: object) -> Firing | None:
        return None

    def progress(self, *_: object) -> None:
        """Take no notice."""


def watched(rung: Rung) -> Callable[[Path], LiveLog]:
    return lambda path: LiveLog(path, watch=Watch([Alarm()]), ladder=Ladder({"alarm": rung}))


def test_a_nudge_reaches_the_model_before_its_next_step(rig: Rig) -> None:
    told = "TRY ANOTHER WAY"
    work = rig.play(
        calls(run("true"), times=20, until_told=told),
        calls(EDIT, FINISH, if_told=told),
        calls({"do": "petition", "reason": "never told"}),
        events=watched(Rung.NUDGE),
    )
    assert work.summary == "It is done."
    assert len(rig.results("shell")) == 1
    assert told in rig.of(EventKind.NUDGE)[0].text


def test_a_blocked_call_is_refused_with_the_reason(rig: Rig) -> None:
    rig.play(calls(run("echo once >> made"), times=3), calls(FINISH), events=watched(Rung.BLOCK))
    assert [event.outcome for event in rig.results("shell")][1:] == [Outcome.DENIED, Outcome.DENIED]
    assert (rig.workspace / "made").read_text() == "once\n"
    assert "refuses this call: alarm" in rig.results("shell")[1].text


@pytest.mark.parametrize("where", ["request", "command", "checks"])
def test_a_stop_ends_it_at_once(rig: Rig, where: str) -> None:
    turns = {
        "request": {"fault": {"kind": "hang", "times": None}},
        "command": calls(run("sleep 600")),
        "checks": calls({"do": "check"}),
    }
    reached, released = threading.Event(), threading.Event()

    class Told(LiveLog):
        def append(self, kind: EventKind, **fields: Any) -> Event:
            event = super().append(kind, **fields)
            if kind is (EventKind.START if where == "request" else EventKind.TOOL_CALL):
                reached.set()
            return event

    stopped = 0.0

    def stop(log: LiveLog) -> None:
        def wait() -> None:
            nonlocal stopped
            reached.wait(60)
            threading.Event().wait(0.2)  # it is on its way to the request, the command, the checks
            stopped = monotonic()
            log.stop("a person said so")

        threading.Thread(target=wait, daemon=True).start()

    class Slow:
        def __getattr__(self, name: str) -> Any:
            released.wait(3)
            return getattr(report(), name)

    rig.report = Slow() if where == "checks" else rig.report  # type: ignore[assignment]
    work = rig.play(turns[where], calls(FINISH), events=Told, meanwhile=stop)
    took = monotonic() - stopped
    released.set()
    assert work.broke_off == "a person said so"
    assert took < 60


def test_an_error_puts_the_files_back(rig: Rig) -> None:
    write = {"do": "write", "path": "new/file.py", "text": "y = 2\n"}
    with pytest.raises(ToolError):
        rig.play(calls(EDIT, write), {"fault": {"kind": "auth", "times": None}})
    assert [path.name for path in rig.workspace.rglob("*") if path.is_file()] == ["a.py"]
    assert (rig.workspace / "a.py").read_text() == "import os\nx = 1\n"


def test_a_stubborn_loop_is_nudged_then_blocked_then_stopped(rig: Rig) -> None:
    def watching(path: Path) -> LiveLog:
        return LiveLog(path, watch=Watch(detectors_for(WatchSettings(role="maker"))), ladder=ladder_for({}))

    with ScriptedServer(scenario_named("stubborn-looper")) as server:
        work = rig.dispatch(server.url, events=watching)
    outcomes = [event.outcome for event in rig.of(EventKind.TOOL_RESULT)]
    assert "same result" in work.broke_off
    assert rig.of(EventKind.NUDGE)
    assert outcomes[0] is Outcome.ERROR
    assert Outcome.DENIED in outcomes
    assert len(outcomes) < 15


def test_of_very_many_calls_at_once_only_the_first_are_made(rig: Rig) -> None:
    work = rig.play(calls(*[LOOK] * 40), calls(FINISH))
    assert work.summary == "It is done."
    assert len(rig.results("read")) == 32
    assert "only the first 32" in str(rig.asked[1].body["messages"][-1]["content"])


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "\x1b[2J\u202e"], ids=["half a pair", "zero byte", "controls"])
def test_odd_characters_end_nothing(rig: Rig, text: str) -> None:
    odd = [
        {"do": "tool", "tool": "read", "args": {"path": text}},
        {"do": "tool", "tool": "shell", "args": {"command": f"echo {text}"}},
        {"do": "tool", "tool": "search", "args": {"pattern": text}},
        {"do": "tool", "tool": "write", "args": {"path": "b.py", "text": text}},
    ]
    assert rig.play(calls(*odd), calls(FINISH)).summary == "It is done."
    assert len(rig.of(EventKind.TOOL_RESULT)) == 5
