"""The conversation near the model's window: what is cut, what stays, and that it always fits."""

import itertools
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart

from linestop.blocks.model_engine.history import History
from linestop.blocks.model_engine.output import HeadAndTail, capped
from linestop.blocks.model_engine.window import Window
from linestop.events import EventKind, Fault
from tests.unit.model_engine_rig import Rig, calls, run

BRIEF = "The brief, whole and unchanged."


def conversation(turns: int, *, result_chars: int = 4_000) -> History:
    history = History(BRIEF)
    for number in range(turns):
        call = ToolCallPart("read", {"path": f"file{number}.py"}, tool_call_id=f"c{number}")
        history.answered(ModelResponse(parts=[TextPart(f"I read {number}."), call]))
        text = f"begin{number} " + "x" * result_chars + f" end{number}"
        history.told([ToolReturnPart("read", text, tool_call_id=f"c{number}")])
    return history


def texts(messages: "list[ModelMessage]") -> str:
    return "\n".join(str(getattr(part, "content", "")) for message in messages for part in message.parts)


@pytest.mark.parametrize("target", [40_000, 20_000, 8_000, 4_000, 2_000])
def test_a_compacted_conversation_fits_and_keeps_brief_and_last_turn(target: int) -> None:
    history = conversation(20)
    gone = history.compact(target)
    said = texts(list(history.messages))
    assert gone > 0
    assert history.chars <= max(target, 2_000)
    assert BRIEF in said
    assert "end19" in said


@pytest.mark.parametrize("target", [20_000, 4_000])
def test_each_result_still_has_its_call_and_each_call_its_result(target: int) -> None:
    history = conversation(20)
    history.compact(target)
    called = [part.tool_call_id for one in history.messages for part in one.parts if isinstance(part, ToolCallPart)]
    answered = [part.tool_call_id for one in history.messages for part in one.parts if isinstance(part, ToolReturnPart)]
    assert called == answered
    kinds = [message.kind for message in history.messages]
    assert all(one != other for one, other in itertools.pairwise(kinds))


def test_old_results_are_cut_before_turns_are_left_out() -> None:
    history = conversation(20)
    history.compact(45_000)
    said = texts(list(history.messages))
    assert "begin0" in said
    assert "left out" in said
    assert "I read 0." in said


def test_what_was_left_out_is_listed_and_the_list_stays_short() -> None:
    history = conversation(5)
    for number in range(300):
        history.answered(
            ModelResponse(parts=[ToolCallPart("read", {"path": f"more{number}"}, tool_call_id=f"m{number}")])
        )
        history.told([ToolReturnPart("read", "y" * 2_000, tool_call_id=f"m{number}")])
        if history.chars > 30_000:
            history.compact(15_000)
    first = history.messages[0]
    listed = [str(part.content) for part in first.parts if isinstance(part, UserPromptPart)]
    assert listed[0] == BRIEF
    assert "steps were left out" in listed[1]
    assert 'read {"path":"more2' in listed[1].replace('": "', '":"')
    assert len(listed[1]) < 12_000


def test_compaction_is_the_same_each_time() -> None:
    one, other = conversation(20), conversation(20)
    one.compact(9_000)
    other.compact(9_000)
    assert texts(list(one.messages)) == texts(list(other.messages))


def test_a_tiny_window_is_enough_for_a_long_job(tmp_path: Path) -> None:
    rig = Rig(tmp_path, settings={"window": 4096, "max_output_tokens": 512, "turns": 12})
    work = rig.play(calls(run("seq {n} 3000"), times=100))
    assert "12 of 12" in work.broke_off
    *limits, last = rig.of(EventKind.LIMIT)
    assert limits
    assert all((event.model_extra or {}).get("compaction") for event in limits)
    assert last.fault is Fault.BUDGET
    assert all(len(str(asked.body["messages"])) < 4096 * 5 for asked in rig.asked)


def test_a_window_learns_from_what_was_counted() -> None:
    window = Window(10_000, max_output_tokens=1_000, fixed_chars=0)
    assert not window.is_full(20_000)
    window.measured(10_000, 10_000)
    assert window.is_full(20_000)


def test_a_window_learns_from_a_refusal() -> None:
    window = Window(100_000, max_output_tokens=1_000, fixed_chars=0)
    window.refused(10_000)
    assert window.is_full(9_000)
    assert not window.is_full(8_000)


@pytest.mark.parametrize("sizes", [[5], [100], [7, 100, 3], [1] * 100, [1000]])
def test_of_an_endless_output_head_and_tail_are_kept(sizes: list[int]) -> None:
    whole = b"".join(bytes([65 + index % 26]) * size for index, size in enumerate(sizes))
    kept = HeadAndTail(20)
    for index, size in enumerate(sizes):
        kept.add(bytes([65 + index % 26]) * size)
    text = kept.text()
    if len(whole) <= 20:
        assert text == whole.decode()
    else:
        assert text.startswith(whole[:10].decode())
        assert text.endswith(whole[-10:].decode())
        assert f"{len(whole) - 20} bytes left out" in text


def test_a_capped_text_says_how_much_is_gone() -> None:
    assert capped("abc", 3) == "abc"
    assert capped("a" * 10 + "b" * 80 + "c" * 10, 20) == "a" * 10 + "\n[… 80 characters left out …]\n" + "c" * 10
