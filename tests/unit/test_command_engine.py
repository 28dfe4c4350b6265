"""CommandEngine with a small program in place of an agent: it hangs, lies, crashes and leaves things behind."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest

from linestop.blocks.command_engine.engine import CommandEngine
from linestop.blocks.presets import FAKE_KEY
from linestop.blocks.prices import GenaiPrices
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.deployments.lab_server import ScriptedServer
from linestop.engines import CommandSettings, Endpoint, Wire
from linestop.errors import BusyError, LinestopError, PolicyError, ToolError
from linestop.events import Event, EventKind, Fault, read_events
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Limits, Work
from linestop.scenarios import Scenario
from linestop.watch import LiveLog

PROGRAM = Path(__file__).parents[1] / "contracts" / "agent_program.py"
KEY = "sk-the-owners-real-key-0123456789abcdef"


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OWNERS_KEY", KEY)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LiveLog]:
    with LiveLog(tmp_path / "events.jsonl") as events:
        yield events


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    return root


def engine(*argv: str, url: str = "http://127.0.0.1:9", **settings: object) -> CommandEngine:
    given = {"argv": (sys.executable, str(PROGRAM), *argv), "endpoint": "it"} | settings
    return CommandEngine(
        CommandSettings.model_validate(given),
        name="tiny",
        endpoints={"it": Endpoint(url=url, wire=Wire.ANTHROPIC, key="OWNERS_KEY", provider="local")},
        sandbox=PlainSandbox(),
        policy=SandboxPolicy(kind="plain", allow_plain=True),
        prices=GenaiPrices({}),
    )


def order(**limits: float) -> Dispatch:
    chunk = Chunk(id="c", title="t", source="ruff", rules=("F401",), paths=("a.py",))
    plan = Plan(id="p", title="t", purpose="p", scope=("**",), chunks=(chunk,), goal=(ChecksPass(),))
    given = Limits.model_validate({"wall_seconds": 30} | limits)
    return Dispatch(ticket="t", role="maker", attempt=1, plan=plan, chunk=chunk, brief="Do it.", limits=given)


def dispatched(made: CommandEngine, workspace: Path, log: LiveLog, **limits: float) -> Work:
    return made.dispatch(order(**limits), workspace, checks=lambda _: pytest.fail("checks"), events=log)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        pytest.param("crash", "exit code 139: Segmentation fault", id="a crash"),
        pytest.param("says_success_with_an_error", "ended with an error (success): Credit balance", id="a lie"),
        pytest.param("stops_in_the_middle", "its stream has no last event", id="exit 0 in the middle"),
        pytest.param("turns", "an error (budget): Reached max turns", id="its own cap"),
    ],
)
def test_what_leaves_nothing_to_judge_broke_off(mode: str, words: str, workspace: Path, log: LiveLog) -> None:
    assert words in dispatched(engine(mode), workspace, log).broke_off


def test_success_counts_whatever_the_exit_code(workspace: Path, log: LiveLog) -> None:
    work = dispatched(engine("fails_after_success"), workspace, log)
    assert (work.broke_off, work.summary) == ("", "all is well")


def test_prose_is_read_where_there_is_no_stream(workspace: Path, log: LiveLog) -> None:
    work = dispatched(engine("prose"), workspace, log)
    assert (work.broke_off, work.summary, work.could_not) == ("", "in prose", ("one",))


def test_garbage_and_endless_lines_lose_nothing_else(workspace: Path, log: LiveLog) -> None:
    work = dispatched(engine("garbage"), workspace, log)
    assert (work.broke_off, work.summary) == ("", "after all that")
    assert any(event.fault is Fault.MALFORMED for event in read_events(log.path))
    assert log.path.stat().st_size < 100_000


@pytest.mark.parametrize(
    ("mode", "limits", "words"),
    [
        pytest.param("hang", {"idle_seconds": 0.5}, "no output and no event for 0 s", id="silence"),
        pytest.param("chatter", {"wall_seconds": 0.7}, "timed out after 1 s", id="talk without end"),
        pytest.param("endless", {"wall_seconds": 300}, "printed more than", id="output without end"),
    ],
)
def test_a_clock_or_a_bound_ends_it_with_all_it_started(
    mode: str, limits: dict[str, float], words: str, workspace: Path, log: LiveLog
) -> None:
    assert words in dispatched(engine(mode), workspace, log, **limits).broke_off
    assert processes_in(workspace) == {}


def test_the_watch_ends_it_at_once(workspace: Path, log: LiveLog) -> None:
    class Watched(LiveLog):
        def append(self, kind: EventKind, **fields: Any) -> Event:
            event = super().append(kind, **fields)
            if kind is EventKind.TOOL_CALL:
                self.stop("repeat: the same call 8 times")
            return event

    start = monotonic()
    with Watched(log.path.with_name("watched.jsonl")) as watched:
        work = dispatched(engine("hang"), workspace, watched)
    assert work.broke_off == "repeat: the same call 8 times"
    assert work.session == "5e551011-0000-4000-8000-000000000001"
    assert monotonic() - start < 60  # of 600
    assert processes_in(workspace) == {}


def test_a_daemon_that_it_leaves_is_ended(workspace: Path, log: LiveLog) -> None:
    (workspace / "a.py").write_text("x = 1\n")
    made = engine("daemon")
    given = order().model_copy(update={"brief": "that ruff reports\n~~~\n\nIt:\n\n~~~\na.py\n~~~\n"})
    made.dispatch(given, workspace, checks=lambda _: pytest.fail("checks"), events=log)
    pid = int((workspace.parent / "daemon.pid").read_text())
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text()


def test_its_environment_is_an_allow_list_with_a_fake_key(workspace: Path, log: LiveLog) -> None:
    work = dispatched(engine("environment", env={"MORE": "of it"}), workspace, log)
    seen = json.loads(work.summary)
    assert (seen["MORE"], seen["ANTHROPIC_API_KEY"]) == ("of it", FAKE_KEY)
    assert "OWNERS_KEY" not in seen
    assert KEY not in log.path.read_text()


def test_the_tools_of_the_checks_stand_first_also_in_a_login_shell(workspace: Path, log: LiveLog) -> None:
    made = engine(argv=("/bin/bash", "-lc", "cat > /dev/null; echo $PATH"))
    given = order().model_copy(update={"path": (Path("/opt/tools of mine/bin"),)})
    work = made.dispatch(given, workspace, checks=lambda _: pytest.fail("checks"), events=log)
    assert work.summary.startswith("/opt/tools of mine/bin:")


def server(*turns: object) -> ScriptedServer:
    return ScriptedServer(Scenario.model_validate({"name": "s", "turns": turns}))


def test_its_calls_go_through_the_proxy_and_are_counted(workspace: Path, log: LiveLog) -> None:
    with server({"say": "hello from the model", "usage": {"input": 70, "output": 7}}) as model:
        work = dispatched(engine("asks_a_model", url=model.url), workspace, log)
    assert work.summary == "hello from the model"
    [used] = [event for event in read_events(log.path) if event.kind == EventKind.USAGE]
    assert used.usage is not None
    assert (used.step, used.usage.input, used.usage.output) == ("maker", 70, 7)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        pytest.param({"kind": "rate_limit", "reset_seconds": 300}, BusyError, id="429"),
        pytest.param({"kind": "server_error"}, BusyError, id="500"),
        pytest.param({"kind": "auth"}, ToolError, id="401"),
    ],
)
def test_a_success_that_the_provider_refused_is_none(
    fault: dict[str, object], state: type[LinestopError], workspace: Path, log: LiveLog
) -> None:
    with server({"fault": {"times": None, **fault}}) as model, pytest.raises(state) as caught:
        dispatched(engine("asks_a_model", url=model.url), workspace, log)
    until = getattr(caught.value, "until", None)
    if fault["kind"] == "rate_limit":
        assert until is not None
        assert timedelta(seconds=250) < until - datetime.now(UTC) < timedelta(seconds=310)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        pytest.param(lambda: engine(argv=("no-such-agent",)), ToolError, "is not installed", id="not installed"),
        pytest.param(lambda: engine(argv=("/bin/false",)), None, "exit code 1", id="fails at once"),
        pytest.param(lambda: engine(endpoint="nowhere"), PolicyError, "that there isn't", id="no such endpoint"),
        pytest.param(lambda: engine(argv=(), preset="gemini"), PolicyError, "does not speak", id="another wire"),
        pytest.param(lambda: engine(argv=(), preset="mini"), PolicyError, "needs a model", id="no model"),
    ],
)
def test_what_can_not_be_started_says_why(
    make: Callable[[], CommandEngine], error: type[LinestopError] | None, words: str, workspace: Path, log: LiveLog
) -> None:
    if error is None:
        assert words in dispatched(make(), workspace, log).broke_off
        return
    with pytest.raises(error, match=words):
        dispatched(make(), workspace, log)


def test_a_missing_key_is_named_before_anything_starts(
    workspace: Path, log: LiveLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OWNERS_KEY")
    with pytest.raises(ToolError) as caught:
        dispatched(engine("hang"), workspace, log)
    assert "OWNERS_KEY is not set" in caught.value.found


def test_a_cap_in_dollars_needs_a_price(workspace: Path, log: LiveLog) -> None:
    made = CommandEngine(
        CommandSettings(argv=(sys.executable, str(PROGRAM), "hang"), endpoint="it", model="nobody-knows-it"),
        name="tiny",
        endpoints={"it": Endpoint(url="https://example.org", wire=Wire.ANTHROPIC)},
        sandbox=PlainSandbox(),
        policy=SandboxPolicy(kind="plain", allow_plain=True),
        prices=GenaiPrices({}),
    )
    with pytest.raises(PolicyError, match="no price is known"):
        dispatched(made, workspace, log, usd=1.0)


def processes_in(folder: Path) -> dict[int, list[str]]:
    """Return the processes at work in a folder: number → command line. A zombie is in none."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                found[process.pid] = process.cmdline()
    return found
