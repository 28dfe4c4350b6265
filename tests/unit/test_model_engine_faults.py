"""What goes wrong with a model, and what becomes of the dispatch then."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from linestop.errors import BusyError, InfraError, LinestopError, ToolError
from linestop.events import EventKind, Fault
from linestop.ports import Limits
from tests.contracts.canned_upstream import Answer, canned_upstream, reply, stream
from tests.unit.model_engine_rig import EDIT, FINISH, Rig, calls, run

PASSING = [
    ("rate_limit", Fault.RATE_LIMIT),
    ("overload", Fault.OVERLOAD),
    ("server_error", Fault.OVERLOAD),
    ("malformed", Fault.MALFORMED),
    ("cut", Fault.NETWORK),
    ("crash", Fault.NETWORK),
]


def broken(kind: str, **more: Any) -> Mapping[str, Any]:
    """Return a turn that never comes to its answer."""
    return calls(FINISH, fault={"kind": kind, "times": None, "reset_seconds": 0.01, **more})


@pytest.mark.parametrize(("kind", "fault"), PASSING, ids=[kind for kind, _ in PASSING])
def test_what_passes_is_waited_for_in_the_loop(tmp_path: Path, kind: str, fault: Fault) -> None:
    rig = Rig(tmp_path)
    work = rig.play(calls(EDIT), calls(FINISH, fault={"kind": kind, "times": 1, "reset_seconds": 0.01}))
    assert work.summary == "It is done."
    assert [event.fault for event in rig.of(EventKind.ERROR)] == [fault]
    assert len(rig.results("edit")) == 1


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        ("rate_limit", BusyError),
        ("overload", BusyError),
        ("server_error", InfraError),
        ("malformed", InfraError),
        ("cut", InfraError),
        ("crash", InfraError),
        ("auth", ToolError),
    ],
)
def test_what_does_not_pass_is_told_apart_after_a_few_tries(
    tmp_path: Path, kind: str, raised: type[LinestopError]
) -> None:
    rig = Rig(tmp_path, key="MY_KEY", environ={"MY_KEY": "sk-secret-key-of-mine"})
    with pytest.raises(LinestopError) as error:
        rig.play(broken(kind))
    assert type(error.value) is raised
    assert error.value.found
    assert error.value.todo
    assert ("MY_KEY" in str(error.value)) is (kind == "auth")
    assert "sk-secret-key-of-mine" not in str(error.value)
    assert len(rig.asked) == (1 if kind == "auth" else 4)


def test_a_reset_that_is_far_off_is_not_waited_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    begin = monotonic()
    with pytest.raises(BusyError) as busy:
        rig.play(broken("rate_limit", reset_seconds=3600))
    assert monotonic() - begin < 60  # of 3600
    assert busy.value.until is not None
    assert abs(busy.value.until - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=30)
    assert rig.of(EventKind.ERROR)[0].retry_at is not None
    assert len(rig.asked) == 1


@pytest.mark.parametrize(
    ("limits", "raised"),
    [(Limits(idle_seconds=0.3), InfraError), (Limits(wall_seconds=0.3), None)],
    ids=["idle", "wall"],
)
def test_a_model_that_never_answers_ends_at_a_clock(tmp_path: Path, limits: Limits, raised: type[Exception]) -> None:
    rig = Rig(tmp_path, limits=limits)
    begin = monotonic()
    if raised:
        with pytest.raises(raised, match="doesn't answer"):
            rig.play(broken("hang"))
    else:
        assert "wall clock" in rig.play(broken("hang")).broke_off
    assert monotonic() - begin < 60


def test_nobody_at_the_address_is_told(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="doesn't answer"):
        Rig(tmp_path).dispatch("http://127.0.0.1:9")


class NotHere(BaseHTTPRequestHandler):
    """Knows no model."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_error(404, "no such model")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_an_address_that_serves_no_model_is_told(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), NotHere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(ToolError, match="is not there") as refused:
            Rig(tmp_path).dispatch(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert "url" in refused.value.todo


def test_a_prompt_that_is_too_long_is_compacted_once_and_sent_again(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    much = run("seq 1 3000")
    work = rig.play(
        *[calls(much) for _ in range(5)],
        calls(FINISH, fault={"kind": "context", "times": 1}),
    )
    assert work.summary == "It is done."
    assert [event.fault for event in rig.of(EventKind.LIMIT)] == [Fault.CONTEXT]


def test_a_prompt_that_stays_too_long_breaks_off(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    work = rig.play(*[calls(run("seq 1 3000")) for _ in range(5)], broken("context"))
    assert "longer than the model's window" in work.broke_off
    assert len(rig.asked) == 7


def test_an_answer_without_an_end_is_cut_off() -> None:
    from pydantic_ai.messages import PartDeltaEvent, TextPartDelta  # noqa: PLC0415  # the engine loads it

    from linestop.blocks.model_engine.faults import CutStreamError  # noqa: PLC0415
    from linestop.blocks.model_engine.voice import MAX_ANSWER_CHARS, Voice  # noqa: PLC0415

    piece = PartDeltaEvent(index=0, delta=TextPartDelta("x" * 1_000_000))
    voice = Voice(None)  # type: ignore[arg-type]  # it says nothing within a minute
    for _ in range(MAX_ANSWER_CHARS // 1_000_000):
        voice.hear(piece)
    with pytest.raises(CutStreamError):
        voice.hear(piece)


def said(delta: Any = None, **more: Any) -> str:
    choices = [{"index": 0, "delta": delta or {}, "finish_reason": more.pop("finish", None)}]
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": choices, **more}
    return f"data: {json.dumps(chunk)}\n\n"


def finished(**used: Any) -> list[Answer]:
    call = {"name": "finish", "arguments": '{"summary": "It is done."}'}
    called = {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": call}]}
    return stream(said(called), said(finish="tool_calls"), said(usage=used, choices=[]), "data: [DONE]\n\n")


def answered_by(rig: Rig, *answers: list[Answer]) -> list[Any]:
    """Dispatch against a provider that gives these answers, and return what it was asked."""
    with canned_upstream() as upstream:
        waiting = list(answers)
        upstream.answer = lambda seen: waiting.pop(0) if seen.method == "POST" else [reply({}, 404)]
        assert rig.dispatch(upstream.url).summary == "It is done."
        return [seen.json for seen in upstream.seen if seen.method == "POST"]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param("data: [1]\n\n", id="no-object"),
        pytest.param("data: null\n\n", id="nothing"),
        pytest.param(said({"content": "x"}, created="now"), id="a-date-that-is-none"),
        pytest.param(said({"content": "x"}, created=10**18), id="a-date-of-another-age"),
        pytest.param(said(usage=[1]), id="usage-that-is-none"),
    ],
)
def test_an_answer_that_no_library_can_read_is_asked_for_again(tmp_path: Path, odd: str) -> None:
    rig = Rig(tmp_path)
    assert len(answered_by(rig, stream(odd, "data: [DONE]\n\n"), finished(prompt_tokens=5, completion_tokens=5))) == 2
    assert [event.fault for event in rig.of(EventKind.ERROR)] == [Fault.MALFORMED]


@pytest.mark.filterwarnings("ignore:Failed to extract usage", "ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    ("used", "counted"),
    [
        pytest.param({"prompt_tokens": 5.5, "completion_tokens": 7.5}, (5, 7), id="fractions"),
        pytest.param({"prompt_tokens": 10**30, "completion_tokens": 7}, (10**9, 7), id="beyond-all-measure"),
        pytest.param({"prompt_tokens": -5, "completion_tokens": -7}, None, id="below-nothing"),
        pytest.param({"prompt_tokens": 0, "completion_tokens": 0}, None, id="nothing"),
        pytest.param({}, None, id="not-said"),
    ],
)
def test_what_a_server_says_of_its_use_is_taken_as_far_as_it_can_be_true(
    tmp_path: Path, used: Mapping[str, Any], counted: tuple[int, int] | None
) -> None:
    rig = Rig(tmp_path)
    answered_by(rig, finished(**used))
    (usage,) = [event.usage for event in rig.of(EventKind.USAGE)]
    assert usage is not None
    if counted:
        assert (usage.input, usage.output) == counted
    else:
        assert usage.input > 500, "the prompt, by its size"
        assert usage.output >= 5, "the answer, by its size"


def test_half_a_character_in_an_answer_is_no_end_of_the_conversation(tmp_path: Path) -> None:
    torn = stream(
        said({"content": "so \ud83d"}), said({"content": "\ude00 \ud800"}), said(finish="stop"), "data: [DONE]\n\n"
    )
    asked = answered_by(Rig(tmp_path), torn, finished(prompt_tokens=5, completion_tokens=5))
    assert asked[1]["messages"][-2]["content"] == "so 😀 �"
